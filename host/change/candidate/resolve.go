package candidate

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/atomicfile/beneath"
	"github.com/homeostat/homeostat/host/change/txn"
)

// Kind is what is, or shall be, at a path.
type Kind string

// The kinds. Other stands for what a change may not touch: devices, sockets, pipes.
const (
	Absent  Kind = "absent"
	File    Kind = "file"
	Folder  Kind = "folder"
	Symlink Kind = "symlink"
	Other   Kind = "other"
)

// Side is what a path is before or after the change.
type Side struct {
	Kind Kind
	// Content is that of a file; the target of a link.
	Content []byte
	// Mode is the permission bits; 0 where the kind has none or it is left to the default.
	Mode uint32
}

// Sum is the SHA-256 of the content in hexadecimal, or "absent"; empty for a folder.
func (s Side) Sum() string {
	switch s.Kind {
	case Absent:
		return baseAbsent
	case File, Symlink:
		return Sum(s.Content)
	}
	return ""
}

// Change is what one path was and shall be.
type Change struct {
	Path          string
	Before, After Side
}

// Resolved is a candidate seen against the present files of a root.
type Resolved struct {
	// Ops are the operations, each with its base.
	Ops []txn.Op
	// Changes has one entry for each operation, in the same order.
	Changes []Change
	// Context is the SHA-256, in hexadecimal, of what was there: the same candidate on other files has another context.
	Context string
}

// maxBefore bounds a present file that is looked at.
const maxBefore = 64 << 20

// ErrMissing matches an error about a path that must be there and is not.
var ErrMissing = errors.New("there is nothing")

// Resolve turns the candidate into operations on the files below dir, the path of the root. It changes nothing.
func (c Candidate) Resolve(dir string) (Resolved, error) {
	var r Resolved
	root, err := os.OpenFile(dir, unix.O_DIRECTORY, 0)
	if err != nil {
		return r, fmt.Errorf("look at the root: %w", err)
	}
	defer root.Close()
	edits, err := c.patched(root)
	if err != nil {
		return r, err
	}
	var seen []byte
	for _, e := range edits {
		before, err := look(root, e.Path)
		if err != nil {
			return r, fmt.Errorf("look at %s: %w", e.Path, err)
		}
		op, after, err := e.resolve(before)
		if err != nil {
			return r, err
		}
		r.Ops = append(r.Ops, op)
		r.Changes = append(r.Changes, Change{Path: e.Path, Before: before, After: after})
		seen = fmt.Appendf(seen, "%s %s %s %o\n", e.Path, before.Kind, before.Sum(), before.Mode)
	}
	r.Context = Sum(seen)
	return r, nil
}

// Pinned returns the candidate bound to the files that it was resolved against: every edit has a base, and diffs have
// become edits.
func (c Candidate) Pinned(r Resolved) Candidate {
	edits := make([]Edit, len(r.Ops))
	for i, op := range r.Ops {
		edits[i] = Edit{Kind: op.Kind, Path: op.Path}
		switch op.Kind {
		case txn.Write:
			edits[i].Content = op.Data
		case txn.Link:
			edits[i].Target = string(op.Data)
		}
		if op.Mode != nil {
			edits[i].Mode = fmt.Sprintf("%04o", *op.Mode)
		}
		if op.UID != nil && op.GID != nil {
			edits[i].Dress = &Dress{UID: *op.UID, GID: *op.GID, MTime: op.MTime, Xattrs: op.Xattrs}
		}
		if op.Base != nil {
			edits[i].Base = op.Base.Sum
		}
		if op.Base != nil && op.Base.Absent {
			edits[i].Base = baseAbsent
		}
	}
	c.Edits, c.Diffs = edits, nil
	return c
}

// Moved names the paths that are not what their edit was made for.
func (r Resolved) Moved() []string {
	var moved []string
	for i, op := range r.Ops {
		before := r.Changes[i].Before
		switch {
		case op.Base == nil:
		case op.Base.Absent != (before.Kind == Absent), !op.Base.Absent && op.Base.Sum != before.Sum():
			moved = append(moved, op.Path)
		}
	}
	return moved
}

// Needed returns the edits that change something: a restore names every path, and most are as they were. A path that is to
// go and is gone needs nothing.
func (c Candidate) Needed(dir string) ([]Edit, error) {
	root, err := os.OpenFile(dir, unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, fmt.Errorf("look at the root: %w", err)
	}
	defer root.Close()
	var needed []Edit
	for _, e := range c.Edits {
		is, err := look(root, e.Path)
		if err != nil {
			return nil, fmt.Errorf("look at %s: %w", e.Path, err)
		}
		if !e.same(is) {
			needed = append(needed, e)
		}
	}
	return needed, nil
}

// same says that the path is as the edit wants it, as far as content and mode go.
func (e Edit) same(is Side) bool {
	mode, err := e.mode()
	if err != nil || mode != nil && *mode != is.Mode {
		return false
	}
	switch e.kind() {
	case txn.Delete:
		return is.Kind == Absent
	case txn.Folder:
		return is.Kind == Folder
	case txn.Link:
		return is.Kind == Symlink && string(is.Content) == e.Target
	case txn.Write:
		return is.Kind == File && Sum(is.Content) == Sum(e.Content)
	}
	return false
}

// patched returns the edits, those of the diffs among them.
func (c Candidate) patched(root *os.File) ([]Edit, error) {
	edits := slices.Clone(c.Edits)
	for _, text := range c.Diffs {
		patches, err := parsePatches(text)
		if err != nil {
			return nil, err
		}
		for _, p := range patches {
			e, err := p.edit(root)
			if err != nil {
				return nil, err
			}
			edits = append(edits, e)
		}
	}
	return edits, nil
}

// edit applies a patch to the present file.
func (p patch) edit(root *os.File) (Edit, error) {
	e := Edit{Kind: txn.Write, Path: path.Clean(p.path)}
	if err := e.check(); err != nil {
		return e, err
	}
	before, err := look(root, e.Path)
	if err != nil {
		return e, fmt.Errorf("look at %s: %w", e.Path, err)
	}
	switch {
	case p.creates && before.Kind != Absent:
		return e, fmt.Errorf("%s: the diff makes it, and it is there: make the diff again", e.Path)
	case !p.creates && before.Kind != File:
		return e, fmt.Errorf("%s: the diff changes a file, and it is %s", e.Path, before.Kind)
	}
	e.Base = before.Sum()
	if e.Content, err = p.apply(before.Content); err != nil {
		return e, err
	}
	if p.deletes {
		if len(e.Content) > 0 {
			return e, fmt.Errorf("%s: the diff deletes it and leaves %d bytes of it: make the diff again", e.Path, len(e.Content))
		}
		e.Kind, e.Content = txn.Delete, nil
	}
	return e, nil
}

// resolve returns the operation and what the path will be.
func (e Edit) resolve(before Side) (txn.Op, Side, error) {
	mode, err := e.mode()
	if err != nil {
		return txn.Op{}, Side{}, err
	}
	op := txn.Op{Kind: e.kind(), Path: e.Path, Mode: mode, Base: e.base(before)}
	if d := e.Dress; d != nil {
		op.UID, op.GID, op.MTime, op.Xattrs = &d.UID, &d.GID, d.MTime, d.Xattrs
	}
	after := Side{Kind: File, Content: e.Content, Mode: before.Mode}
	switch op.Kind {
	case txn.Write:
		op.Data, op.Sum = e.Content, Sum(e.Content)
	case txn.Delete:
		after = Side{Kind: Absent}
	case txn.Link:
		op.Data = []byte(e.Target)
		after = Side{Kind: Symlink, Content: op.Data}
	case txn.Folder:
		after = Side{Kind: Folder, Mode: before.Mode}
	case txn.Mode:
		after = before
	}
	if before.Kind == Absent && (op.Kind == txn.Delete || op.Kind == txn.Mode) {
		return op, after, fmt.Errorf("%s %s: %w at that path", op.Kind, e.Path, ErrMissing)
	}
	if mode != nil {
		after.Mode = *mode
	}
	return op, after, nil
}

// base is what the author saw, or else what is there now. A folder has no content that could be compared.
func (e Edit) base(before Side) *txn.Base {
	saw := e.Base
	if saw == "" {
		saw = before.Sum()
	}
	switch saw {
	case "":
		return nil
	case baseAbsent:
		return &txn.Base{Absent: true}
	}
	return &txn.Base{Sum: saw}
}

// look tells what is at a path. A parent that is missing, or no folder, means that there is nothing.
func look(root *os.File, rel string) (Side, error) {
	dir, err := beneath.Dir(root, path.Dir(rel))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return Side{Kind: Absent}, nil // preparing says what is wrong with the parent
	}
	if err != nil {
		return Side{}, err
	}
	defer dir.Close()
	var st unix.Stat_t
	err = unix.Fstatat(int(dir.Fd()), path.Base(rel), &st, unix.AT_SYMLINK_NOFOLLOW)
	if errors.Is(err, unix.ENOENT) {
		return Side{Kind: Absent}, nil
	}
	if err != nil {
		return Side{}, err
	}
	s := Side{Mode: st.Mode & 0o7777}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		s.Kind = File
		s.Content, err = readFile(root, rel)
	case unix.S_IFDIR:
		s.Kind = Folder
	case unix.S_IFLNK:
		s.Kind, s.Mode = Symlink, 0
		s.Content, err = readLink(dir, path.Base(rel))
	default:
		s.Kind = Other
	}
	return s, err
}

func readFile(root *os.File, rel string) ([]byte, error) {
	f, err := beneath.Open(root, rel, unix.O_RDONLY|unix.O_NONBLOCK)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxBefore+1))
	if err == nil && len(content) > maxBefore {
		err = fmt.Errorf("it is longer than %d MiB, which no change can be compared with", maxBefore>>20)
	}
	return content, err
}

func readLink(dir *os.File, name string) ([]byte, error) {
	target := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(int(dir.Fd()), name, target)
	return target[:max(n, 0)], err
}
