package follow

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sys/unix"
)

// identity tells files apart, also when an inode number is used again.
type identity struct {
	Dev   uint64 `json:"dev"`
	Ino   uint64 `json:"ino"`
	Birth int64  `json:"birth"` // Unix nanoseconds, 0 where the file system keeps none
}

// identify returns the identity of an open file.
func identify(f *os.File) (identity, error) {
	return statx(int(f.Fd()), "", unix.AT_EMPTY_PATH)
}

// identifyPath returns the identity of the file that a path names now.
func identifyPath(path string) (identity, error) { return statx(unix.AT_FDCWD, path, 0) }

func statx(dir int, path string, flags int) (identity, error) {
	var s unix.Statx_t
	if err := unix.Statx(dir, path, flags, unix.STATX_INO|unix.STATX_BTIME, &s); err != nil {
		return identity{}, &os.PathError{Op: "statx", Path: path, Err: err}
	}
	id := identity{Dev: uint64(s.Dev_major)<<32 | uint64(s.Dev_minor), Ino: s.Ino}
	if s.Mask&unix.STATX_BTIME != 0 {
		id.Birth = s.Btime.Sec*1e9 + int64(s.Btime.Nsec)
	}
	return id, nil
}

// checkpoint is a position in a file, and how to recognise the file. It holds
// sums instead of the bytes, because logs may hold secrets.
type checkpoint struct {
	ID       identity `json:"id"`
	Offset   int64    `json:"offset"` // behind the last whole line that was handed over
	Head     digest   `json:"head"`   // of the first bytes of the file
	Tail     digest   `json:"tail"`   // of the last bytes before Offset
	Skipping bool     `json:"skipping,omitempty"`
}

// plausible refuses what no checkpoint of ours can say.
func (c checkpoint) plausible() bool {
	return c.Offset >= 0 && c.Head.Len >= 0 && c.Head.Len <= headSize && int64(c.Head.Len) <= c.Offset &&
		c.Tail.Len >= 0 && c.Tail.Len <= tailSize && int64(c.Tail.Len) <= c.Offset
}

// digest is the sum of some bytes.
type digest struct {
	Len int    `json:"len"`
	Sum string `json:"sum"`
}

func digestOf(data []byte) digest {
	sum := sha256.Sum256(data)
	return digest{len(data), hex.EncodeToString(sum[:8])}
}

// checkpoints are the positions in all files.
type checkpoints map[Target]checkpoint

// entry is one checkpoint in the state file.
type entry struct {
	Component string `json:"component"`
	Path      string `json:"path"`
	checkpoint
}

func (c checkpoints) encode() []byte {
	entries := make([]entry, 0, len(c))
	for t, at := range c {
		entries = append(entries, entry{t.Component, t.Path, at})
	}
	data, err := json.Marshal(map[string]any{"version": 1, "files": entries})
	if err != nil {
		panic(err) // plain data cannot fail
	}
	return data
}

// loadCheckpoints reads the state file. One that cannot be read counts as none:
// the files are then followed from their ends.
func loadCheckpoints(path string, log hclog.Logger) checkpoints {
	out := checkpoints{}
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return out
	}
	var file struct {
		Version int     `json:"version"`
		Files   []entry `json:"files"`
	}
	if err == nil {
		err = json.Unmarshal(data, &file)
	}
	if err != nil || file.Version != 1 {
		log.Warn("positions in log files cannot be read, following the files from their ends", "file", path, "version", file.Version, "error", err)
		return out
	}
	for _, e := range file.Files {
		if e.plausible() {
			out[Target{e.Component, e.Path}] = e.checkpoint
		}
	}
	return out
}

// writeFile replaces a file in one step. It is not forced to the disk: after a
// power cut an older position, or none, does.
func writeFile(path string, data []byte) error {
	next := path + ".next"
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}
