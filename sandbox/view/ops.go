package view

import (
	"io/fs"
	"path"
	"strings"

	"github.com/tetratelabs/wazero/experimental/sys"
	wsys "github.com/tetratelabs/wazero/sys"
)

// Lstat implements sys.FS.
func (f *FS) Lstat(p string) (wsys.Stat_t, sys.Errno) { return f.statPath(p, keepLast) }

// Stat implements sys.FS.
func (f *FS) Stat(p string) (wsys.Stat_t, sys.Errno) { return f.statPath(p, followLast) }

func (f *FS) statPath(p string, last lastLink) (wsys.Stat_t, sys.Errno) {
	e, eno := f.resolve("stat", p, last)
	if eno != 0 {
		return wsys.Stat_t{}, eno
	}
	return f.stat(e), 0
}

// Readlink implements sys.FS.
func (f *FS) Readlink(p string) (string, sys.Errno) {
	e, eno := f.resolve("readlink", p, keepLast)
	if eno != 0 {
		return "", eno
	}
	if !e.link() {
		return "", sys.EINVAL
	}
	return f.target(e)
}

// Mkdir implements sys.FS.
func (f *FS) Mkdir(p string, perm fs.FileMode) sys.Errno {
	_, eno := f.make("mkdir", p, f.fresh(Folder, perm|0o700))
	return eno
}

// Symlink implements sys.FS. The link lives in memory and leads nowhere but into
// the view.
func (f *FS) Symlink(target, p string) sys.Errno {
	if target == "" || len(target) > maxPath || strings.ContainsRune(target, 0) {
		return sys.EINVAL
	}
	n := f.fresh(Symlink, 0o777)
	n.target = target
	_, eno := f.make("symlink", p, n)
	return eno
}

// Link implements sys.FS. Hard links are refused: two names of one file are of no
// use to a check.
func (f *FS) Link(oldPath, newPath string) sys.Errno {
	f.opt.Recorder.Refused("link", newPath, "hard links are not offered")
	return sys.EPERM
}

// Chmod implements sys.FS.
func (f *FS) Chmod(p string, perm fs.FileMode) sys.Errno {
	n, eno := f.own("chmod", p)
	if eno == 0 {
		n.mode = perm.Perm()
	}
	return eno
}

// Utimens implements sys.FS. Only the modification time is kept.
func (f *FS) Utimens(p string, _, mtim int64) sys.Errno {
	n, eno := f.own("utimens", p)
	if eno == 0 && mtim != sys.UTIME_OMIT {
		n.mtime = mtim
	}
	return eno
}

// Unlink implements sys.FS.
func (f *FS) Unlink(p string) sys.Errno {
	e, eno := f.resolve("unlink", p, keepLast)
	switch {
	case eno != 0:
		return eno
	case e.dir():
		return sys.EISDIR
	}
	return f.remove("unlink", e)
}

// Rmdir implements sys.FS.
func (f *FS) Rmdir(p string) sys.Errno {
	e, eno := f.resolve("rmdir", p, keepLast)
	switch {
	case eno != 0:
		return eno
	case !e.dir():
		return sys.ENOTDIR
	}
	list, eno := f.list(e)
	if eno != 0 {
		return eno
	}
	if len(list) > 0 {
		return sys.ENOTEMPTY
	}
	return f.remove("rmdir", e)
}

// Rename implements sys.FS. Folders move only when the guest made them: moving a
// folder of the live root would copy it. The answer is then EPERM.
func (f *FS) Rename(from, to string) sys.Errno {
	e, eno := f.resolve("rename", from, keepLast)
	if eno != 0 {
		return eno
	}
	if e.dir() && (e.node == nil || !e.node.opaque) {
		f.opt.Recorder.Refused("rename", e.path, "folders of the live root are not moved")
		return sys.EPERM
	}
	if eno := f.writable("rename", e.path); eno != 0 {
		return eno
	}
	target, eno := f.makeWay(e, to)
	if eno != 0 || target == e.path {
		return eno
	}
	n, eno := f.ownEntry(e)
	if eno != 0 {
		return eno
	}
	parent, eno := f.ownFolder(path.Dir(target))
	if eno != 0 {
		return eno
	}
	if eno := f.hide(e.path); eno != 0 {
		return eno
	}
	f.put(parent, path.Base(target), n)
	f.opt.Recorder.Wrote(target)
	return 0
}

// makeWay checks the target of a rename, takes away what it replaces and returns
// its path.
func (f *FS) makeWay(from entry, to string) (string, sys.Errno) {
	e, eno := f.resolve("rename", to, keepLast)
	if e.path == "" {
		return "", eno
	}
	if weno := f.writable("rename", e.path); weno != 0 {
		return "", weno
	}
	if strings.HasPrefix(e.path, from.path+"/") {
		return "", sys.EINVAL
	}
	switch {
	case eno == sys.ENOENT || e.path == from.path:
		return e.path, 0
	case eno != 0:
		return "", eno
	case e.dir() && !from.dir():
		return "", sys.EISDIR
	case !e.dir() && from.dir():
		return "", sys.ENOTDIR
	case e.dir():
		return e.path, f.Rmdir(to)
	}
	return e.path, f.remove("rename", e)
}

// make puts n at p, which must not exist yet.
func (f *FS) make(op, p string, n *node) (entry, sys.Errno) {
	e, eno := f.resolve(op, p, keepLast)
	if eno == 0 {
		return e, sys.EEXIST
	}
	if eno != sys.ENOENT || e.path == "" {
		return e, eno
	}
	return f.place(op, e.path, n)
}

func (f *FS) place(op, at string, n *node) (entry, sys.Errno) {
	if eno := f.writable(op, at); eno != 0 {
		return entry{}, eno
	}
	parent, eno := f.ownFolder(path.Dir(at))
	if eno != 0 {
		return entry{}, eno
	}
	if !f.opt.Quota.take(&f.opt.Quota.Files) {
		f.opt.Recorder.Refused(op, at, "the quota of files is used up")
		return entry{}, sys.EIO
	}
	n.made, n.opaque = true, true
	f.put(parent, path.Base(at), n)
	f.opt.Recorder.Wrote(at)
	return entry{path: at, node: n}, 0
}

// writable says EROFS for what the guest may only read.
func (f *FS) writable(op, p string) sys.Errno {
	if p == "." || p == Scratch {
		f.opt.Recorder.Refused(op, p, "the top of the view and its scratch folder stay")
		return sys.EPERM
	}
	if f.view.Writable || strings.HasPrefix(p, Scratch+"/") {
		return 0
	}
	f.opt.Recorder.Refused(op, p, "the view is read-only outside /"+Scratch)
	return sys.EROFS
}

// own returns the guest's own node for p, taking a copy of the description (never
// of the bytes) where the live root has it.
func (f *FS) own(op, p string) (*node, sys.Errno) {
	e, eno := f.resolve(op, p, followLast)
	if eno != 0 {
		return nil, eno
	}
	if eno := f.writable(op, e.path); eno != 0 {
		return nil, eno
	}
	return f.ownEntry(e)
}

func (f *FS) ownEntry(e entry) (*node, sys.Errno) {
	if e.node != nil {
		return e.node, 0
	}
	parent, eno := f.ownFolder(path.Dir(e.path))
	if eno != 0 {
		return nil, eno
	}
	if !f.opt.Quota.take(&f.opt.Quota.Files) {
		f.opt.Recorder.Refused("copy", e.path, "the quota of files is used up")
		return nil, sys.EIO
	}
	n, eno := f.copyUp(e)
	if eno == 0 {
		n.made = true
		parent.children[path.Base(e.path)] = n
	}
	return n, eno
}

// copyUp describes an object of the live root as a node whose bytes stay below.
func (f *FS) copyUp(e entry) (*node, sys.Errno) {
	n := f.fresh(File, e.info.Mode())
	n.ino, n.mtime = pathInode(e.path), e.info.ModTime().UnixNano()
	switch {
	case e.info.IsDir():
		n.kind, n.children = Folder, map[string]*node{}
	case e.link():
		target, eno := f.lower.Readlink(e.path)
		n.kind, n.target = Symlink, target
		return n, eno
	default:
		file, eno := f.lower.Open(e.path)
		if eno != 0 {
			return nil, eno
		}
		n.content = content{base: file, baseSize: e.info.Size(), size: e.info.Size()}
	}
	return n, 0
}

// ownFolder returns the guest's own node for the folder at p and every folder
// above it.
func (f *FS) ownFolder(p string) (*node, sys.Errno) {
	e, eno := f.lookup(p)
	if eno != 0 {
		return nil, eno
	}
	if !e.dir() {
		return nil, sys.ENOTDIR
	}
	return f.ownEntry(e)
}

func (f *FS) remove(op string, e entry) sys.Errno {
	if eno := f.writable(op, e.path); eno != 0 {
		return eno
	}
	if _, eno := f.ownFolder(path.Dir(e.path)); eno != 0 {
		return eno
	}
	if eno := f.hide(e.path); eno != 0 {
		return eno
	}
	if e.node != nil {
		f.release(e.node)
	}
	f.opt.Recorder.Wrote(e.path)
	return 0
}

// put sets a name of a folder that the guest owns, in the place of a cover that
// hid the live root there.
func (f *FS) put(parent *node, name string, n *node) {
	if old := parent.children[name]; old != nil && old.kind == Deleted && old.made {
		f.opt.Quota.Files++
	}
	parent.children[name] = n
}

// release gives back what a removed node cost, once nothing holds it open.
func (f *FS) release(n *node) {
	if n.gone = true; n.handles > 0 {
		return
	}
	n.content.drop(&f.opt.Quota)
	if n.made {
		n.made = false
		f.opt.Quota.Files++
	}
}

// hide takes p out of its folder, which the guest owns already, and covers what
// the live root has there. A cover counts as a file: otherwise removing a million
// live files would cost memory without limit.
func (f *FS) hide(p string) sys.Errno {
	e, eno := f.lookup(path.Dir(p))
	if eno != 0 {
		return eno
	}
	name := path.Base(p)
	old := e.node.children[name]
	delete(e.node.children, name)
	if _, eno := f.lookup(p); eno != 0 {
		return 0
	}
	if !f.opt.Quota.take(&f.opt.Quota.Files) {
		if old != nil {
			e.node.children[name] = old
		}
		f.opt.Recorder.Refused("remove", p, "the quota of files is used up")
		return sys.EIO
	}
	cover := f.fresh(Deleted, 0)
	cover.made = true
	e.node.children[name] = cover
	return 0
}
