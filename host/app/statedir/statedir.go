// Package statedir owns the state folder of one daemon: that it is private,
// belongs to the daemon's user, and is used by one daemon at a time.
//
// It knows nothing of what is kept inside. A Dir is held from Open to Close;
// its methods may be called from several goroutines.
package statedir

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const lockName = "lock"

// Dir is an opened, locked state folder.
type Dir struct {
	path  string
	lock  *os.File
	fresh bool
}

// InUseError says that another daemon holds the folder.
type InUseError struct {
	Path string
	// PID is the holder's process id as it wrote it, empty where unknown.
	PID string
}

// Error names the holder and what to do.
func (e *InUseError) Error() string {
	holder := "another daemon"
	if e.PID != "" {
		holder += " (pid " + e.PID + ")"
	}
	return fmt.Sprintf("state folder %s is used by %s: stop that one, or give this one another [state] dir and [socket] path", e.Path, holder)
}

// Open makes the folder where it is missing, checks it and locks it. It waits
// for nobody: a folder in use is an *InUseError.
func Open(path string) (*Dir, error) {
	d := &Dir{path: path}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, cannot(path, err)
	}
	err := os.Mkdir(path, 0o700)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, cannot(path, err)
	}
	d.fresh = err == nil
	if err := check(path); err != nil {
		return nil, err
	}
	if err := d.acquire(); err != nil {
		return nil, err
	}
	return d, nil
}

func cannot(path string, err error) error {
	hint := "choose another folder with [state] dir"
	if errors.Is(err, fs.ErrPermission) {
		hint = "run as a user who may write there, or choose another folder with [state] dir"
	}
	return fmt.Errorf("open state folder: %w; %s", err, hint)
}

func check(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return cannot(path, err)
	}
	if !info.IsDir() {
		return fmt.Errorf("state folder %s is no folder: choose another with [state] dir", path)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("state folder %s belongs to user %d and this daemon runs as user %d: run it as the owner, or choose another folder with [state] dir", path, stat.Uid, os.Geteuid())
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("state folder %s can be read by others (mode %04o): chmod 700 it", path, info.Mode().Perm())
	}
	return nil
}

func (d *Dir) acquire() error {
	file, err := os.OpenFile(d.Path(lockName), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return cannot(d.path, err)
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		text, _ := io.ReadAll(io.LimitReader(file, 32))
		file.Close()
		return &InUseError{Path: d.path, PID: strings.TrimSpace(string(text))}
	}
	if err != nil {
		file.Close()
		return fmt.Errorf("lock state folder %s: %w", d.path, err)
	}
	if err := file.Truncate(0); err != nil {
		file.Close()
		return fmt.Errorf("lock state folder %s: %w", d.path, err)
	}
	if _, err := fmt.Fprintf(file, "%d\n", os.Getpid()); err != nil {
		file.Close()
		return fmt.Errorf("lock state folder %s: note the holder: %w; is the disk full?", d.path, err)
	}
	d.lock = file
	return nil
}

// Path returns the path of something inside the folder.
func (d *Dir) Path(parts ...string) string {
	return filepath.Join(append([]string{d.path}, parts...)...)
}

// Sub makes a private folder inside and returns its path.
func (d *Dir) Sub(name string) (string, error) {
	path := d.Path(name)
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("make state folder: %w", err)
	}
	return path, nil
}

// Fresh reports that Open made the folder: this is a first run.
func (d *Dir) Fresh() bool { return d.fresh }

// Close gives the folder back.
func (d *Dir) Close() error { return d.lock.Close() }
