// Package pack owns the file format that holds the contents of backups: one append-only file of compressed pieces, each
// named by the SHA-256 of its content, with an index at the end.
//
// Layout, integers little-endian:
//
//	"HSTPACK1"
//	per piece: hash 32 · stored length u32 · raw length u32 · method u8 · crc32c of these and the data u32 · data
//	per piece: hash 32 · offset of its header u64                      (the index)
//	crc32c of the index and the count u32 · count u32 · "HSTPEND1"
//
// Every byte is covered by a checksum. It does not own which pieces make up which file, nor when a pack is deleted.
// A Writer is for one goroutine; Encode and a Reader are for many.
package pack

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// MaxPiece is the most raw bytes of one piece. It bounds the memory that reading any file takes.
const MaxPiece = 4 << 20

const (
	headMagic  = "HSTPACK1"
	tailMagic  = "HSTPEND1"
	headerSize = 32 + 4 + 4 + 1 + 4
	entrySize  = 32 + 8
	tailSize   = 4 + 4 + len(tailMagic)
)

// How the data of a piece is stored.
const (
	methodRaw  = 0
	methodZstd = 1
)

// ErrDamaged matches every error that says that a pack is not what was written.
var ErrDamaged = errors.New("damaged")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Hash is the SHA-256 of the raw content of a piece.
type Hash [sha256.Size]byte

// String is the hash in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes the hash in hexadecimal.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads 64 hexadecimal digits.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(h)) {
		return fmt.Errorf("hash of %d digits, want %d", len(text), hex.EncodedLen(len(h)))
	}
	_, err := hex.Decode(h[:], text)
	return err
}

// Piece is a piece as it is stored.
type Piece struct {
	Hash   Hash
	raw    uint32
	method byte
	data   []byte
}

// Stored is the number of bytes that the piece takes in a pack.
func (p Piece) Stored() int64 { return int64(headerSize + len(p.data)) }

// coders are shared: both halves of zstd's API used here are safe for concurrent use.
var coders = sync.OnceValue(func() (c struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}) {
	var encErr, decErr error
	c.enc, encErr = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false))
	c.dec, decErr = zstd.NewReader(nil, zstd.WithDecoderMaxMemory(MaxPiece))
	if err := errors.Join(encErr, decErr); err != nil {
		panic(err) // only wrong options make these fail
	}
	return c
})

// Encode compresses raw, of at most MaxPiece bytes, which has the given hash. What does not get smaller is stored raw; the
// piece then shares raw's memory.
func Encode(hash Hash, raw []byte) Piece {
	p := Piece{Hash: hash, raw: uint32(len(raw)), method: methodZstd}
	p.data = coders().enc.EncodeAll(raw, make([]byte, 0, len(raw)/2+64))
	if len(p.data) >= len(raw) {
		p.method, p.data = methodRaw, raw
	}
	return p
}

// header returns the bytes before the data.
func (p Piece) header() []byte {
	h := make([]byte, 0, headerSize)
	h = append(h, p.Hash[:]...)
	h = binary.LittleEndian.AppendUint32(h, uint32(len(p.data)))
	h = binary.LittleEndian.AppendUint32(h, p.raw)
	h = append(h, p.method)
	sum := crc32.Update(crc32.Checksum(h, castagnoli), castagnoli, p.data)
	return binary.LittleEndian.AppendUint32(h, sum)
}

// Decode returns the raw content, whose hash it has checked.
func (p Piece) Decode() ([]byte, error) {
	raw := p.data
	if p.method == methodZstd {
		var err error
		if raw, err = coders().dec.DecodeAll(p.data, make([]byte, 0, p.raw)); err != nil {
			return nil, fmt.Errorf("%w: decompress piece %s: %w", ErrDamaged, p.Hash, err)
		}
	}
	if got := Hash(sha256.Sum256(raw)); got != p.Hash {
		return nil, fmt.Errorf("%w: piece %s: its content has the hash %s", ErrDamaged, p.Hash, got)
	}
	return raw, nil
}

// Writer writes a pack to a stream.
type Writer struct {
	out    io.Writer
	offset uint64
	index  []byte
	seen   map[Hash]bool
}

// NewWriter begins a pack on out, which should be buffered.
func NewWriter(out io.Writer) (*Writer, error) {
	w := &Writer{out: out, seen: make(map[Hash]bool)}
	return w, w.write([]byte(headMagic))
}

// Add appends a piece, unless the pack has it already.
func (w *Writer) Add(p Piece) error {
	if w.seen[p.Hash] {
		return nil
	}
	w.seen[p.Hash] = true
	w.index = append(w.index, p.Hash[:]...)
	w.index = binary.LittleEndian.AppendUint64(w.index, w.offset)
	if err := w.write(p.header()); err != nil {
		return err
	}
	return w.write(p.data)
}

// Pieces is the number of pieces so far.
func (w *Writer) Pieces() int { return len(w.index) / entrySize }

// Size is the number of bytes so far.
func (w *Writer) Size() int64 { return int64(w.offset) }

// Finish writes the index. The pack is complete when it returns nil, but durable only when its file is.
func (w *Writer) Finish() error {
	return w.write(appendTail(w.index))
}

func appendTail(index []byte) []byte {
	count := binary.LittleEndian.AppendUint32(nil, uint32(len(index)/entrySize))
	sum := crc32.Update(crc32.Checksum(index, castagnoli), castagnoli, count)
	tail := binary.LittleEndian.AppendUint32(bytes.Clone(index), sum)
	return append(append(tail, count...), tailMagic...)
}

func (w *Writer) write(data []byte) error {
	n, err := w.out.Write(data)
	w.offset += uint64(n)
	return err
}
