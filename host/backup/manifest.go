package backup

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/homeostat/homeostat/host/backup/pack"
)

const (
	manifestSuffix = ".manifest"
	manifestMagic  = "HSTMANI1"
	// maxManifest bounds the memory that reading a manifest takes: about three million entries.
	maxManifest = 1 << 30
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

// pieces are the hashes of the content in order.
func (e *Entry) pieces() []pack.Hash {
	if e.Pieces == nil && e.Sum != nil && e.Size > 0 {
		return []pack.Hash{*e.Sum}
	}
	return e.Pieces
}

// Info is the head of a manifest. Its names in JSON are those of the HTTP API.
type Info struct {
	ID        string    `json:"backup_id"`
	Root      string    `json:"root"`
	RootPath  string    `json:"root_path"`
	Whole     bool      `json:"whole"`        // of the whole root, not of given paths
	Files     int       `json:"files_count"`  // entries that are regular files
	Bytes     int64     `json:"backup_size"`  // content of the files
	Stored    int64     `json:"stored_bytes"` // added to the store by this backup
	CreatedAt time.Time `json:"created_at"`
	ReadAt    time.Time `json:"read_at"` // by the clock of the host, when reading began
	ExpiresAt time.Time `json:"expires_at"`
	// Skipped names what a backup cannot hold (sockets, devices, other mounts), with the reason.
	Skipped []string `json:"skipped,omitempty"`

	// Pins are the holders that keep the backup from expiring; LastKnownGood says that it is the newest verified healthy
	// state of its root. Both are of the store, not of the manifest.
	Pins          []string `json:"pins,omitempty"`
	LastKnownGood bool     `json:"last_known_good,omitempty"`
}

// Manifest is a backup: its head and its entries, parents before children.
type Manifest struct {
	Info    Info
	Entries []Entry
}

func (s *Store) manifestPath(id string) string {
	return filepath.Join(s.manifestDir(), id+manifestSuffix)
}

// A manifest on disk is: magic, SHA-256 of all that follows, length of the head u32, head as JSON, entries as compressed
// JSON. The head is apart so that a list of backups needs no entries.
func (m *Manifest) encode() ([]byte, error) {
	head, err := json.Marshal(m.Info)
	if err != nil {
		return nil, err
	}
	entries, err := json.Marshal(m.Entries)
	if err != nil {
		return nil, err
	}
	body := binary.LittleEndian.AppendUint32(nil, uint32(len(head)))
	body = manifestEncoder().EncodeAll(entries, append(body, head...))
	sum := sha256.Sum256(body)
	return append(append([]byte(manifestMagic), sum[:]...), body...), nil
}

var manifestEncoder = sync.OnceValue(func() *zstd.Encoder {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		panic(err) // only wrong options make it fail
	}
	return enc
})

var errManifest = errors.New("damaged manifest")

// decodeManifest reads what encode wrote.
func decodeManifest(data []byte) (*Manifest, error) {
	info, rest, err := decodeHead(data)
	if err != nil {
		return nil, err
	}
	dec, err := zstd.NewReader(bytes.NewReader(rest), zstd.WithDecoderMaxMemory(maxManifest), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errManifest, err)
	}
	defer dec.Close()
	entries, err := io.ReadAll(io.LimitReader(dec, maxManifest))
	if err != nil {
		return nil, fmt.Errorf("%w: its entries: %w", errManifest, err)
	}
	m := &Manifest{Info: info}
	if err := json.Unmarshal(entries, &m.Entries); err != nil {
		return nil, fmt.Errorf("%w: its entries: %w", errManifest, err)
	}
	return m, nil
}

// decodeHead checks the sum and reads the head. It also returns the compressed entries.
func decodeHead(data []byte) (Info, []byte, error) {
	body, ok := bytes.CutPrefix(data, []byte(manifestMagic))
	if !ok || len(body) < sha256.Size+4 {
		return Info{}, nil, fmt.Errorf("%w: it does not begin as one does", errManifest)
	}
	want, body := body[:sha256.Size], body[sha256.Size:]
	if got := sha256.Sum256(body); !bytes.Equal(got[:], want) {
		return Info{}, nil, fmt.Errorf("%w: its checksum is %x, want %x", errManifest, got, want)
	}
	n := binary.LittleEndian.Uint32(body)
	if body = body[4:]; uint64(n) > uint64(len(body)) {
		return Info{}, nil, fmt.Errorf("%w: head of %d bytes in %d", errManifest, n, len(body))
	}
	var info Info
	if err := json.Unmarshal(body[:n], &info); err != nil {
		return Info{}, nil, fmt.Errorf("%w: its head: %w", errManifest, err)
	}
	return info, body[n:], nil
}

func readManifest(path string) (*Manifest, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return decodeManifest(data)
}

func readInfo(path string) (Info, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Info{}, err
	}
	info, _, err := decodeHead(data)
	return info, err
}
