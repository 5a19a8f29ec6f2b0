package txn

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/change/txn/object"
	"github.com/homeostat/homeostat/host/change/txn/step"
	"github.com/homeostat/homeostat/host/refusal"
)

// defaultMode is the mode of a new file, defaultFolderMode of a new folder, where the change names none.
const (
	defaultMode       = 0o644
	defaultFolderMode = 0o755
)

// preparation is a journal that is being made.
type preparation struct {
	*journal
	ops      []Op            // one for each step
	planned  map[string]bool // folders that the change makes
	deleting map[string]bool // paths that the change deletes
	refused  refusal.List
}

// Check says what Apply would refuse now, as a refusal.List. It only reads, and takes no lock: what it says can be another
// thing by the time of Apply, which looks again.
func (e Engine) Check(c Change) error {
	p, err := e.begin(c)
	if err != nil {
		return fmt.Errorf("check %s on %s: %w", c.ID, c.Root, err)
	}
	p.close()
	return nil
}

// prepare looks, refuses, stages and journals. Nothing of it is visible below the root. The caller closes the journal.
func (e Engine) prepare(c Change) (*journal, error) {
	p, err := e.begin(c)
	if err != nil {
		return nil, err
	}
	if err := p.stageAll(); err != nil {
		defer p.close()
		return nil, errors.Join(err, p.abandon())
	}
	return p.journal, nil
}

// begin looks and refuses. The caller closes what it returns.
func (e Engine) begin(c Change) (*preparation, error) {
	p := &preparation{
		journal: &journal{ID: c.ID, Watch: c.Watch, Label: c.Label, engine: e, place: step.Place{Ops: e.Ops}},
		planned: map[string]bool{}, deleting: map[string]bool{},
	}
	if list := c.check(); len(list) > 0 {
		return nil, list
	}
	var err error
	if p.Root, err = filepath.EvalSymlinks(c.Root); err != nil {
		return nil, refusal.List{{Rule: "change.root", Limit: "a folder that exists", Value: err.Error(), Hint: "create the folder, or correct the root"}}
	}
	c.Root = p.Root
	if list := c.check(e.Journals, slotsBase(c.Root)); len(list) > 0 {
		return nil, list
	}
	if p.place.Root, err = e.Ops.OpenDir(p.Root); err != nil {
		return nil, err
	}
	if err := p.look(c); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// abandon removes what was staged. The journal goes first: it may be there already although writing it ended in an error.
func (p *preparation) abandon() error {
	if err := p.remove(); err != nil {
		return fmt.Errorf("%w: %w", ErrUnfinished, err)
	}
	return p.engine.dropSlots(p.Root, p.ID)
}

// look turns the operations into steps, and refuses those that cannot be done.
func (p *preparation) look(c Change) error {
	for _, op := range c.Ops {
		p.deleting[op.Path] = op.Kind == Delete
	}
	for _, op := range c.ordered() {
		if err := p.lookAt(op); err != nil {
			return fmt.Errorf("look at %s: %w", op.Path, err)
		}
	}
	open, err := p.engine.list()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(open, func(at entry) bool { return at.id == c.ID }) {
		p.refuse("change.id", c.ID, "an id that no other change has", "submit the change anew")
	}
	return p.refused.Err()
}

func (p *preparation) refuse(rule, value, limit, hint string) {
	p.refused = append(p.refused, refusal.Refusal{Rule: rule, Limit: limit, Value: value, Hint: hint})
}

// lookAt adds the step of one operation, and before it those of the folders that it implies.
func (p *preparation) lookAt(op Op) error {
	before, err := p.state(op.Path)
	if errors.Is(err, unix.ENOENT) && op.Kind != Delete && op.Kind != Mode {
		parent := path.Dir(op.Path)
		if err := p.lookAt(Op{Kind: Folder, Path: parent}); err != nil || p.refused != nil {
			return err
		}
		before, err = object.State{Kind: object.Absent}, nil
	}
	if reason, hint := step.Unreachable(err); reason != "" {
		p.refuse("path.parent", op.Path, reason, hint)
		return nil
	}
	if err != nil {
		return err
	}
	count := len(p.refused)
	p.obstacles(op, before)
	if before.Kind == object.Folder && op.Kind == Delete {
		err = p.mustBeEmpty(op.Path)
	}
	if err != nil || len(p.refused) > count {
		return err
	}
	p.add(op, before)
	return nil
}

// state looks at a path. Below a folder that the change itself makes there is nothing yet.
func (p *preparation) state(rel string) (object.State, error) {
	if p.planned[path.Dir(rel)] {
		return object.State{Kind: object.Absent}, nil
	}
	dir, err := p.place.Parent(rel)
	if err != nil {
		return object.State{}, err
	}
	defer dir.Close()
	return object.Look(p.engine.Ops, dir, path.Base(rel))
}

// obstacles refuses what must not, or cannot, be changed.
func (p *preparation) obstacles(op Op, s object.State) {
	switch {
	case s.Kind == object.Other:
		p.refuse("path.device", op.Path, "files, folders and symbolic links", "devices, sockets and pipes are not changed")
	case s.Mounted:
		p.refuse("path.mounted", op.Path, "a path that is no mount point", "change the file where it comes from")
	case s.Immutable || s.AppendOnly:
		p.refuse("path.immutable", op.Path, "a file without the immutable or append-only flag", "remove the flag with chattr if the change is meant")
	case s.Kind == object.File && s.Links > 1:
		p.refuse("path.hard_link", op.Path, "a file with one name", fmt.Sprintf("it has %d names, and the others would keep the old content", s.Links))
	case s.Kind == object.Absent && (op.Kind == Delete || op.Kind == Mode) && (op.Base == nil || !op.Base.Absent):
		p.refuse("path.absent", op.Path, "a path where there is something", "correct the path")
	case s.Kind == object.Symlink && op.Kind == Mode:
		p.refuse("path.link_mode", op.Path, "a file or a folder", "a symbolic link has no mode: name its target")
	case s.Kind == object.Folder && op.Kind != Folder && op.Kind != Mode && op.Kind != Delete,
		s.Kind != object.Folder && s.Kind != object.Absent && op.Kind == Folder:
		p.refuse("path.kind", op.Path, "no exchange of a folder and a file", "split the change in two")
	}
	p.compareBase(op, s)
	if op.Source == "" && op.Sum != "" && object.Sum(op.Data) != op.Sum {
		p.refuse("content.sum", object.Sum(op.Data), op.Sum, "the content of "+op.Path+" is not what was checked: submit the change anew")
	}
}

// compareBase refuses a change whose author saw something else.
func (p *preparation) compareBase(op Op, s object.State) {
	if op.Base == nil {
		return
	}
	saw, is := op.Base.Sum, s.Sum
	if op.Base.Absent {
		saw = "nothing"
	}
	if s.Kind == object.Absent {
		is = "nothing"
	}
	if saw != is {
		p.refuse("base.changed", fmt.Sprintf("%s is %s", op.Path, is), saw, "somebody changed it since the author looked: look again and submit anew")
	}
}

// mustBeEmpty refuses to delete a folder that holds what the change does not delete.
func (p *preparation) mustBeEmpty(rel string) error {
	dir, err := p.place.Parent(path.Join(rel, "x"))
	if err != nil {
		return err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for _, name := range names {
		if !p.deleting[path.Join(rel, name)] {
			p.refuse("path.not_empty", path.Join(rel, name), "an empty folder", "delete it in the same change")
		}
	}
	return nil
}

// add appends the step, unless there is nothing to do.
func (p *preparation) add(op Op, before object.State) {
	next := step.Step{Path: op.Path, Slot: strconv.Itoa(len(p.Steps)), Before: before}
	if op.Kind == Delete {
		if before.Kind != object.Absent {
			next.Act, next.After = step.Delete, object.State{Kind: object.Absent}
			p.append(op, next)
		}
		return
	}
	if before.Kind == object.Absent && op.Kind == Mode {
		return
	}
	next.After = op.wanted(before, p.defaults(op.Kind))
	next.Act = step.Replace
	switch {
	case before.Kind == object.Absent:
		next.Act = step.Create
		p.planned[op.Path] = op.Kind == Folder
	case before.Kind == object.Folder:
		next.Act = step.Dress
		next.After.Xattrs = before.Xattrs
	}
	if next.Act == step.Dress && next.After.Same(before) {
		return
	}
	p.append(op, next)
}

func (p *preparation) append(op Op, next step.Step) {
	p.Steps = append(p.Steps, next)
	p.ops = append(p.ops, op)
}

// defaults are owner and mode of something new.
func (p *preparation) defaults(kind Kind) object.State {
	s := object.State{Mode: defaultMode, UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}
	if kind == Folder {
		s.Mode = defaultFolderMode
	}
	return s
}

// content opens the content that a step stages.
func (p *preparation) content(i int) (io.ReadCloser, error) {
	op, before := p.ops[i], p.Steps[i].Before
	if op.Source != "" {
		return os.OpenFile(op.Source, os.O_RDONLY|unix.O_NOFOLLOW, 0)
	}
	if op.Kind != Mode || before.Kind != object.File {
		return io.NopCloser(bytes.NewReader(op.Data)), nil
	}
	dir, err := p.place.Parent(op.Path)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	f, err := object.Open(p.engine.Ops, dir, path.Base(op.Path))
	if err != nil {
		return nil, err
	}
	return f, nil
}
