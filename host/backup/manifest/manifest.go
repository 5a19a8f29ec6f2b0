// Package manifest owns the file that says what a backup holds: its head, which lists need, and its entries.
//
// It does not own contents, which entries name by hash. Its functions keep no state.
package manifest

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/homeostat/homeostat/host/backup/tree"
)

const (
	// Suffix ends the name of a manifest.
	Suffix = ".manifest"
	magic  = "HSTMANI1"
	// maxSize bounds the memory that reading the entries takes: about three million of them.
	maxSize = 1 << 30
)

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
	Entries []tree.Entry
}

// Encode writes the manifest as it is on disk: magic, SHA-256 of all that follows, length of the head u32, head as JSON,
// entries as compressed JSON. The head is apart so that a list of backups needs no entries.
func (m *Manifest) Encode() ([]byte, error) {
	head, err := json.Marshal(m.Info)
	if err != nil {
		return nil, err
	}
	entries, err := json.Marshal(m.Entries)
	if err != nil {
		return nil, err
	}
	body := binary.LittleEndian.AppendUint32(nil, uint32(len(head)))
	body = encoder().EncodeAll(entries, append(body, head...))
	sum := sha256.Sum256(body)
	return append(append([]byte(magic), sum[:]...), body...), nil
}

var encoder = sync.OnceValue(func() *zstd.Encoder {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		panic(err) // only wrong options make it fail
	}
	return enc
})

// ErrDamaged matches errors about a manifest that is not as it was written.
var ErrDamaged = errors.New("damaged manifest")

// Decode reads what Encode wrote.
func Decode(data []byte) (*Manifest, error) {
	info, rest, err := decodeHead(data)
	if err != nil {
		return nil, err
	}
	dec, err := zstd.NewReader(bytes.NewReader(rest), zstd.WithDecoderMaxMemory(maxSize), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	defer dec.Close()
	entries, err := io.ReadAll(io.LimitReader(dec, maxSize))
	if err != nil {
		return nil, fmt.Errorf("%w: its entries: %w", ErrDamaged, err)
	}
	m := &Manifest{Info: info}
	if err := json.Unmarshal(entries, &m.Entries); err != nil {
		return nil, fmt.Errorf("%w: its entries: %w", ErrDamaged, err)
	}
	return m, nil
}

// decodeHead checks the sum and reads the head. It also returns the compressed entries.
func decodeHead(data []byte) (Info, []byte, error) {
	body, ok := bytes.CutPrefix(data, []byte(magic))
	if !ok || len(body) < sha256.Size+4 {
		return Info{}, nil, fmt.Errorf("%w: it does not begin as one does", ErrDamaged)
	}
	want, body := body[:sha256.Size], body[sha256.Size:]
	if got := sha256.Sum256(body); !bytes.Equal(got[:], want) {
		return Info{}, nil, fmt.Errorf("%w: its checksum is %x, want %x", ErrDamaged, got, want)
	}
	n := binary.LittleEndian.Uint32(body)
	if body = body[4:]; uint64(n) > uint64(len(body)) {
		return Info{}, nil, fmt.Errorf("%w: head of %d bytes in %d", ErrDamaged, n, len(body))
	}
	var info Info
	if err := json.Unmarshal(body[:n], &info); err != nil {
		return Info{}, nil, fmt.Errorf("%w: its head: %w", ErrDamaged, err)
	}
	return info, body[n:], nil
}

// Read reads the manifest in the file path.
func Read(path string) (*Manifest, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Decode(data)
}

// ReadInfo reads the head of the manifest in the file path, and checks the sum of all of it.
func ReadInfo(path string) (Info, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Info{}, err
	}
	info, _, err := decodeHead(data)
	return info, err
}
