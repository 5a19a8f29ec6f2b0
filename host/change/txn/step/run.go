package step

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/change/txn/object"
)

// running is a step at its place.
type running struct {
	*Step
	p *Place
}

// Do carries the step out. An error that matches ErrOutsideEdit says that somebody else's edit was met, and put back.
func (p *Place) Do(s *Step) error { return running{s, p}.do() }

// Undo puts back what was there before the step. It decides from what it sees, so it can be repeated after it was killed,
// and done for a step that was never done. found is a sentence when somebody else edited the path: the edit is left in
// place.
func (p *Place) Undo(s *Step) (found string, err error) { return running{s, p}.undo() }

// Foreign says whether the slot, one of Slots of the step, has something that is neither its old nor its new object: an
// edit by somebody else, which must not be thrown away.
func (p *Place) Foreign(s *Step, slot string) (bool, error) {
	in, err := object.Look(p.Ops, p.Slots, slot)
	if err != nil || in.Kind == object.Absent {
		return false, err
	}
	empty, err := running{s, p}.slotIsEmpty(in)
	return !(empty && (in.Same(s.Before) || in.Same(s.After))), err
}

// do carries the step out, and looks at what came out: an object that is not the one that was prepared for is an edit by
// somebody else, which is put back. To compare after the exchange, not before it, leaves no gap for an edit to be lost
// in.
func (s running) do() error {
	dir, err := s.p.Parent(s.Path)
	if err != nil {
		return err
	}
	defer dir.Close()
	switch s.Act {
	case Replace:
		return s.replace(dir)
	case Create:
		err := s.p.move(s.p.Slots, s.Slot, dir, path.Base(s.Path))
		if errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("%w: it exists by now", ErrOutsideEdit)
		}
		return err
	case Delete:
		return s.remove(dir)
	case Dress:
		return s.dress(dir)
	}
	return fmt.Errorf("the journal has the unknown act %q", s.Act)
}

// undo looks at slot and path, and calls the opposite of what do did.
func (s running) undo() (found string, err error) {
	dir, err := s.p.Parent(s.Path)
	if reason, _ := Unreachable(err); reason != "" {
		return s.undoWithoutParent()
	}
	if err != nil {
		return "", err
	}
	defer dir.Close()
	in, at, err := s.settle(dir)
	if err != nil {
		return "", err
	}
	switch s.Act {
	case Replace:
		return s.unreplace(dir, in, at)
	case Create:
		return s.uncreate(dir, in, at)
	case Delete:
		return s.unremove(dir, in, at)
	case Dress:
		return s.undress(dir, at)
	}
	return "", fmt.Errorf("the journal has the unknown act %q", s.Act)
}

// undoWithoutParent judges a step whose folder is gone or was replaced by something else. Nothing to put back is no
// conflict: then the step was not done, or its folder was undone before.
func (s running) undoWithoutParent() (string, error) {
	in, err := s.inSlot()
	if err != nil || s.Before.Kind == object.Absent || in.Is(s.After) {
		return "", err
	}
	return "its folder is gone", nil
}

// inSlot looks at the slot. A dressed folder has none.
func (s running) inSlot() (object.State, error) {
	if s.Act == Dress {
		return object.State{Kind: object.Absent}, nil
	}
	return object.Look(s.p.Ops, s.p.Slots, s.Slot)
}

func (s running) look(dir *os.File) (object.State, error) {
	return object.Look(s.p.Ops, dir, path.Base(s.Path))
}

// replace exchanges the staged object with the old one.
func (s running) replace(dir *os.File) error {
	name := path.Base(s.Path)
	err := s.p.exchange(s.Slot, dir, name)
	if errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("%w: it is gone", ErrOutsideEdit)
	}
	if err != nil {
		return err
	}
	out, err := s.inSlot()
	if err != nil {
		return err
	}
	if out.Same(s.Before) {
		return nil
	}
	if err := s.p.exchange(s.Slot, dir, name); err != nil {
		return err
	}
	return fmt.Errorf("%w: its content, mode or owner changed", ErrOutsideEdit)
}

// unreplace exchanges back, if what is there is still the new object.
func (s running) unreplace(dir *os.File, in, at object.State) (string, error) {
	done := in.Inode == s.Before.Inode && in.Kind == s.Before.Kind || !in.Is(s.After)
	if in.Kind == object.Absent || !done || at.Same(s.Before) {
		return "", s.mustBeOld(in, at)
	}
	if !at.Same(s.After) {
		return found(at), nil
	}
	if err := s.p.exchange(s.Slot, dir, path.Base(s.Path)); err != nil {
		return "", err
	}
	out, err := s.inSlot()
	if err != nil || out.Same(s.After) {
		return "", err
	}
	return found(out), s.p.exchange(s.Slot, dir, path.Base(s.Path))
}

// mustBeOld finds the one hopeless case: the new object is in place and the slot is empty.
func (s running) mustBeOld(in, at object.State) error {
	if in.Kind == object.Absent && at.Same(s.After) {
		return fmt.Errorf("the old object is not in its slot %s; restore %s from the backup", s.Slot, s.Path)
	}
	return nil
}

// found describes an edit by somebody else.
func found(at object.State) string {
	if at.Kind == object.Absent {
		return "it was deleted by somebody else; that is left as it is"
	}
	return fmt.Sprintf("it was edited by somebody else (now a %s with mode %04o and sum %.12s); the edit is kept", at.Kind, at.Mode, at.Sum)
}

// uncreate takes the new object back into the slot.
func (s running) uncreate(dir *os.File, in, at object.State) (string, error) {
	name := path.Base(s.Path)
	switch {
	case in.Kind != object.Absent || at.Kind == object.Absent:
		return "", nil
	case at.Kind == object.Folder && at.Inode == s.After.Inode:
		return s.removeFolder(dir, name)
	case !at.Same(s.After):
		return found(at), nil
	}
	if err := s.p.move(dir, name, s.p.Slots, s.Slot); err != nil {
		return "", err
	}
	out, err := s.inSlot()
	if err != nil || out.Same(s.After) {
		return "", err
	}
	return found(out), s.p.move(s.p.Slots, s.Slot, dir, name)
}

// removeFolder removes a folder that the change made, unless somebody else put something into it.
func (s running) removeFolder(dir *os.File, name string) (string, error) {
	err := s.p.Ops.Do("rmdir", s.Path, func() error {
		return unix.Unlinkat(int(dir.Fd()), name, unix.AT_REMOVEDIR)
	})
	if errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.EEXIST) {
		return "somebody else put files into it; they are kept", nil
	}
	return "", err
}

// remove takes the object into the slot.
func (s running) remove(dir *os.File) error {
	name := path.Base(s.Path)
	err := s.p.move(dir, name, s.p.Slots, s.Slot)
	if errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("%w: it is gone", ErrOutsideEdit)
	}
	if err != nil {
		return err
	}
	out, err := s.inSlot()
	if err != nil {
		return err
	}
	empty, err := s.slotIsEmpty(out)
	if err != nil || out.Same(s.Before) && empty {
		return err
	}
	if err := s.p.move(s.p.Slots, s.Slot, dir, name); err != nil {
		return err
	}
	return fmt.Errorf("%w: its content, mode or owner changed", ErrOutsideEdit)
}

// slotIsEmpty says that a folder in the slot has no entries; what is no folder counts as empty.
func (s running) slotIsEmpty(in object.State) (bool, error) {
	if in.Kind != object.Folder {
		return true, nil
	}
	f, err := object.Open(s.p.Ops, s.p.Slots, s.Slot)
	if err != nil {
		return false, err
	}
	defer f.Close()
	_, err = f.Readdirnames(1)
	if errors.Is(err, io.EOF) {
		return true, nil
	}
	return false, err
}

// unremove puts the old object back, if its place is still free.
func (s running) unremove(dir *os.File, in, at object.State) (string, error) {
	if in.Kind == object.Absent || at.Same(s.Before) {
		return "", nil
	}
	err := s.p.move(s.p.Slots, s.Slot, dir, path.Base(s.Path))
	if errors.Is(err, unix.EEXIST) {
		return found(at), nil
	}
	return "", err
}

// dress sets owner and mode of a folder.
func (s running) dress(dir *os.File) error {
	at, err := s.look(dir)
	if err != nil {
		return err
	}
	if !at.Same(s.Before) {
		return fmt.Errorf("%w: its mode or owner changed", ErrOutsideEdit)
	}
	return object.SetOwnerAndMode(s.p.Ops, dir, path.Base(s.Path), s.After)
}

// undress sets them back. Half of them may have been set when the step was killed.
func (s running) undress(dir *os.File, at object.State) (string, error) {
	ours := func(is, before, after uint32) bool { return is == before || is == after }
	// Setting an owner clears setuid and setgid.
	mode := slices.Contains([]uint32{s.Before.Mode, s.After.Mode, s.Before.Mode & 0o1777}, at.Mode)
	if at.Kind != object.Folder || !mode || !ours(at.UID, s.Before.UID, s.After.UID) || !ours(at.GID, s.Before.GID, s.After.GID) {
		return found(at), nil
	}
	if at.Mode == s.Before.Mode && at.UID == s.Before.UID && at.GID == s.Before.GID {
		return "", nil
	}
	return "", object.SetOwnerAndMode(s.p.Ops, dir, path.Base(s.Path), s.Before)
}
