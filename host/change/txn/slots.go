package txn

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/change/txn/object"
	"github.com/homeostat/homeostat/host/change/txn/step"
	"github.com/homeostat/homeostat/host/refusal"
)

// keptName is the folder of objects that fit nowhere any more: edits by others, which only a person may throw away.
const keptName = "kept"

// slotsBase is the folder beside the root that has the slots of all its changes.
func slotsBase(root string) string {
	return filepath.Join(filepath.Dir(root), ".homeostat-"+filepath.Base(root))
}

// slotsOf is the folder with the slots of one change: its staged objects before applying, the old ones after.
func slotsOf(root, id string) string { return filepath.Join(slotsBase(root), "txn-"+id) }

// stageAll makes the slots, puts every new object into its slot and writes the journal, all of it durable.
func (p *preparation) stageAll() error {
	if len(p.Steps) == 0 {
		return nil
	}
	if err := p.makeSlots(); err != nil {
		return err
	}
	for i := range p.Steps {
		if err := p.stage(i); err != nil {
			return p.explain(i, err)
		}
	}
	if p.dropUnchanged(); len(p.Steps) == 0 {
		return p.engine.dropSlots(p.Root, p.ID)
	}
	for _, s := range p.Steps {
		if err := p.syncSlot(s); err != nil {
			return err
		}
	}
	if err := p.engine.Ops.Sync(p.place.Slots); err != nil {
		return err
	}
	return p.save()
}

// makeSlots makes the folder of the slots and finds out what its file system can do.
func (p *preparation) makeSlots() (err error) {
	ops, base, own := p.engine.Ops, slotsBase(p.Root), slotsOf(p.Root, p.ID)
	err = ops.MkdirAll(base, 0o700)
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) {
		return refusal.List{{Rule: "slots.rights", Limit: "a root beside which the daemon may make a folder", Value: err.Error(),
			Hint: "give the daemon write access to " + filepath.Dir(base) + ", or declare a folder further down as the root"}}
	}
	if err != nil {
		return err
	}
	if err := p.trustSlots(base); err != nil {
		return err
	}
	// What an earlier change of this id left behind has no journal, or prepare would have refused.
	if err := p.engine.dropSlots(p.Root, p.ID); err != nil {
		return err
	}
	if err := ops.MkdirAll(own, 0o700); err != nil {
		return err
	}
	if p.place.Slots, err = ops.OpenDir(own); err != nil {
		return err
	}
	p.Weaker, err = p.lacksExchange()
	p.place.Weaker = p.Weaker
	return err
}

// trustSlots refuses slots that others can reach, or that are on another file system than the root.
func (p *preparation) trustSlots(base string) error {
	var slots, root unix.Stat_t
	if err := errors.Join(unix.Lstat(base, &slots), unix.Fstat(int(p.place.Root.Fd()), &root)); err != nil {
		return err
	}
	if slots.Mode != unix.S_IFDIR|0o700 || int(slots.Uid) != os.Geteuid() {
		return refusal.List{{
			Rule: "slots.owner", Limit: "a folder of mode 0700 that belongs to the daemon",
			Value: fmt.Sprintf("%s has mode %04o and owner %d", base, slots.Mode&0o7777, slots.Uid),
			Hint:  "remove it: nobody but the daemon may have made it",
		}}
	}
	if slots.Dev != root.Dev {
		return refusal.List{{
			Rule: "root.mounted", Limit: "a root whose parent folder is on the same file system",
			Value: p.Root, Hint: "the root is a mount point: declare a folder below it as the root",
		}}
	}
	return nil
}

// lacksExchange tries whether two names can be exchanged in one step.
func (p *preparation) lacksExchange() (bool, error) {
	probes := []string{"probe-a", "probe-b"}
	for _, name := range probes {
		f, err := p.engine.Ops.CreateAt(p.place.Slots, name)
		if err != nil {
			return false, err
		}
		if err := f.Close(); err != nil {
			return false, err
		}
	}
	err := p.place.Rename(p.place.Slots, probes[0], p.place.Slots, probes[1], unix.RENAME_EXCHANGE)
	for _, name := range probes {
		if err := p.engine.Ops.UnlinkAt(p.place.Slots, name); err != nil {
			return false, err
		}
	}
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return true, nil
	}
	return false, err
}

// stage makes the new object of step i, if it has one.
func (p *preparation) stage(i int) error {
	s := &p.Steps[i]
	if s.Act == step.Delete || s.Act == step.Dress {
		return nil
	}
	content, err := p.content(i)
	if err != nil {
		return err
	}
	defer content.Close()
	f, after, err := object.Stage(p.engine.Ops, p.place.Slots, s.Slot, s.After, content)
	if err != nil {
		return err
	}
	s.After = after
	if f == nil {
		return nil
	}
	defer f.Close()
	if want := p.ops[i].Sum; want != "" && after.Sum != want {
		return refusal.List{{Rule: "content.sum", Limit: want, Value: after.Sum,
			Hint: "the content of " + s.Path + " is not what was checked: submit the change anew"}}
	}
	if p.ops[i].Kind == Mode && after.Sum != s.Before.Sum {
		return fmt.Errorf("%w: %s", ErrOutsideEdit, s.Path)
	}
	return object.StartWriting(p.engine.Ops, f)
}

// explain makes a refusal of an error that is the fault of missing rights.
func (p *preparation) explain(i int, err error) error {
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return refusal.List{{Rule: "path.rights", Limit: "owner, mode and attributes that the daemon may set",
			Value: fmt.Sprintf("%s: %v", p.Steps[i].Path, err), Hint: "run the daemon with the rights that the file needs"}}
	}
	return fmt.Errorf("stage %s: %w", p.Steps[i].Path, err)
}

// dropUnchanged removes the steps that would put an equal object in place of what is there.
func (p *preparation) dropUnchanged() {
	p.Steps = slices.DeleteFunc(p.Steps, func(s step.Step) bool { return s.Act == step.Replace && s.After.Same(s.Before) })
}

// syncSlot makes a staged file or folder durable. A link has nothing beyond its name.
func (p *preparation) syncSlot(s step.Step) error {
	if s.Act == step.Delete || s.Act == step.Dress || s.After.Kind == object.Symlink {
		return nil
	}
	f, err := object.Open(p.engine.Ops, p.place.Slots, s.Slot)
	if err != nil {
		return err
	}
	defer f.Close()
	return p.engine.Ops.Sync(f)
}

// dropSlots removes the slots of a change with all that is in them.
func (e Engine) dropSlots(root, id string) error {
	return e.removeTree(slotsOf(root, id))
}

func (e Engine) removeTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	for _, entry := range entries {
		full := filepath.Join(dir, entry.Name())
		if entry.IsDir() {
			err = e.removeTree(full)
		} else {
			err = e.Ops.Do("unlink", full, func() error { return os.Remove(full) })
		}
		if err != nil {
			return fmt.Errorf("remove %s: %w", full, err)
		}
	}
	if err := e.Ops.Do("rmdir", dir, func() error { return os.Remove(dir) }); err != nil {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	return nil
}
