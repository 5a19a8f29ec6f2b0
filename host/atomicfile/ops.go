package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Op names one file operation that is about to be done.
type Op struct {
	// Name is the system call or the step, such as "fsync".
	Name string
	// Path is the file that the operation is about.
	Path string
}

// ErrSkip is what a Gate returns to have an operation count as done without doing it. It is how a test shows that it
// would notice a missing fsync.
var ErrSkip = errors.New("operation skipped")

// Gate is asked before each file operation. An error is returned in place of doing the operation; nil lets it happen.
// Tests count, fail and stop operations with it (package failpoint); in the daemon there is none. Enter may be called
// from every goroutine that uses the Ops.
type Gate interface {
	Enter(Op) error
}

// Ops does file operations, each announced to Gate first. The zero value, without a gate, is ready for use. It retries
// an operation that a signal interrupted (EINTR), which Go does not do for all of them.
type Ops struct {
	Gate Gate
}

// Do announces the operation name on path and then runs call. Errors become an *fs.PathError that names both, unless
// call already returned one. Packages with operations of their own, such as an exchange of two files, pass them here.
func (o Ops) Do(name, path string, call func() error) error {
	for {
		err := o.once(Op{Name: name, Path: path}, call)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		var named *fs.PathError
		if err == nil || errors.As(err, &named) {
			return err
		}
		return &fs.PathError{Op: name, Path: path, Err: err}
	}
}

func (o Ops) once(op Op, call func() error) error {
	if o.Gate != nil {
		if err := o.Gate.Enter(op); errors.Is(err, ErrSkip) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return call()
}

// OpenDir opens the folder path for use as the base of further operations and for Sync. The caller closes it.
func (o Ops) OpenDir(path string) (*os.File, error) {
	var dir *os.File
	err := o.Do("open", path, func() (err error) {
		dir, err = os.OpenFile(path, os.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		return err
	})
	return dir, err
}

// CreateAt creates the regular file name in dir with mode 0600 and opens it for writing. It refuses a name that exists,
// a symbolic link included, so a planted link is never written through. The caller closes the file.
func (o Ops) CreateAt(dir *os.File, name string) (*os.File, error) {
	path := filepath.Join(dir.Name(), name)
	fd := -1
	err := o.Do("openat", path, func() (err error) {
		flags := unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
		fd, err = unix.Openat(int(dir.Fd()), name, flags, 0o600)
		return err
	})
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

// UnlinkAt removes the entry name, not a folder, from dir. It is not durable before a Sync of dir.
func (o Ops) UnlinkAt(dir *os.File, name string) error {
	return o.Do("unlinkat", filepath.Join(dir.Name(), name), func() error {
		return unix.Unlinkat(int(dir.Fd()), name, 0)
	})
}

// Sync makes the content of f, or the entries of a folder, durable.
func (o Ops) Sync(f *os.File) error {
	return o.Do("fsync", f.Name(), f.Sync)
}

// Writer returns a writer to f that announces each write.
func (o Ops) Writer(f *os.File) io.Writer {
	return gatedWriter{o, f}
}

type gatedWriter struct {
	ops Ops
	f   *os.File
}

func (w gatedWriter) Write(p []byte) (int, error) {
	n := 0
	err := w.ops.Do("write", w.f.Name(), func() error {
		m, err := w.f.Write(p[n:])
		n += m
		return err
	})
	return n, err
}
