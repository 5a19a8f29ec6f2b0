// Package beneath opens files below a folder without ever leaving it: no symbolic link is followed, no "..", no mount
// is crossed, whatever another program renames meanwhile.
//
// It owns no state; its functions may be called from several goroutines.
package beneath

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrOutside is returned for a name that is absolute, empty, not in its shortest form, or that climbs out with "..".
var ErrOutside = errors.New("not a plain path below the root")

// Check says whether rel is a plain path below a folder: slash-separated, in its shortest form, without "..", NUL or a
// leading slash. "." is the folder itself.
func Check(rel string) error {
	if strings.ContainsRune(rel, 0) || !filepath.IsLocal(rel) || filepath.Clean(rel) != rel {
		return fmt.Errorf("%q: %w", rel, ErrOutside)
	}
	return nil
}

// Open opens rel below root with the flags of open(2), to which O_NOFOLLOW and O_CLOEXEC are added. An error is an
// *fs.PathError with rel: ELOOP or ENOTDIR for a symbolic link, EXDEV for a mount. The caller closes the file.
func Open(root *os.File, rel string, flags int) (*os.File, error) {
	if err := Check(rel); err != nil {
		return nil, err
	}
	fd, err := openat2(int(root.Fd()), rel, flags)
	if errors.Is(err, unix.ENOSYS) {
		fd, err = stepByStep(int(root.Fd()), rel, flags)
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: rel, Err: err}
	}
	return os.NewFile(uintptr(fd), filepath.Join(root.Name(), rel)), nil
}

// Dir opens the folder rel below root. The caller closes it.
func Dir(root *os.File, rel string) (*os.File, error) {
	return Open(root, rel, unix.O_RDONLY|unix.O_DIRECTORY)
}

func openat2(root int, rel string, flags int) (int, error) {
	how := &unix.OpenHow{
		Flags:   uint64(flags | unix.O_NOFOLLOW | unix.O_CLOEXEC),
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_XDEV,
	}
	for {
		fd, err := unix.Openat2(root, rel, how)
		// EAGAIN: a rename elsewhere made the kernel unsure whether the walk had left the root.
		if err != unix.EINTR && err != unix.EAGAIN {
			return fd, err
		}
	}
}

// stepByStep does what openat2 does on kernels before 5.6, one name after the other.
func stepByStep(root int, rel string, flags int) (int, error) {
	var top unix.Stat_t
	if err := unix.Fstat(root, &top); err != nil {
		return -1, err
	}
	names := strings.Split(rel, "/")
	at := root
	for i, name := range names {
		step := unix.O_PATH | unix.O_DIRECTORY
		if i == len(names)-1 {
			step = flags
		}
		next, err := openat(at, name, step)
		if at != root {
			_ = unix.Close(at)
		}
		if err != nil {
			return -1, err
		}
		var st unix.Stat_t
		if err := unix.Fstat(next, &st); err != nil || st.Dev != top.Dev {
			_ = unix.Close(next)
			return -1, errors.Join(err, unix.EXDEV)
		}
		at = next
	}
	return at, nil
}

func openat(at int, name string, flags int) (int, error) {
	for {
		fd, err := unix.Openat(at, name, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}
