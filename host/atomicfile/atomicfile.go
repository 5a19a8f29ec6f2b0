// Package atomicfile owns the durable replace of one file: after a crash, a full disk or a power cut the file holds
// either all of the old bytes or all of the new ones. It also owns Ops, through which every package that must survive
// such an end does its file operations, so that tests can fail or stop at each one.
//
// It does not own changes of several files at once (host/change/txn does), nor locks between writers: of two
// concurrent writers of one path the later rename wins, whole.
//
// All functions may be called from several goroutines; an Ops value is as safe as its Gate.
package atomicfile

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// leftoverPrefix marks the temporary files of this package. The name of the target is left out of it, so that a target
// with a name of the longest length can be replaced too.
const leftoverPrefix = ".atomic-"

// WriteFile replaces the file at path with data and the permission bits of mode, whatever the umask. It returns nil only
// when the new content is durable. On an error before the rename the old file is untouched; on an error of the
// last step, the sync of the folder, the new content is visible but may not outlive a power cut. A symbolic link at
// path is replaced, not followed.
func WriteFile(path string, data []byte, mode fs.FileMode) error {
	return Ops{}.WriteFile(path, data, mode)
}

// WriteFile is the function WriteFile, done through o.
func (o Ops) WriteFile(path string, data []byte, mode fs.FileMode) error {
	return o.Write(path, mode, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(data))
		return err
	})
}

// Write replaces the file at path with what fill writes, under the promises of WriteFile. The writer is valid only
// during the call of fill and is not buffered. An error of fill is returned and leaves the old file in place.
func (o Ops) Write(path string, mode fs.FileMode, fill func(io.Writer) error) error {
	dir, err := o.OpenDir(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("replace %s: open its folder: %w", path, err)
	}
	defer dir.Close()
	temp := leftoverPrefix + strings.ToLower(rand.Text())
	if err := o.stage(dir, temp, mode, fill); err != nil {
		o.discard(dir, temp)
		return fmt.Errorf("replace %s: write the new content beside it: %w", path, err)
	}
	if err := o.rename(dir, temp, filepath.Base(path)); err != nil {
		o.discard(dir, temp)
		return fmt.Errorf("replace %s: put the new content in place: %w", path, err)
	}
	if err := o.Sync(dir); err != nil {
		return fmt.Errorf("replace %s: new content is in place but may not survive a power cut: %w", path, err)
	}
	return nil
}

// stage writes and syncs the temporary file.
func (o Ops) stage(dir *os.File, temp string, mode fs.FileMode, fill func(io.Writer) error) error {
	f, err := o.CreateAt(dir, temp)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := fill(o.Writer(f)); err != nil {
		return err
	}
	if err := o.Do("fchmod", f.Name(), func() error { return f.Chmod(mode.Perm()) }); err != nil {
		return err
	}
	if err := o.Sync(f); err != nil {
		return err
	}
	return o.Do("close", f.Name(), f.Close)
}

func (o Ops) rename(dir *os.File, from, to string) error {
	return o.Do("renameat", filepath.Join(dir.Name(), to), func() error {
		return unix.Renameat(int(dir.Fd()), from, int(dir.Fd()), to)
	})
}

// discard removes a temporary file that will not be used. An error is left unreported: the error that led here says
// more, and RemoveLeftovers finds the file at the next start.
func (o Ops) discard(dir *os.File, temp string) {
	_ = o.UnlinkAt(dir, temp)
}

// Remove deletes the file or empty folder at path durably. A path that is already absent is an error that matches
// fs.ErrNotExist.
func (o Ops) Remove(path string) error {
	dir, err := o.OpenDir(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("remove %s: open its folder: %w", path, err)
	}
	defer dir.Close()
	if err := o.Do("remove", path, func() error { return os.Remove(path) }); err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	if err := o.Sync(dir); err != nil {
		return fmt.Errorf("remove %s: it is gone but may come back after a power cut: %w", path, err)
	}
	return nil
}

// MkdirAll creates the folder path and its missing parents with the permission bits of mode, and syncs each folder that
// gained an entry. An existing folder is left as it is.
func (o Ops) MkdirAll(path string, mode fs.FileMode) error {
	path = filepath.Clean(path)
	if info, err := os.Stat(path); err == nil {
		if !info.IsDir() {
			return fmt.Errorf("create folder %s: a file with this name is in the way: %w", path, fs.ErrExist)
		}
		return nil
	}
	parent := filepath.Dir(path)
	if parent == path {
		return fmt.Errorf("create folder %s: %w", path, fs.ErrNotExist)
	}
	if err := o.MkdirAll(parent, mode); err != nil {
		return err
	}
	return o.mkdir(parent, path, mode)
}

func (o Ops) mkdir(parent, path string, mode fs.FileMode) error {
	dir, err := o.OpenDir(parent)
	if err != nil {
		return fmt.Errorf("create folder %s: open its parent: %w", path, err)
	}
	defer dir.Close()
	err = o.Do("mkdir", path, func() error { return os.Mkdir(path, mode.Perm()) })
	if err != nil {
		return fmt.Errorf("create folder %s: %w", path, err)
	}
	if err := o.Do("chmod", path, func() error { return os.Chmod(path, mode.Perm()) }); err != nil {
		return fmt.Errorf("create folder %s: set its mode: %w", path, err)
	}
	if err := o.Sync(dir); err != nil {
		return fmt.Errorf("create folder %s: make its entry durable: %w", path, err)
	}
	return nil
}

// RemoveLeftovers deletes the temporary files that a process which died left in the folder dir, and says how many there
// were. Call it only while no other writer is at work in dir, for instance under the lock taken at start.
func RemoveLeftovers(dir string) (int, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, fmt.Errorf("look for leftovers: %w", err)
	}
	removed := 0
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), leftoverPrefix) || !e.Type().IsRegular() {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return removed, fmt.Errorf("remove leftover: %w", err)
		}
		removed++
	}
	return removed, nil
}
