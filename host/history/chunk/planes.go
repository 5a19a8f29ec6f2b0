package chunk

import (
	"encoding/binary"
	"fmt"
)

// The forms of a plane.
const (
	planeZero = 0 // nothing but zeros: no bytes
	planeRaw  = 1 // n bytes as they are
	planeZstd = 2 // length, then a zstd frame
)

// packPlanes packs n numbers byte by byte: all lowest bytes, then all second
// bytes, and so on. It suits numbers whose bytes differ in kind, as the bits of
// floats do: sign and exponent hardly change, the lowest bits are noise.
func packPlanes(numbers []uint64) []byte {
	var all uint64
	for _, v := range numbers {
		all |= v
	}
	var out []byte
	plane := make([]byte, len(numbers))
	for shift := 0; shift < 64; shift += 8 {
		if all>>shift == 0 {
			break
		}
		for i, v := range numbers {
			plane[i] = byte(v >> shift)
		}
		out = packPlane(out, plane)
	}
	return out
}

func packPlane(out, plane []byte) []byte {
	zero := true
	for _, b := range plane {
		zero = zero && b == 0
	}
	if zero {
		return append(out, planeZero)
	}
	frame := coder.EncodeAll(plane, nil)
	if len(frame)+2 >= len(plane) {
		return append(append(out, planeRaw), plane...)
	}
	out = binary.AppendUvarint(append(out, planeZstd), uint64(len(frame)))
	return append(out, frame...)
}

// unpackPlanes is the reverse of packPlanes.
func unpackPlanes(data []byte, n int) ([]uint64, error) {
	if n < 0 || n > MaxSamples {
		return nil, fmt.Errorf("%d samples, at most %d are allowed", n, MaxSamples)
	}
	out := make([]uint64, n)
	for shift := 0; len(data) > 0; shift += 8 {
		if shift == 64 {
			return nil, fmt.Errorf("more than eight planes")
		}
		plane, rest, err := unpackPlane(data, n)
		if err != nil {
			return nil, fmt.Errorf("plane %d: %w", shift/8, err)
		}
		for i, b := range plane {
			out[i] |= uint64(b) << shift
		}
		data = rest
	}
	return out, nil
}

// unpackPlane returns the n bytes of the first plane, none for zeros, and what
// follows it.
func unpackPlane(data []byte, n int) (plane, rest []byte, err error) {
	form, data := data[0], data[1:]
	switch form {
	case planeZero:
		return nil, data, nil
	case planeRaw:
		if len(data) < n {
			return nil, nil, errShort
		}
		return data[:n], data[n:], nil
	case planeZstd:
		size, head := binary.Uvarint(data)
		if head <= 0 || size > uint64(len(data)-head) {
			return nil, nil, errShort
		}
		end := head + int(size)
		plane, err = decoder.DecodeAll(data[head:end], make([]byte, 0, n))
		if err == nil && len(plane) != n {
			err = fmt.Errorf("holds %d bytes, want %d", len(plane), n)
		}
		return plane, data[end:], err
	}
	return nil, nil, fmt.Errorf("form %d is not known", form)
}
