// Package row packs the samples of one append into a row, and reads rows.
//
// It owns the format of a row, which suits many series with few samples each;
// package chunk owns that of long stretches of one. A Builder belongs to one
// goroutine, Read keeps no state.
package row

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// The coders: fast, because a row lives for an hour at most.
var (
	coder, _   = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	decoder, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
)

// Builder builds one row: columns of several series. Columns of times that are
// equal are stored once. The zero Builder is an empty row.
//
// The row is a zstd frame around: for each series its number, the number of
// samples, the index of its column of times or, for a new one, the times as
// differences; then each value as its bits XORed with those of the one before.
type Builder struct {
	// Start and End are the least and the greatest time in the row.
	Start, End int64
	body       []byte
	columns    map[uint64]column
}

type column struct {
	index int
	times []int64
}

var columnSeed = maphash.MakeSeed()

// Hash returns a number that is equal for equal columns of times, within this
// process.
func Hash(times []int64) uint64 {
	var h maphash.Hash
	h.SetSeed(columnSeed)
	for _, t := range times {
		maphash.WriteComparable(&h, t)
	}
	return h.Sum64()
}

// Empty reports that nothing was added.
func (b *Builder) Empty() bool { return len(b.body) == 0 }

// Add adds samples of a series, which has a number above 0. There is a value
// for each time, and at least one.
func (b *Builder) Add(series int64, times []int64, values []float64) {
	if b.Empty() {
		b.Start, b.End, b.columns = math.MaxInt64, math.MinInt64, map[uint64]column{}
	}
	b.Start, b.End = min(b.Start, times[0]), max(b.End, times[len(times)-1])
	b.body = binary.AppendUvarint(b.body, uint64(series))
	b.body = binary.AppendUvarint(b.body, uint64(len(times)))
	key := Hash(times)
	if have, ok := b.columns[key]; ok && slices.Equal(have.times, times) {
		b.body = binary.AppendUvarint(b.body, uint64(have.index))
	} else {
		fresh := column{len(b.columns), times}
		b.columns[key] = fresh
		b.body = binary.AppendUvarint(b.body, uint64(fresh.index))
		b.body = appendTimes(b.body, times)
	}
	var before uint64
	for _, v := range values {
		bits := math.Float64bits(v)
		b.body = binary.LittleEndian.AppendUint64(b.body, bits^before)
		before = bits
	}
}

func appendTimes(body []byte, times []int64) []byte {
	var before int64
	for _, t := range times {
		body = binary.AppendVarint(body, t-before)
		before = t
	}
	return body
}

// Pack returns the row.
func (b *Builder) Pack() []byte { return coder.EncodeAll(b.body, nil) }

var errRow = errors.New("row ends too early")

// reader reads what a Builder has packed.
type reader struct {
	data    []byte
	columns [][]int64
}

// Read calls f for every series of a row. The slices belong to f; times may
// be shared by several series and must not be written to.
func Read(body []byte, f func(series int64, times []int64, values []float64)) error {
	data, err := decoder.DecodeAll(body, nil)
	if err != nil {
		return fmt.Errorf("read row of samples: %w", err)
	}
	r := reader{data: data}
	for len(r.data) > 0 {
		series, times, values, err := r.next()
		if err != nil {
			return fmt.Errorf("read row of samples: %w", err)
		}
		f(series, times, values)
	}
	return nil
}

func (r *reader) next() (series int64, times []int64, values []float64, err error) {
	id, ok1 := r.number()
	n, ok2 := r.number()
	index, ok3 := r.number()
	if !ok1 || !ok2 || !ok3 || n > uint64(len(r.data))/8 || index > uint64(len(r.columns)) {
		return 0, nil, nil, errRow
	}
	if index == uint64(len(r.columns)) {
		fresh, err := r.times(int(n))
		if err != nil {
			return 0, nil, nil, err
		}
		r.columns = append(r.columns, fresh)
	}
	times = r.columns[index]
	if uint64(len(times)) != n || n*8 > uint64(len(r.data)) {
		return 0, nil, nil, errRow
	}
	values = make([]float64, n)
	var before uint64
	for i := range values {
		before ^= binary.LittleEndian.Uint64(r.data[8*i:])
		values[i] = math.Float64frombits(before)
	}
	r.data = r.data[8*n:]
	return int64(id), times, values, nil
}

func (r *reader) number() (uint64, bool) {
	v, size := binary.Uvarint(r.data)
	if size <= 0 {
		return 0, false
	}
	r.data = r.data[size:]
	return v, true
}

func (r *reader) times(n int) ([]int64, error) {
	times := make([]int64, n)
	var before int64
	for i := range times {
		d, size := binary.Varint(r.data)
		if size <= 0 {
			return nil, errRow
		}
		r.data = r.data[size:]
		before += d
		times[i] = before
	}
	return times, nil
}
