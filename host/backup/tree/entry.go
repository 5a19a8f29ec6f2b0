package tree

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/atomicfile/beneath"
	"github.com/homeostat/homeostat/host/backup/pack"
)

// Kind is what an entry is.
type Kind string

// The kinds that a backup holds. Absent says that there was nothing at the path: restoring removes what is there then.
const (
	File    Kind = "file"
	Folder  Kind = "folder"
	Symlink Kind = "symlink"
	Absent  Kind = "absent"
)

// Entry is one path as it was. Path is slash-separated and relative to the root.
type Entry struct {
	Path string `json:"path"`
	Kind Kind   `json:"kind"`
	// Mode is the permission bits with setuid, setgid and sticky, as in st_mode.
	Mode   uint32            `json:"mode,omitempty"`
	UID    uint32            `json:"uid,omitempty"`
	GID    uint32            `json:"gid,omitempty"`
	MTime  int64             `json:"mtime,omitempty"` // nanoseconds since 1970
	Xattrs map[string][]byte `json:"xattrs,omitempty"`
	// Target is where a symbolic link points.
	Target string `json:"target,omitempty"`
	// HardLink is the path of an earlier entry that is the same file.
	HardLink string `json:"hard_link,omitempty"`
	Size     int64  `json:"size,omitempty"`
	// Sparse says that the file had holes.
	Sparse bool `json:"sparse,omitempty"`
	// Sum is the SHA-256 of the whole content, Pieces those of its parts of pack.MaxPiece bytes; a file of one part leaves
	// Pieces out, since they would repeat Sum.
	Sum    *pack.Hash  `json:"sum,omitempty"`
	Pieces []pack.Hash `json:"pieces,omitempty"`

	// CTime, Inode and Links tell an unchanged file from a changed one at the next backup.
	CTime int64  `json:"ctime,omitempty"`
	Inode uint64 `json:"inode,omitempty"`
	Links uint64 `json:"links,omitempty"`
}

// Parts are the hashes of the content in order.
func (e *Entry) Parts() []pack.Hash {
	if e.Pieces == nil && e.Sum != nil && e.Size > 0 {
		return []pack.Hash{*e.Sum}
	}
	return e.Pieces
}

// Open opens an entry for reading and brings it up to date with what was opened.
func Open(root *os.File, e *Entry) (*os.File, error) {
	// Without O_NONBLOCK a pipe that was put in place of the file would block for ever.
	f, err := beneath.Open(root, e.Path, unix.O_RDONLY|unix.O_NONBLOCK)
	if err != nil {
		return nil, err
	}
	if err := Refresh(f, e); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Refresh sets what fstat knows of e.
func Refresh(f *os.File, e *Entry) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return err
	}
	want := map[Kind]uint32{File: unix.S_IFREG, Folder: unix.S_IFDIR}[e.Kind]
	if st.Mode&unix.S_IFMT != want {
		return fmt.Errorf("it was a %s when it was listed and is none now", e.Kind)
	}
	now := entryOf(e.Path, &st)
	now.Kind, now.HardLink = e.Kind, e.HardLink
	if e.Kind == File {
		now.Size, now.Sparse = st.Size, st.Blocks*512 < st.Size
	} else {
		now.Links = 0
	}
	*e = now
	return nil
}

// freshness is the age below which a time stamp proves nothing: within it a file can change without its time stamps
// doing so. The coarsest file systems in use count in steps of 2 s.
const freshness = 2 * time.Second

// Unchanged says that is, as it was listed now, is still was, as a backup read it at readAt. It compares what the file
// system says and trusts no time stamp that was fresh then. A change of mode, owner or attributes moves ctime too.
func Unchanged(was, is *Entry, readAt time.Time) bool {
	if max(was.MTime, was.CTime) > readAt.Add(-freshness).UnixNano() {
		return false
	}
	return was.Kind == is.Kind && was.Inode == is.Inode && was.CTime == is.CTime && was.MTime == is.MTime &&
		was.Size == is.Size && was.Links == is.Links && was.HardLink == is.HardLink
}
