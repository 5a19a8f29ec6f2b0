// Package outlog owns the files that take the output of the services that the host starts: opening them so that a service
// keeps writing when the host is gone, and keeping them bounded. It does not read them; whoever follows them relies on this contract:
//
//   - One file, named by Path, holds the output of a component. It is append-only: a byte once written keeps its
//     offset, and the size never shrinks while a service writes.
//   - It is bounded by turning its head into a hole, in whole blocks: the size that stat shows stays, the disk is freed.
//     A hole reads as NUL bytes; SEEK_DATA finds where the data begin. No line that is newer than the bound is lost.
//   - Before a new start of the component a file that has a hole, or has grown beyond a quarter of the bound, is renamed to
//     Path + ".1", replacing the one before, and a new file is begun: a new inode under the old name. The old service has
//     ended by then, so a follower that reads the old inode to its end has lost nothing.
//   - Where the file system knows no holes, the file is copied to Path + ".1" and cut to nothing (copytruncate); lines
//     written during the copy may be lost there, and only there.
//
// Concurrency: functions without state; one caller per file at a time.
package outlog

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// DefaultKeep is how much output of a component is kept at least, in bytes. At most it is twice that, and what is
// written between two calls of Trim.
const DefaultKeep = 16 << 20

// Owner is the user and group that a file is given to, so that a service without rights can reopen it as /dev/stdout.
type Owner struct{ UID, GID int }

// Open opens the output file for appending and creates it if needed, after having set aside a file that was trimmed or
// has grown. It must only be called when no service writes to the file. The caller closes it.
func Open(path string, keep int64, owner *Owner) (*os.File, error) {
	if err := setAside(path, keep); err != nil {
		return nil, fmt.Errorf("set aside output %s: %w", path, err)
	}
	return Append(path, owner)
}

// Append opens the output file for appending and creates it if needed. It may be called while a service writes to the
// file. The caller closes it.
func Append(path string, owner *Owner) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open output: %w", err)
	}
	if owner == nil {
		return file, nil
	}
	if err := file.Chown(owner.UID, owner.GID); err != nil {
		file.Close()
		return nil, fmt.Errorf("give output to its user: %w", err)
	}
	return file, nil
}

func setAside(path string, keep int64) error {
	var st unix.Stat_t
	err := unix.Stat(path, &st)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return err
	}
	if begin, err := firstData(path); err == nil && begin == 0 && st.Size <= keep/4 {
		return nil
	}
	return os.Rename(path, path+".1")
}

// firstData returns the offset of the first byte that is not in a hole.
func firstData(path string) (int64, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	begin, err := unix.Seek(int(file.Fd()), 0, unix.SEEK_DATA)
	if errors.Is(err, unix.ENXIO) {
		return file.Seek(0, io.SeekEnd) // nothing but a hole, or nothing at all
	}
	return begin, err
}

// Trim frees the head of the file when more than twice keep bytes of it take up space, and returns the size of the
// file, which tells the caller how fast it grows. A missing file is no error.
func Trim(path string, keep int64) (size int64, err error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("trim output: %w", err)
	}
	defer file.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &st); err != nil {
		return 0, fmt.Errorf("trim output %s: %w", path, err)
	}
	const unit = 512 // of Blocks, whatever the file system's own
	if st.Blocks*unit <= 2*keep {
		return st.Size, nil
	}
	block := max(int64(st.Blksize), 4096)
	cut := (st.Size - keep) / block * block
	err = unix.Fallocate(int(file.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 0, cut)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		return 0, copyTruncate(file, path)
	}
	if err != nil {
		return st.Size, fmt.Errorf("free the first %d bytes of output %s: %w", cut, path, err)
	}
	return st.Size, nil
}

// Tail returns the end of what was written to a file since an offset, at most 200 bytes, for an error message. It is empty
// when the file cannot be read.
func Tail(path string, since int64) string {
	const most = 200
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return ""
	}
	text := make([]byte, most)
	n, _ := file.ReadAt(text, max(since, info.Size()-most)) // what cannot be read was not said
	return strings.ToValidUTF8(strings.TrimSpace(string(text[:n])), "")
}

// copyTruncate is the way out where there are no holes. The writers append, so they go on at the new end.
func copyTruncate(file *os.File, path string) error {
	old, err := os.OpenFile(path+".1", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("copy output %s: %w", path, err)
	}
	_, err = io.Copy(old, file)
	if err = errors.Join(err, old.Close()); err != nil {
		return fmt.Errorf("copy output %s: %w", path, err)
	}
	if err := file.Truncate(0); err != nil {
		return fmt.Errorf("cut output %s: %w", path, err)
	}
	return nil
}
