// Package tree owns what a backup knows of a file set: the entries below a root, listed without following links or leaving
// the root, and the reading of attributes.
//
// It does not read contents. Its functions keep no state and may be called from several goroutines.
package tree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/atomicfile/beneath"
)

// walker lists what is below a root, parents before children. It reads no contents.
type walker struct {
	root    *os.File
	entries []Entry
	skipped []string
	inodes  map[uint64]string // of files with several links: their first path
}

// List lists what is below root, parents before children: all of it for nil, else the given paths and what is below them,
// absent ones included. skipped names what no entry can describe, with the reason.
func List(ctx context.Context, root *os.File, paths []string) (entries []Entry, skipped []string, err error) {
	w := &walker{root: root, inodes: map[uint64]string{}}
	if paths == nil {
		err = w.folder(ctx, ".")
	} else {
		err = w.walkPaths(ctx, paths)
	}
	return w.entries, w.skipped, err
}

// walkPaths lists given paths, absent ones included, with all that is below them.
func (w *walker) walkPaths(ctx context.Context, paths []string) error {
	paths = slices.Compact(slices.Sorted(slices.Values(paths)))
	for _, p := range paths {
		if err := beneath.Check(p); err != nil {
			return err
		}
		if err := w.path(ctx, p); err != nil {
			return fmt.Errorf("list %s: %w", p, err)
		}
	}
	return nil
}

// path lists one given path. A parent that is missing makes it absent.
func (w *walker) path(ctx context.Context, p string) error {
	dir, err := beneath.Dir(w.root, path.Dir(p))
	if errors.Is(err, unix.ENOENT) {
		w.entries = append(w.entries, Entry{Path: p, Kind: Absent})
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	err = w.entry(ctx, dir, p)
	if errors.Is(err, unix.ENOENT) {
		w.entries = append(w.entries, Entry{Path: p, Kind: Absent})
		return nil
	}
	return err
}

// folder lists the content of the folder p.
func (w *walker) folder(ctx context.Context, p string) error {
	dir, err := beneath.Dir(w.root, p)
	if errors.Is(err, unix.EXDEV) {
		w.skip(p, "another file system is mounted there")
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		// A file that vanishes between the listing and here was not part of the state.
		if err := w.entry(ctx, dir, path.Join(p, name)); err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("list %s: %w", path.Join(p, name), err)
		}
	}
	return ctx.Err()
}

// entry lists what dir, the opened parent of p, has there.
func (w *walker) entry(ctx context.Context, dir *os.File, p string) error {
	var st unix.Stat_t
	name := path.Base(p)
	if err := unix.Fstatat(int(dir.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	e := entryOf(p, &st)
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		e.Kind, e.Size = File, st.Size
		e.Sparse = st.Blocks*512 < st.Size
		w.linked(&e, &st)
	case unix.S_IFDIR:
		e.Kind, e.Links = Folder, 0
		w.entries = append(w.entries, e)
		return w.folder(ctx, p)
	case unix.S_IFLNK:
		e.Kind = Symlink
		target, err := readlinkat(dir, name)
		if err != nil {
			return err
		}
		e.Target = target
	default:
		w.skip(p, "it is a socket, a pipe or a device")
		return nil
	}
	w.entries = append(w.entries, e)
	return nil
}

func entryOf(p string, st *unix.Stat_t) Entry {
	return Entry{
		Path: p, Mode: st.Mode & 0o7777, UID: st.Uid, GID: st.Gid,
		MTime: st.Mtim.Nano(), CTime: st.Ctim.Nano(), Inode: st.Ino, Links: uint64(st.Nlink),
	}
}

// linked notes a further name of a file that has one already.
func (w *walker) linked(e *Entry, st *unix.Stat_t) {
	if st.Nlink < 2 {
		return
	}
	if first, ok := w.inodes[st.Ino]; ok {
		e.HardLink = first
		return
	}
	w.inodes[st.Ino] = e.Path
}

func (w *walker) skip(p, why string) {
	w.skipped = append(w.skipped, fmt.Sprintf("%s: %s", p, why))
}

func readlinkat(dir *os.File, name string) (string, error) {
	target := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(int(dir.Fd()), name, target)
	if err != nil {
		return "", err
	}
	return string(target[:n]), nil
}

// Xattrs reads the extended attributes of an open file, access control lists among them. A file system without
// attributes has none.
func Xattrs(f *os.File) (map[string][]byte, error) {
	names := make([]byte, 1024)
	n, err := unix.Flistxattr(int(f.Fd()), names)
	if errors.Is(err, unix.ERANGE) {
		names = make([]byte, 1<<16) // the kernel's own limit
		n, err = unix.Flistxattr(int(f.Fd()), names)
	}
	if errors.Is(err, unix.ENOTSUP) || n == 0 && err == nil {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list attributes of %s: %w", filepath.Base(f.Name()), err)
	}
	attrs := map[string][]byte{}
	for _, name := range splitNames(names[:n]) {
		value := make([]byte, 1<<16)
		n, err := unix.Fgetxattr(int(f.Fd()), name, value)
		if err != nil {
			return nil, fmt.Errorf("read attribute %s of %s: %w", name, filepath.Base(f.Name()), err)
		}
		attrs[name] = slices.Clone(value[:n])
	}
	return attrs, nil
}

// splitNames splits a list of names that each end with a NUL.
func splitNames(list []byte) []string {
	var names []string
	for i := slices.Index(list, 0); i >= 0; i = slices.Index(list, 0) {
		names = append(names, string(list[:i]))
		list = list[i+1:]
	}
	return names
}
