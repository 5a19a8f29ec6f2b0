package history

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// The coders of tail rows: fast, because a row lives for an hour at most.
var (
	rowCoder, _   = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	rowDecoder, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
)

// batch builds one row of the tail: columns of several series. Columns of
// times that are equal are stored once.
//
// The row is a zstd frame around: for each series its number, the number of
// samples, the index of its column of times or, for a new one, the times as
// differences; then each value as its bits XORed with those of the one before.
type batch struct {
	start, end int64
	body       []byte
	columns    map[uint64]column
}

type column struct {
	index int
	times []int64
}

var columnSeed = maphash.MakeSeed()

func hashTimes(times []int64) uint64 {
	var h maphash.Hash
	h.SetSeed(columnSeed)
	for _, t := range times {
		maphash.WriteComparable(&h, t)
	}
	return h.Sum64()
}

func (b *batch) empty() bool { return len(b.body) == 0 }

func (b *batch) add(series int64, times []int64, values []float64) {
	if b.empty() {
		b.start, b.end, b.columns = math.MaxInt64, math.MinInt64, map[uint64]column{}
	}
	b.start, b.end = min(b.start, times[0]), max(b.end, times[len(times)-1])
	b.body = binary.AppendUvarint(b.body, uint64(series))
	b.body = binary.AppendUvarint(b.body, uint64(len(times)))
	key := hashTimes(times)
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

func (b *batch) pack() []byte { return rowCoder.EncodeAll(b.body, nil) }

var errRow = errors.New("row ends too early")

// rowReader reads what a batch has packed.
type rowReader struct {
	data    []byte
	columns [][]int64
}

// readRow calls f for every series of a row. The slices belong to f; times may
// be shared by several series and must not be written to.
func readRow(body []byte, f func(series int64, times []int64, values []float64)) error {
	data, err := rowDecoder.DecodeAll(body, nil)
	if err != nil {
		return fmt.Errorf("read row of samples: %w", err)
	}
	r := rowReader{data: data}
	for len(r.data) > 0 {
		series, times, values, err := r.next()
		if err != nil {
			return fmt.Errorf("read row of samples: %w", err)
		}
		f(series, times, values)
	}
	return nil
}

func (r *rowReader) next() (series int64, times []int64, values []float64, err error) {
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

func (r *rowReader) number() (uint64, bool) {
	v, size := binary.Uvarint(r.data)
	if size <= 0 {
		return 0, false
	}
	r.data = r.data[size:]
	return v, true
}

func (r *rowReader) times(n int) ([]int64, error) {
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
