// Package liveroot reads the live tree beneath one folder, and nothing else of the
// host.
//
// It owns which objects may be opened at all and how errors of the host are told to
// a guest. It does not own what a view makes of them. It never writes. A Root may be
// used by one goroutine at a time.
package liveroot

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/tetratelabs/wazero/experimental/sys"
	"golang.org/x/sys/unix"
)

// maxEntries bounds one folder listing of the live root.
const maxEntries = 65536

// Root is the live root; a nil Root is empty. All access goes through os.Root, which
// resolves beneath one folder whatever happens to the tree meanwhile. Only regular
// files and folders are opened: opening a device can have effects, opening a pipe
// can block.
type Root struct {
	root *os.Root
	base string // absolute, symlinks resolved
	dev  uint64
}

// Open opens the folder dir, whose own path may hold symlinks.
func Open(dir string) (*Root, error) {
	base, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(base)
	if err != nil {
		return nil, err
	}
	info, err := root.Stat(".")
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return &Root{root: root, base: base, dev: device(info)}, nil
}

func device(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Dev)
	}
	return 0
}

// Lstat describes the object at p, links themselves. p is relative, with slashes.
func (l *Root) Lstat(p string) (fs.FileInfo, sys.Errno) {
	if l == nil {
		return nil, sys.ENOENT
	}
	info, err := l.root.Lstat(filepath.FromSlash(p))
	if err != nil {
		return nil, Errno(err)
	}
	return info, 0
}

// Readlink returns the target of the link at p as the view sees it: a target
// inside the live root becomes a path from "/", any other absolute target keeps
// pointing from "/", where the view most likely has nothing.
func (l *Root) Readlink(p string) (string, sys.Errno) {
	target, err := l.root.Readlink(filepath.FromSlash(p))
	if err != nil {
		return "", Errno(err)
	}
	if inside, ok := strings.CutPrefix(target, l.base); ok && (inside == "" || inside[0] == '/') {
		return "/" + strings.TrimPrefix(inside, "/"), 0
	}
	return target, 0
}

// Open opens the regular file or folder at p, which holds no symlink, for reading.
func (l *Root) Open(p string) (*os.File, sys.Errno) {
	const flags = os.O_RDONLY | syscall.O_NOFOLLOW | syscall.O_NONBLOCK | syscall.O_CLOEXEC
	f, err := l.root.OpenFile(filepath.FromSlash(p), flags, 0)
	if err != nil {
		return nil, Errno(err)
	}
	info, err := f.Stat()
	if err != nil || !(info.Mode().IsRegular() || info.IsDir()) || l.pseudo(f, info) {
		_ = f.Close() // read-only: nothing to lose
		return nil, sys.EACCES
	}
	return f, 0
}

// pseudo reports whether f lies on a file system that shows the kernel rather
// than files, such as /proc, mounted somewhere beneath the root.
func (l *Root) pseudo(f *os.File, info fs.FileInfo) bool {
	if device(info) == l.dev {
		return false
	}
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &st); err != nil {
		return true
	}
	switch int64(st.Type) {
	case unix.PROC_SUPER_MAGIC, unix.SYSFS_MAGIC, unix.CGROUP_SUPER_MAGIC, unix.CGROUP2_SUPER_MAGIC,
		unix.DEBUGFS_MAGIC, unix.TRACEFS_MAGIC, unix.SECURITYFS_MAGIC, unix.BPF_FS_MAGIC,
		unix.DEVPTS_SUPER_MAGIC, unix.NSFS_MAGIC, unix.BINFMTFS_MAGIC:
		return true
	}
	return false
}

// Names lists the folder at p, at most maxEntries of it.
func (l *Root) Names(p string) ([]fs.DirEntry, sys.Errno) {
	f, eno := l.Open(p)
	if eno != 0 {
		return nil, eno
	}
	defer f.Close() // read-only: nothing to lose
	list, err := f.ReadDir(maxEntries + 1)
	if err != nil && len(list) == 0 && !errors.Is(err, io.EOF) {
		return nil, Errno(err)
	}
	if len(list) > maxEntries {
		return nil, sys.EIO
	}
	return list, 0
}

// Close closes the root.
func (l *Root) Close() error {
	if l == nil {
		return nil
	}
	return l.root.Close()
}

// Errno translates an error of the host into one that a guest may see. It never
// carries a host path.
func Errno(err error) sys.Errno {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, fs.ErrNotExist):
		return sys.ENOENT
	case errors.Is(err, fs.ErrPermission):
		return sys.EACCES
	case errors.Is(err, syscall.ENOTDIR):
		return sys.ENOTDIR
	case errors.Is(err, syscall.ELOOP):
		return sys.ELOOP
	case errors.Is(err, syscall.ENAMETOOLONG):
		return sys.ENAMETOOLONG
	case errors.Is(err, syscall.EINVAL):
		return sys.EINVAL
	}
	return sys.EIO
}
