package object

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/atomicfile"
)

// Stage makes what want describes under name in dir, which must not have it. content is the content of a file or the
// target of a link. It returns the open file, for Sync, or nil for a link, and the state with inode and sum. An owner is
// set before the mode, because setting it clears setuid. Nothing is durable yet.
func Stage(ops atomicfile.Ops, dir *os.File, name string, want State, content io.Reader) (*os.File, State, error) {
	f, err := create(ops, dir, name, want, content)
	if err != nil {
		return nil, State{}, err
	}
	if err := dress(ops, dir, name, f, want); err != nil {
		return nil, State{}, errors.Join(err, closeFile(f))
	}
	got, err := Look(ops, dir, name)
	if err != nil {
		return nil, State{}, errors.Join(err, closeFile(f))
	}
	return f, got, nil
}

func closeFile(f *os.File) error {
	if f == nil {
		return nil
	}
	return f.Close()
}

// create makes the bare object.
func create(ops atomicfile.Ops, dir *os.File, name string, want State, content io.Reader) (*os.File, error) {
	path := filepath.Join(dir.Name(), name)
	switch want.Kind {
	case File:
		f, err := ops.CreateAt(dir, name)
		if err != nil {
			return nil, err
		}
		if err := fill(ops, f, content, want); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return f, nil
	case Folder:
		err := ops.Do("mkdirat", path, func() error { return unix.Mkdirat(int(dir.Fd()), name, 0o700) })
		if err != nil {
			return nil, err
		}
		return Open(ops, dir, name)
	case Symlink:
		target, err := io.ReadAll(content)
		if err != nil {
			return nil, err
		}
		return nil, ops.Do("symlinkat", path, func() error {
			return unix.Symlinkat(string(target), int(dir.Fd()), name)
		})
	}
	return nil, fmt.Errorf("stage %s: a %s cannot be made", path, want.Kind)
}

// fill writes the content, with holes where a sparse file has nothing but zeros.
func fill(ops atomicfile.Ops, f *os.File, content io.Reader, want State) error {
	if !want.Sparse {
		_, err := io.Copy(ops.Writer(f), content)
		return err
	}
	size, err := io.CopyBuffer(sparseWriter{ops, f}, struct{ io.Reader }{content}, make([]byte, holeSize))
	if err != nil {
		return err
	}
	return ops.Do("ftruncate", f.Name(), func() error { return f.Truncate(size) })
}

// holeSize is the size of the parts that become a hole if they are all zeros: the block size of most file systems.
const holeSize = 4096

// sparseWriter seeks over zeros instead of writing them.
type sparseWriter struct {
	ops atomicfile.Ops
	f   *os.File
}

// Write implements io.Writer.
func (w sparseWriter) Write(p []byte) (int, error) {
	if len(bytes.Trim(p, "\x00")) > 0 {
		return w.ops.Writer(w.f).Write(p)
	}
	_, err := w.f.Seek(int64(len(p)), io.SeekCurrent)
	return len(p), err
}

// dress sets owner, mode and attributes.
func dress(ops atomicfile.Ops, dir *os.File, name string, f *os.File, want State) error {
	path := filepath.Join(dir.Name(), name)
	err := ops.Do("fchownat", path, func() error {
		return unix.Fchownat(int(dir.Fd()), name, int(want.UID), int(want.GID), unix.AT_SYMLINK_NOFOLLOW)
	})
	if err != nil || want.Kind == Symlink {
		return err
	}
	for _, attr := range sortedNames(want.Xattrs) {
		err := ops.Do("fsetxattr", path, func() error {
			return unix.Fsetxattr(int(f.Fd()), attr, want.Xattrs[attr], 0)
		})
		if err != nil {
			return fmt.Errorf("attribute %s: %w", attr, err)
		}
	}
	// After the attributes: setting an access control list changes the group bits of the mode.
	err = ops.Do("fchmod", path, func() error { return unix.Fchmod(int(f.Fd()), want.Mode) })
	if err != nil || want.MTime == 0 {
		return err
	}
	return ops.Do("utimensat", path, func() error {
		times := []unix.Timespec{unix.NsecToTimespec(want.MTime), unix.NsecToTimespec(want.MTime)}
		return unix.UtimesNanoAt(int(dir.Fd()), name, times, unix.AT_SYMLINK_NOFOLLOW)
	})
}

func sortedNames(attrs map[string][]byte) []string {
	names := make([]string, 0, len(attrs))
	for name := range attrs {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// SetOwnerAndMode changes owner and mode of the folder name in place.
func SetOwnerAndMode(ops atomicfile.Ops, dir *os.File, name string, want State) error {
	f, err := Open(ops, dir, name)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := ops.Do("fchown", f.Name(), func() error { return f.Chown(int(want.UID), int(want.GID)) }); err != nil {
		return err
	}
	if err := ops.Do("fchmod", f.Name(), func() error { return unix.Fchmod(int(f.Fd()), want.Mode) }); err != nil {
		return err
	}
	return ops.Sync(f)
}

// StartWriting asks the kernel to begin writing a staged file out. With many files a Sync of each is then cheap, because
// one commit of the file system's journal covers all of them.
func StartWriting(ops atomicfile.Ops, f *os.File) error {
	err := ops.Do("sync_file_range", f.Name(), func() error {
		return unix.SyncFileRange(int(f.Fd()), 0, 0, unix.SYNC_FILE_RANGE_WRITE)
	})
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ESPIPE) {
		return nil // it is a hint only; Sync does the work
	}
	return err
}
