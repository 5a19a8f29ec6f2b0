package pack

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// Reader reads a finished pack. It holds only the index in memory.
type Reader struct {
	in    io.ReaderAt
	end   int64 // where the index begins
	index map[Hash]int64
}

// NewReader checks the frame and the index of a pack of size bytes. It does not read the pieces.
func NewReader(in io.ReaderAt, size int64) (*Reader, error) {
	r := &Reader{in: in}
	head, err := r.read(0, int64(len(headMagic)), size)
	if err != nil || string(head) != headMagic {
		return nil, fmt.Errorf("%w: it does not begin as a pack does", ErrDamaged)
	}
	tail, err := r.read(size-int64(tailSize), int64(tailSize), size)
	if err != nil || string(tail[8:]) != tailMagic {
		return nil, fmt.Errorf("%w: it does not end as a pack does", ErrDamaged)
	}
	count := int64(binary.LittleEndian.Uint32(tail[4:]))
	r.end = size - int64(tailSize) - count*entrySize
	index, err := r.read(r.end, count*entrySize, size)
	if err != nil || r.end < int64(len(headMagic)) {
		return nil, fmt.Errorf("%w: its index of %d pieces does not fit in %d bytes", ErrDamaged, count, size)
	}
	if !bytes.Equal(appendTail(index)[len(index):], tail) {
		return nil, fmt.Errorf("%w: the checksum of its index is wrong", ErrDamaged)
	}
	r.index = make(map[Hash]int64, count)
	for ; len(index) > 0; index = index[entrySize:] {
		r.index[Hash(index[:32])] = int64(binary.LittleEndian.Uint64(index[32:]))
	}
	return r, nil
}

// Hashes calls yield for each piece until it returns false.
func (r *Reader) Hashes(yield func(Hash) bool) {
	for h := range r.index {
		if !yield(h) {
			return
		}
	}
}

// Has says whether the index names the piece.
func (r *Reader) Has(h Hash) bool {
	_, ok := r.index[h]
	return ok
}

// Piece reads one piece as it is stored and checks its checksum, but not its hash: Decode does that.
func (r *Reader) Piece(h Hash) (Piece, error) {
	offset, ok := r.index[h]
	if !ok {
		return Piece{}, fmt.Errorf("%w: piece %s is not in it", ErrDamaged, h)
	}
	p, _, err := r.at(offset)
	if err == nil && p.Hash != h {
		err = fmt.Errorf("%w: at the place of piece %s is %s", ErrDamaged, h, p.Hash)
	}
	return p, err
}

// at reads the piece whose header is at offset and says where the next one begins.
func (r *Reader) at(offset int64) (Piece, int64, error) {
	header, err := r.read(offset, headerSize, r.end)
	if err != nil {
		return Piece{}, 0, fmt.Errorf("%w: the piece at %d: %w", ErrDamaged, offset, err)
	}
	p := Piece{Hash: Hash(header[:32]), raw: binary.LittleEndian.Uint32(header[36:]), method: header[40]}
	stored := int64(binary.LittleEndian.Uint32(header[32:]))
	if p.raw > MaxPiece || stored > int64(p.raw) || p.method > methodZstd {
		return p, 0, fmt.Errorf("%w: piece %s at %d: impossible header", ErrDamaged, p.Hash, offset)
	}
	if p.data, err = r.read(offset+headerSize, stored, r.end); err != nil {
		return p, 0, fmt.Errorf("%w: piece %s at %d: %w", ErrDamaged, p.Hash, offset, err)
	}
	sum := crc32.Update(crc32.Checksum(header[:41], castagnoli), castagnoli, p.data)
	if sum != binary.LittleEndian.Uint32(header[41:]) {
		return p, 0, fmt.Errorf("%w: piece %s at %d: wrong checksum", ErrDamaged, p.Hash, offset)
	}
	return p, offset + headerSize + stored, nil
}

// Verify reads the whole pack. It returns the hashes of the pieces that cannot be had and, joined in err, why. After a
// damaged header the pieces behind it are found by the index.
func (r *Reader) Verify() (lost []Hash, err error) {
	var covered int64
	var first error
	for h := range r.index {
		p, readErr := r.Piece(h)
		if readErr == nil {
			_, readErr = p.Decode()
		}
		if readErr != nil {
			lost = append(lost, h)
			first = readErr
			continue
		}
		covered += p.Stored()
	}
	if first == nil && covered != r.end-int64(len(headMagic)) {
		first = fmt.Errorf("%w: %d bytes belong to no piece", ErrDamaged, r.end-int64(len(headMagic))-covered)
	}
	return lost, first
}

// read returns n bytes at offset, all of which must lie before end.
func (r *Reader) read(offset, n, end int64) ([]byte, error) {
	if offset < 0 || n < 0 || n > end-offset {
		return nil, fmt.Errorf("%d bytes at %d are beyond %d", n, offset, end)
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(r.in, offset, n), data); err != nil {
		return nil, err
	}
	return data, nil
}
