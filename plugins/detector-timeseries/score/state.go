package score

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Bytes is the size of the memory of one series, saved or in use.
var Bytes = binary.Size(memory{})

// AppendState appends the memory in a fixed form of Bytes bytes.
func (s *Series) AppendState(b []byte) []byte {
	out, err := binary.Append(b, binary.LittleEndian, &s.m)
	if err != nil {
		panic(fmt.Sprintf("score: the memory is not of a fixed size: %v", err))
	}
	return out
}

// SetState takes back what AppendState wrote. It refuses what cannot be a
// memory and then leaves the series as it was.
func (s *Series) SetState(b []byte) error {
	var m memory
	if len(b) != Bytes {
		return fmt.Errorf("memory of a series: %d bytes, want %d", len(b), Bytes)
	}
	if _, err := binary.Decode(b, binary.LittleEndian, &m); err != nil {
		return fmt.Errorf("memory of a series: %w", err)
	}
	for i, q := range m.Tails {
		if q.Count >= most98 || q.BodyCount > bodySize || q.Rows >= learning && q.BodyCount == 0 {
			return fmt.Errorf("memory of a series: tail %d counts %d excesses and %d values", i, q.Count, q.BodyCount)
		}
	}
	for _, q := range []*sequence{&m.Order1.Sequence, &m.Order6.SlowSequence, &m.Order6.QuickSequence} {
		if !q.sound() {
			return fmt.Errorf("memory of a series: the last symbols are %v", q.Last)
		}
	}
	if b := m.Bounds; !(b.Low >= -math.MaxFloat32 && b.High <= math.MaxFloat32) {
		return fmt.Errorf("memory of a series: the range is %v to %v", b.Low, b.High)
	}
	s.m = m
	return nil
}
