// Package evolve holds what all search methods share: the form of a method, a
// random source whose state can be kept, and numbers that survive being saved.
//
// The methods are its sub-packages: es, cmaes, lshade and mixed search the unit
// cube for the least cost, search chooses among them by budget and restarts
// them, elites and arms keep what was found and what it was worth live, and
// population is the envelope in which all of it is kept. All are pure: they take
// a seed, read no clock and touch no file, and the same seed and costs give the
// same points. None is safe for concurrent use.
package evolve

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
)

// Method searches the unit cube in generations. Its exported fields are its
// state: a copy that went through JSON carries on like the original.
type Method interface {
	// Generation returns the points whose costs are wanted next, each with
	// coordinates from 0 to 1. It returns the same ones until Tell.
	Generation() [][]float64
	// Tell takes the costs of the generation, in its order; lower is better,
	// +Inf is a point that cannot be evaluated.
	Tell(costs []float64)
	// Done says why the method cannot find better points any more, or nothing.
	Done() string
	// Check reports why the state, which may come from a damaged file, cannot be
	// carried on in n dimensions.
	Check(n int) error
}

// MaxDimensions is the largest number of parameters that a search takes: the
// state of a method grows with its square.
const MaxDimensions = 64

// Source is a seeded source of random numbers whose state can be kept. The zero
// value is not usable; use NewSource or unmarshal one.
type Source struct {
	*rand.Rand
	pcg *rand.PCG
}

// NewSource returns the source of a seed.
func NewSource(seed uint64) *Source {
	pcg := rand.NewPCG(seed, 0x9e3779b97f4a7c15) // any fixed second word will do
	return &Source{rand.New(pcg), pcg}
}

// MarshalText writes the state.
func (s *Source) MarshalText() ([]byte, error) {
	state, err := s.pcg.MarshalBinary()
	return []byte(base64.StdEncoding.EncodeToString(state)), err
}

// UnmarshalText reads a state that MarshalText wrote.
func (s *Source) UnmarshalText(text []byte) error {
	state, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return fmt.Errorf("random source: %w", err)
	}
	pcg := &rand.PCG{}
	if err := pcg.UnmarshalBinary(state); err != nil {
		return fmt.Errorf("random source: %w", err)
	}
	s.pcg, s.Rand = pcg, rand.New(pcg)
	return nil
}

// Usable reports that the source was made or read.
func (s *Source) Usable() bool { return s != nil && s.Rand != nil }

// Point returns a point of the unit cube, uniformly drawn.
func (s *Source) Point(n int) Floats {
	x := make(Floats, n)
	for i := range x {
		x[i] = s.Float64()
	}
	return x
}

// Floats are numbers that keep every bit when they are saved, infinities
// included, in a third of the space of their decimals.
type Floats []float64

// MarshalText writes the bits of the numbers in base64, little-endian.
func (f Floats) MarshalText() ([]byte, error) {
	raw := make([]byte, 0, 8*len(f))
	for _, v := range f {
		raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(v))
	}
	return base64.StdEncoding.AppendEncode(nil, raw), nil
}

// UnmarshalText reads what MarshalText wrote. NaN is refused: nobody saves it.
func (f *Floats) UnmarshalText(text []byte) error {
	raw, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil {
		return fmt.Errorf("numbers: %w", err)
	}
	if len(raw)%8 != 0 {
		return fmt.Errorf("numbers: %d bytes are no whole number of them", len(raw))
	}
	out := make(Floats, len(raw)/8)
	for i := range out {
		out[i] = math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:]))
		if math.IsNaN(out[i]) {
			return fmt.Errorf("numbers: the %d. is not a number", i+1)
		}
	}
	*f = out
	return nil
}

// Finite reports that there are n numbers and none is infinite.
func (f Floats) Finite(n int) bool {
	if len(f) != n {
		return false
	}
	for _, v := range f {
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return false
		}
	}
	return true
}

// InCube reports that f is a point of the unit cube of n dimensions.
func (f Floats) InCube(n int) bool {
	if len(f) != n {
		return false
	}
	for _, v := range f {
		if !(v >= 0 && v <= 1) {
			return false
		}
	}
	return true
}

// Reflect folds a number into 0 to 1 as mirrors at both ends would. What is no
// finite number becomes the middle.
func Reflect(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0.5
	}
	x = math.Abs(math.Mod(x, 2))
	if x > 1 {
		x = 2 - x
	}
	return x
}
