package step

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/change/txn/object"
)

// Rename is renameat2.
func (p *Place) Rename(from *os.File, old string, to *os.File, name string, flags uint) error {
	return p.Ops.Do("renameat2", filepath.Join(to.Name(), name), func() error {
		return unix.Renameat2(int(from.Fd()), old, int(to.Fd()), name, flags)
	})
}

// exchange swaps the slot and the name in dir.
func (p *Place) exchange(slot string, dir *os.File, name string) error {
	if p.Weaker {
		return p.exchangeWeaker(slot, dir, name)
	}
	return p.Rename(p.Slots, slot, dir, name, unix.RENAME_EXCHANGE)
}

// move renames, and fails with EEXIST where the new name is taken.
func (p *Place) move(from *os.File, old string, to *os.File, name string) error {
	if p.Weaker {
		return p.moveWeaker(from, old, to, name)
	}
	return p.Rename(from, old, to, name, unix.RENAME_NOREPLACE)
}

// The rest of this file is for file systems without renameat2's flags (NFS, FAT): what one call does elsewhere takes
// several, between which a kill leaves traces that settle tidies up, and an edit by somebody else can be lost.

// asideSuffix marks the second slot of an exchange in steps.
const asideSuffix = ".aside"

// exchangeWeaker gives what is at the name a second name, renames the slot over it, and moves the second name to the
// slot. Where there are no hard links (FAT) the name is free for an instant.
func (p *Place) exchangeWeaker(slot string, dir *os.File, name string) error {
	aside := slot + asideSuffix
	err := p.link(dir, name, p.Slots, aside)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOTSUP) {
		err = p.Rename(dir, name, p.Slots, aside, 0)
	}
	if err != nil {
		return err
	}
	if err := p.Rename(p.Slots, slot, dir, name, 0); err != nil {
		return err
	}
	return p.Rename(p.Slots, aside, p.Slots, slot, 0)
}

// moveWeaker makes a second name, which fails where it is taken, and removes the first. Folders and FAT have no second
// names: there the new name is only looked at before.
func (p *Place) moveWeaker(from *os.File, old string, to *os.File, name string) error {
	err := p.link(from, old, to, name)
	if err == nil {
		return p.Ops.UnlinkAt(from, old)
	}
	if !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.ENOTSUP) {
		return err
	}
	at, err := object.Look(p.Ops, to, name)
	if err != nil {
		return err
	}
	if at.Kind != object.Absent {
		return &os.PathError{Op: "rename", Path: filepath.Join(to.Name(), name), Err: unix.EEXIST}
	}
	return p.Rename(from, old, to, name, 0)
}

func (p *Place) link(from *os.File, old string, to *os.File, name string) error {
	return p.Ops.Do("linkat", filepath.Join(to.Name(), name), func() error {
		return unix.Linkat(int(from.Fd()), old, int(to.Fd()), name, 0)
	})
}

// settle tidies up after a kill within an exchange or a move in steps, so that slot and path are as before or after it,
// and looks at both.
func (s running) settle(dir *os.File) (in, at object.State, err error) {
	for range 2 {
		if in, err = s.inSlot(); err != nil {
			return in, at, err
		}
		if at, err = s.look(dir); err != nil || !s.p.Weaker || s.Act == Dress {
			return in, at, err
		}
		tidied, err := s.tidy(dir, in, at)
		if err != nil || !tidied {
			return in, at, err
		}
	}
	return in, at, fmt.Errorf("slot %s and %s do not come to rest", s.Slot, s.Path)
}

// tidy makes one step towards rest and says whether there was one to make.
func (s running) tidy(dir *os.File, in, at object.State) (bool, error) {
	ops, aside, name := s.p.Ops, s.Slot+asideSuffix, path.Base(s.Path)
	second, err := object.Look(ops, s.p.Slots, aside)
	if err != nil {
		return false, err
	}
	twice := in.Kind != object.Absent && in.Kind == at.Kind && in.Inode == at.Inode
	switch {
	case second.Kind != object.Absent && in.Kind == object.Absent:
		return true, s.p.Rename(s.p.Slots, aside, s.p.Slots, s.Slot, 0)
	case second.Kind != object.Absent && at.Kind == object.Absent:
		return true, s.p.Rename(s.p.Slots, aside, dir, name, 0)
	case second.Kind != object.Absent && second.Inode == at.Inode:
		return true, ops.UnlinkAt(s.p.Slots, aside)
	case twice && s.Act == Create:
		return true, ops.UnlinkAt(dir, name)
	case twice && s.Act == Delete:
		return true, ops.UnlinkAt(s.p.Slots, s.Slot)
	}
	return false, nil
}
