package view

import (
	"io/fs"
	"sort"

	"github.com/tetratelabs/wazero/experimental/sys"
)

// OpenFile implements sys.FS.
func (f *FS) OpenFile(p string, flag sys.Oflag, perm fs.FileMode) (sys.File, sys.Errno) {
	const op = "open"
	last := followLast
	if flag&sys.O_NOFOLLOW != 0 {
		last = keepLast
	}
	e, eno := f.resolve(op, p, last)
	create := flag&sys.O_CREAT != 0
	switch {
	case eno == sys.ENOENT && create && e.path != "":
		if e, eno = f.place(op, e.path, f.fresh(File, perm)); eno != 0 {
			return nil, eno
		}
	case eno != 0:
		return nil, eno
	case create && flag&sys.O_EXCL != 0:
		return nil, sys.EEXIST
	case e.link():
		return nil, sys.ELOOP
	}
	return f.openEntry(e, flag)
}

func (f *FS) openEntry(e entry, flag sys.Oflag) (sys.File, sys.Errno) {
	write := flag&(sys.O_WRONLY|sys.O_RDWR) != 0
	switch {
	case e.dir() && write:
		return nil, sys.EISDIR
	case !e.dir() && flag&sys.O_DIRECTORY != 0:
		return nil, sys.ENOTDIR
	}
	if write || (flag&sys.O_TRUNC != 0 && !e.dir()) {
		return f.openOwn(e, flag)
	}
	if !f.opt.Quota.take(&f.opt.Quota.Open) {
		f.opt.Recorder.Refused("open", e.path, "the quota of open files is used up")
		return nil, sys.EIO
	}
	file, eno := f.openRead(e)
	if eno != 0 {
		f.opt.Quota.Open++
		return nil, eno
	}
	if e.path != "." { // opened for every guest that starts
		f.opt.Recorder.Read(e.path)
	}
	return file, 0
}

func (f *FS) openRead(e entry) (sys.File, sys.Errno) {
	if e.dir() {
		return &dirFile{fs: f, entry: e}, 0
	}
	if e.node != nil {
		e.node.handles++
		return &memFile{fs: f, entry: e, read: true}, 0
	}
	file, eno := f.lower.Open(e.path)
	if eno == sys.EACCES {
		f.opt.Recorder.Refused("open", e.path, "no regular file or folder that may be read")
	}
	if eno != 0 {
		return nil, eno
	}
	return &liveFile{fs: f, entry: e, file: file}, 0
}

func (f *FS) openOwn(e entry, flag sys.Oflag) (sys.File, sys.Errno) {
	if eno := f.writable("open", e.path); eno != 0 {
		return nil, eno
	}
	if e.node == nil && !e.info.Mode().IsRegular() {
		f.opt.Recorder.Refused("open", e.path, "no regular file")
		return nil, sys.EACCES
	}
	n, eno := f.ownEntry(e)
	if eno != 0 {
		return nil, eno
	}
	if !f.opt.Quota.take(&f.opt.Quota.Open) {
		f.opt.Recorder.Refused("open", e.path, "the quota of open files is used up")
		return nil, sys.EIO
	}
	if flag&sys.O_TRUNC != 0 {
		n.content.truncate(0, &f.opt.Quota)
	}
	f.opt.Recorder.Wrote(e.path)
	n.handles++
	m := &memFile{fs: f, entry: entry{path: e.path, node: n}, write: true, read: flag&sys.O_WRONLY == 0}
	m.append = flag&sys.O_APPEND != 0
	return m, 0
}

// list merges the folder's layers into one listing, sorted by name: the same view
// lists the same way everywhere.
func (f *FS) list(e entry) ([]sys.Dirent, sys.Errno) {
	seen := map[string]bool{}
	var out []sys.Dirent
	add := func(name string) {
		p := name
		if e.path != "." {
			p = e.path + "/" + name
		}
		if seen[name] || f.deny.hides(p) {
			return
		}
		seen[name] = true
		if child, eno := f.lookup(p); eno == 0 {
			st := f.stat(child)
			out = append(out, sys.Dirent{Ino: st.Ino, Name: name, Type: st.Mode.Type()})
		}
	}
	if e.node != nil {
		for name := range e.node.children {
			add(name)
		}
	}
	if info, eno := f.lower.Lstat(e.path); eno == 0 && info.IsDir() && !f.covered(e.path) {
		live, eno := f.lower.Names(e.path)
		if eno != 0 {
			return nil, eno
		}
		for _, d := range live {
			add(d.Name())
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out, 0
}

// covered reports whether the folder at p, or one above it, hides the live root.
func (f *FS) covered(p string) bool {
	for _, dir := range append(parents(p), p) {
		if e, eno := f.lookup(dir); eno == 0 && e.node != nil && e.node.opaque {
			return true
		}
	}
	return false
}
