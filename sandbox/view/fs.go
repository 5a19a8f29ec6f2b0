package view

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"path"
	"strings"

	"github.com/tetratelabs/wazero/experimental/sys"
	wsys "github.com/tetratelabs/wazero/sys"

	"github.com/homeostat/homeostat/sandbox/internal/liveroot"
)

// Scratch is the folder, at the top of every view, that always takes writes.
const Scratch = "out"

const (
	maxLinks = 40   // symlinks followed for one path, as on Linux
	maxPath  = 4096 // bytes
	maxName  = 255  // bytes
)

// Recorder is told what the guest did. Paths are relative to the view.
type Recorder interface {
	// Read is called when a file or folder was opened for reading.
	Read(path string)
	// Wrote is called when the guest made, changed or removed path.
	Wrote(path string)
	// Refused is called when the view said no, with the operation and the reason.
	Refused(op, path, why string)
}

// Options holds what an FS needs beside the View.
type Options struct {
	Quota    Quota
	Now      func() int64 // unix nanoseconds, for what the guest writes
	Recorder Recorder
}

// FS is a View as a file system for wazero. It never writes to the host.
type FS struct {
	sys.UnimplementedFS
	view  View
	deny  deny
	lower *liveroot.Root
	root  *node
	next  uint64
	opt   Options
}

var _ sys.FS = (*FS)(nil)

// New opens the view, which must have been loaded. Close releases it.
func New(v View, opt Options) (*FS, error) {
	f := &FS{view: v, deny: newDeny(v.Deny), root: folder(0o755), next: 2, opt: opt}
	if v.Lower != "" {
		l, err := liveroot.Open(v.Lower)
		if err != nil {
			return nil, fmt.Errorf("view of %s: %w", v.Lower, err)
		}
		f.lower = l
	}
	for _, s := range v.Staged {
		if err := f.stage(s); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	f.addScratch()
	return f, nil
}

// Close closes the live root and every live file that the guest changed in its
// own copy.
func (f *FS) Close() error {
	f.dropTree(f.root)
	return f.lower.Close()
}

// Quota tells how the guest's quotas stand.
func (f *FS) Quota() *Quota { return &f.opt.Quota }

func (f *FS) dropTree(n *node) {
	n.content.drop(&f.opt.Quota)
	for _, child := range n.children {
		f.dropTree(child)
	}
}

func (f *FS) addScratch() {
	if _, eno := f.lower.Lstat(Scratch); eno == 0 || f.root.children[Scratch] != nil {
		f.opt.Recorder.Refused("show", Scratch, "the view's own folder of that name is hidden by the scratch folder")
	}
	n := f.fresh(Folder, 0o755)
	n.opaque = true
	f.root.children[Scratch] = n
}

func (f *FS) fresh(kind Kind, mode fs.FileMode) *node {
	f.next++
	n := &node{kind: kind, mode: mode.Perm(), ino: f.next, mtime: f.opt.Now()}
	if kind == Folder {
		n.children = map[string]*node{}
	}
	return n
}

// stage puts one edit into the upper layer. Folders above it are made as needed.
func (f *FS) stage(s Staged) error {
	at := f.root
	for _, dir := range parents(s.Path) {
		child := at.children[path.Base(dir)]
		if child == nil || child.kind == Deleted {
			opaque := child != nil
			child = f.fresh(Folder, 0o755)
			child.opaque = opaque
			at.children[path.Base(dir)] = child
		}
		if child.kind != Folder {
			return fmt.Errorf("staged %q: %q is a %s in the same change", s.Path, dir, child.kind)
		}
		at = child
	}
	n := f.stagedNode(s)
	if old := at.children[path.Base(s.Path)]; old != nil && old.kind == Folder {
		if s.Kind == Deleted { // what the same change puts beneath a deleted folder stays
			old.opaque = true
			return nil
		}
		if s.Kind != Folder {
			return fmt.Errorf("staged %q: a %s in the place of a folder of the same change", s.Path, s.Kind)
		}
		n.children, n.opaque = old.children, old.opaque
	}
	at.children[path.Base(s.Path)] = n
	return nil
}

func (f *FS) stagedNode(s Staged) *node {
	mode := s.Mode
	if mode == 0 {
		mode = 0o644
		if s.Kind == Folder {
			mode = 0o755
		}
	}
	n := f.fresh(s.Kind, mode)
	n.target = s.Target
	if s.Kind == File {
		size := int64(len(s.Data))
		n.content = content{base: bytes.NewReader(s.Data), baseSize: size, size: size}
	}
	return n
}

// entry is what one path of the merged tree holds.
type entry struct {
	path string
	node *node       // nil where only the live root has it
	info fs.FileInfo // nil where the upper layers have it
}

func (e entry) dir() bool {
	if e.node != nil {
		return e.node.kind == Folder
	}
	return e.info.IsDir()
}

func (e entry) link() bool {
	if e.node != nil {
		return e.node.kind == Symlink
	}
	return e.info.Mode()&fs.ModeSymlink != 0
}

// lookup finds p, which is clean, without following links.
func (f *FS) lookup(p string) (entry, sys.Errno) {
	n, opaque := f.root, f.root.opaque
	if p == "." {
		return entry{path: p, node: n}, 0
	}
	for _, name := range strings.Split(p, "/") {
		if n.kind != Folder {
			return entry{}, sys.ENOENT
		}
		if n = n.children[name]; n == nil {
			break
		}
		if n.kind == Deleted {
			return entry{}, sys.ENOENT
		}
		opaque = opaque || n.opaque
	}
	if n != nil {
		return entry{path: p, node: n}, 0
	}
	if opaque {
		return entry{}, sys.ENOENT
	}
	info, eno := f.lower.Lstat(p)
	return entry{path: p, info: info}, eno
}

// lastLink says what happens to a link at the end of a path.
type lastLink int

const (
	followLast lastLink = iota
	keepLast
)

// walk is a path on its way through the tree: what is done and what is to come.
type walk struct {
	done  []string
	todo  []string
	links int
}

func (w *walk) at(name string) string {
	return strings.Join(append(w.done[:len(w.done):len(w.done)], name), "/")
}

// resolve follows p to its entry. Links are followed inside the view only: "/" is
// the top of the view, and ".." stops there. With keepLast a link at
// the end is returned itself. When only the last name is missing, the error is ENOENT and
// the entry's path says where it would be.
func (f *FS) resolve(op, p string, last lastLink) (entry, sys.Errno) {
	if len(p) > maxPath {
		return entry{}, sys.ENAMETOOLONG
	}
	if strings.ContainsRune(p, 0) {
		return entry{}, sys.EINVAL
	}
	w := &walk{todo: strings.Split(p, "/")}
	e := entry{path: ".", node: f.root}
	for len(w.todo) > 0 {
		name := w.todo[0]
		w.todo = w.todo[1:]
		if name == "" || name == "." {
			continue
		}
		if name == ".." {
			f.up(op, p, w)
			e, _ = f.lookup(cleanJoin(w.done))
			continue
		}
		next, eno := f.step(op, w, name)
		if eno != 0 {
			return next, eno
		}
		if next.link() && (last == followLast || len(w.todo) > 0) {
			if eno := f.expand(w, next); eno != 0 {
				return entry{}, eno
			}
			e, _ = f.lookup(cleanJoin(w.done))
			continue
		}
		if len(w.todo) > 0 && !next.dir() {
			return entry{}, sys.ENOTDIR
		}
		w.done = append(w.done, name)
		e = next
	}
	return e, 0
}

func cleanJoin(names []string) string {
	if len(names) == 0 {
		return "."
	}
	return strings.Join(names, "/")
}

func (f *FS) up(op, p string, w *walk) {
	if len(w.done) == 0 {
		f.opt.Recorder.Refused(op, p, "leads above the top of the view")
		return
	}
	w.done = w.done[:len(w.done)-1]
}

// step looks at the next name. ENOENT for a name with more to come is plain; for
// the last name it carries the path, so that the caller can make it.
func (f *FS) step(op string, w *walk, name string) (entry, sys.Errno) {
	if len(name) > maxName {
		return entry{}, sys.ENAMETOOLONG
	}
	at := w.at(name)
	if f.deny.hides(at) {
		f.opt.Recorder.Refused(op, at, "denied by the view's deny list")
		return entry{}, sys.ENOENT
	}
	next, eno := f.lookup(at)
	if eno == sys.ENOENT && strings.Join(w.todo, "") == "" {
		return entry{path: at}, eno
	}
	return next, eno
}

// expand puts the target of a link in front of what is still to come.
func (f *FS) expand(w *walk, e entry) sys.Errno {
	if w.links++; w.links > maxLinks {
		return sys.ELOOP
	}
	target, eno := f.target(e)
	if eno != 0 {
		return eno
	}
	if strings.HasPrefix(target, "/") {
		w.done = nil
	}
	w.todo = append(strings.Split(target, "/"), w.todo...)
	return 0
}

func (f *FS) target(e entry) (string, sys.Errno) {
	if e.node != nil {
		return e.node.target, 0
	}
	return f.lower.Readlink(e.path)
}

// stat describes an entry. Owners are not shown. Inode numbers of the live root
// are hashes of their paths, so that the same view gives the same answer anywhere.
func (f *FS) stat(e entry) wsys.Stat_t {
	if e.node == nil {
		st := wsys.Stat_t{Ino: pathInode(e.path), Mode: e.info.Mode(), Nlink: 1, Size: e.info.Size()}
		st.Mtim = e.info.ModTime().UnixNano()
		st.Atim, st.Ctim = st.Mtim, st.Mtim
		if e.info.IsDir() {
			st.Size = 0
		}
		return st
	}
	n := e.node
	st := wsys.Stat_t{Ino: n.ino, Mode: n.mode, Nlink: 1, Size: n.content.size, Atim: n.mtime, Mtim: n.mtime, Ctim: n.mtime}
	switch n.kind {
	case Folder:
		st.Mode |= fs.ModeDir
	case Symlink:
		st.Mode |= fs.ModeSymlink
		st.Size = int64(len(n.target))
	}
	return st
}

// pathInode sets the highest bit, which the counter of made nodes never reaches.
func pathInode(p string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(p)) // never returns an error
	return h.Sum64() | 1<<63
}
