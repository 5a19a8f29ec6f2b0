// Package object owns what a transaction knows of one path: what is there, looked at without following links, and the
// staging of what shall be there.
//
// It does not own where staged objects go, nor any order. Its functions keep no state; a State is a value.
package object

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/atomicfile"
)

// Kind is what is at a path.
type Kind string

// The kinds. Other is a device, a socket or a pipe, which no change may touch.
const (
	Absent  Kind = "absent"
	File    Kind = "file"
	Folder  Kind = "folder"
	Symlink Kind = "symlink"
	Other   Kind = "other"
)

// State is what is at a path. The zero value of all but Kind belongs to Absent.
type State struct {
	Kind Kind `json:"kind"`
	// Sum is the SHA-256 of a file's content or of a link's target, in hexadecimal.
	Sum  string `json:"sum,omitempty"`
	Size int64  `json:"size,omitempty"`
	// Mode is the permission bits with setuid, setgid and sticky, as in st_mode.
	Mode   uint32            `json:"mode,omitempty"`
	UID    uint32            `json:"uid,omitempty"`
	GID    uint32            `json:"gid,omitempty"`
	Xattrs map[string][]byte `json:"xattrs,omitempty"`
	// MTime, in nanoseconds since 1970, is set by Stage when it is not 0; it is no part of the value and Look leaves it 0.
	MTime int64 `json:"mtime,omitempty"`
	// Sparse has Stage leave holes where the content is zeros; it is no part of the value either.
	Sparse bool `json:"sparse,omitempty"`
	// Inode and Links identify the object; they are no part of its value.
	Inode uint64 `json:"inode,omitempty"`
	Links uint32 `json:"links,omitempty"`

	// Mounted, Immutable and AppendOnly are obstacles to a change that are seen only when looking.
	Mounted    bool `json:"-"`
	Immutable  bool `json:"-"`
	AppendOnly bool `json:"-"`
}

// Same says that two states are equal to whoever reads the path: kind, content, mode, owner and attributes. Links have no
// mode of their own.
func (s State) Same(o State) bool {
	if s.Kind != o.Kind || s.Sum != o.Sum {
		return false
	}
	if s.Kind == Absent || s.Kind == Symlink {
		return s.UID == o.UID && s.GID == o.GID
	}
	return s.Mode == o.Mode && s.UID == o.UID && s.GID == o.GID && maps.EqualFunc(s.Xattrs, o.Xattrs, bytes.Equal)
}

// Is says that s is the object o, perhaps with another content by now, or one that is equal to it.
func (s State) Is(o State) bool {
	return s.Kind == o.Kind && s.Kind != Absent && s.Inode == o.Inode || s.Same(o)
}

// Look tells what dir has under name, and reads a file's content for its sum.
func Look(ops atomicfile.Ops, dir *os.File, name string) (State, error) {
	path := filepath.Join(dir.Name(), name)
	var st unix.Statx_t
	err := ops.Do("statx", path, func() error {
		return unix.Statx(int(dir.Fd()), name, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS, &st)
	})
	if errors.Is(err, unix.ENOENT) {
		return State{Kind: Absent}, nil
	}
	if err != nil {
		return State{}, err
	}
	s := fromStatx(&st)
	switch s.Kind {
	case Symlink:
		err = s.readLink(ops, dir, name)
	case File, Folder:
		err = s.readFile(ops, dir, name)
	}
	return s, err
}

func fromStatx(st *unix.Statx_t) State {
	kinds := map[uint16]Kind{unix.S_IFREG: File, unix.S_IFDIR: Folder, unix.S_IFLNK: Symlink}
	kind, known := kinds[st.Mode&unix.S_IFMT]
	if !known {
		kind = Other
	}
	return State{
		Kind: kind, Size: int64(st.Size), Mode: uint32(st.Mode) & 0o7777, UID: st.Uid, GID: st.Gid, Inode: st.Ino, Links: st.Nlink,
		Mounted:    st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0,
		Immutable:  st.Attributes&unix.STATX_ATTR_IMMUTABLE != 0,
		AppendOnly: st.Attributes&unix.STATX_ATTR_APPEND != 0,
	}
}

func (s *State) readLink(ops atomicfile.Ops, dir *os.File, name string) error {
	target := make([]byte, unix.PathMax)
	n := 0
	err := ops.Do("readlinkat", filepath.Join(dir.Name(), name), func() (err error) {
		n, err = unix.Readlinkat(int(dir.Fd()), name, target)
		return err
	})
	s.Sum, s.Size = Sum(target[:max(n, 0)]), int64(max(n, 0))
	return err
}

// readFile reads attributes, and the content of a file.
func (s *State) readFile(ops atomicfile.Ops, dir *os.File, name string) error {
	f, err := Open(ops, dir, name)
	if err != nil {
		return err
	}
	defer f.Close()
	if s.Xattrs, err = readXattrs(ops, f); err != nil || s.Kind == Folder {
		return err
	}
	sum := sha256.New()
	// One byte more than the file has finds its end without growing.
	buffer := make([]byte, min(max(s.Size, 0)+1, maxBuffer))
	s.Size, err = io.CopyBuffer(sum, Reader{ops, f}, buffer)
	s.Sum = hex.EncodeToString(sum.Sum(nil))
	return err
}

// Open opens a file or folder for reading, never through a link, and never waiting for the other end of a pipe.
func Open(ops atomicfile.Ops, dir *os.File, name string) (*os.File, error) {
	path := filepath.Join(dir.Name(), name)
	fd := -1
	err := ops.Do("openat", path, func() (err error) {
		fd, err = unix.Openat(int(dir.Fd()), name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

// Sum is the sum of a content as State has it.
func Sum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Reader reads a file through the gate of Ops.
type Reader struct {
	Ops  atomicfile.Ops
	File *os.File
}

// Read implements io.Reader.
func (r Reader) Read(p []byte) (int, error) {
	n := 0
	err := r.Ops.Do("read", r.File.Name(), func() (err error) {
		n, err = r.File.Read(p)
		return err
	})
	if errors.Is(err, io.EOF) {
		return n, io.EOF
	}
	return n, err
}

// maxBuffer is the most that is read at once, commonBuffer the room that most attributes fit into, maxXattr what the
// kernel allows for a list of names or a value.
const (
	maxBuffer    = 1 << 18
	commonBuffer = 512
	maxXattr     = 1 << 16
)

// readXattrs reads the extended attributes, access control lists among them. A file system without attributes has none.
func readXattrs(ops atomicfile.Ops, f *os.File) (map[string][]byte, error) {
	list, err := grown(func(room []byte) (n int, err error) {
		err = ops.Do("flistxattr", f.Name(), func() (err error) {
			n, err = unix.Flistxattr(int(f.Fd()), room)
			return err
		})
		return n, err
	})
	if errors.Is(err, unix.ENOTSUP) || err == nil && len(list) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	attrs := map[string][]byte{}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		attrs[name], err = grown(func(room []byte) (n int, err error) {
			err = ops.Do("fgetxattr", f.Name(), func() (err error) {
				n, err = unix.Fgetxattr(int(f.Fd()), name, room)
				return err
			})
			return n, err
		})
		if err != nil {
			return nil, fmt.Errorf("attribute %s: %w", name, err)
		}
	}
	return attrs, nil
}

// grown reads into a small room, and into the largest possible if that is too small.
func grown(read func([]byte) (int, error)) ([]byte, error) {
	var n int
	var err error
	for _, size := range []int{commonBuffer, maxXattr} {
		room := make([]byte, size)
		if n, err = read(room); !errors.Is(err, unix.ERANGE) {
			return room[:max(n, 0)], err
		}
	}
	return nil, err
}
