package chunk

import (
	"math"
	"slices"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sameBits compares with the bits, so that 0 and -0 differ.
func sameBits(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) })
}

func TestValuesComeBackBitForBit(t *testing.T) {
	cases := map[string][]float64{
		"none":      {},
		"zero":      {0, 0, 0},
		"minus 0":   {0, math.Copysign(0, -1)},
		"pages":     {4096, 8192, 4096 * 1e6},
		"cents":     {0.1, 0.2, 0.3, 12.34, 99.99},
		"micros":    {0.000123, 1.5, 2},
		"floats":    {math.Pi, math.E, 1e300, -1e-300},
		"large":     {1 << 53, 1<<53 + 2, -(1 << 60)},
		"counter":   {1, 1001, 2001, 0, 1000},
		"one":       {42},
		"not a sum": {0.1 + 0.2},
		"extremes":  {math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64},
	}
	for name, want := range cases {
		got, err := UnpackValues(PackValues(want), len(want))
		if err != nil || !sameBits(got, want) {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, want)
		}
	}
}

func TestAnyColumnComesBack(t *testing.T) {
	value := rapid.OneOf(rapid.Float64(), rapid.Map(rapid.IntRange(-1e6, 1e6), func(i int) float64 { return float64(i) / 100 }))
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOf(value).Draw(t, "values")
		got, err := UnpackValues(PackValues(values), len(values))
		if err != nil || !sameBits(got, values) {
			t.Fatalf("got %v, %v, want %v", got, err, values)
		}
		times := rapid.SliceOf(rapid.Int64()).Draw(t, "times")
		back, err := UnpackTimes(PackTimes(times), len(times))
		if err != nil || !slices.Equal(back, times) {
			t.Fatalf("got %v, %v, want %v", back, err, times)
		}
	})
}

func TestSteadyTimesAndConstantValuesCostNextToNothing(t *testing.T) {
	times, values := make([]int64, 3600), make([]float64, 3600)
	for i := range times {
		times[i], values[i] = 1_700_000_000_000+int64(i)*1000, 128<<20
	}
	if n := len(PackTimes(times)) + len(PackValues(values)); n > 200 {
		t.Errorf("an hour of a constant signal takes %d bytes, want at most 200", n)
	}
}

func FuzzUnpackNeverPanics(f *testing.F) {
	for _, values := range [][]float64{{1, 2, 3}, {math.Pi, math.E}, {0, 0, 0, 0}, make([]float64, 500)} {
		f.Add(PackValues(values), len(values))
	}
	f.Add([]byte{9, 9, 9}, 3)
	f.Add([]byte{plain, 0, 1, planeZstd, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1}, 3)
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		if values, err := UnpackValues(data, n); err == nil && len(values) != n {
			t.Errorf("got %d values without an error, want %d", len(values), n)
		}
		if times, err := UnpackTimes(data, n); err == nil && len(times) != n {
			t.Errorf("got %d times without an error, want %d", len(times), n)
		}
	})
}
