package row

import (
	"slices"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRowComesBack(t *testing.T) {
	var b Builder
	if !b.Empty() {
		t.Error("a new row is not empty")
	}
	b.Add(7, []int64{-5, 10}, []float64{1.5, -2})
	b.Add(9, []int64{-5, 10}, []float64{0, 3})
	b.Add(8, []int64{3}, []float64{4})
	if b.Start != -5 || b.End != 10 {
		t.Errorf("got times from %d to %d, want -5 to 10", b.Start, b.End)
	}
	got := map[int64][]float64{}
	times := map[int64][]int64{}
	err := Read(b.Pack(), func(series int64, at []int64, values []float64) { got[series], times[series] = values, at })
	if err != nil || len(got) != 3 || !slices.Equal(got[7], []float64{1.5, -2}) || !slices.Equal(got[9], []float64{0, 3}) || !slices.Equal(got[8], []float64{4}) {
		t.Errorf("got %v, %v", got, err)
	}
	if !slices.Equal(times[9], []int64{-5, 10}) || !slices.Equal(times[8], []int64{3}) {
		t.Errorf("got times %v", times)
	}
}

func FuzzReadNeverPanics(f *testing.F) {
	var b Builder
	b.Add(1, []int64{1, 2}, []float64{3, 4})
	b.Add(2, []int64{1, 2}, []float64{5, 6})
	f.Add(b.Pack())
	f.Add(coder.EncodeAll([]byte{1, 255, 255, 255, 1, 0}, nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := Read(data, func(int64, []int64, []float64) {}); err == nil && len(data) == 0 {
			t.Skip("an empty row holds nothing")
		}
		// The same bytes without the frame reach the parser behind it.
		_ = Read(coder.EncodeAll(data, nil), func(_ int64, times []int64, values []float64) {
			if len(times) != len(values) {
				t.Errorf("%d times for %d values", len(times), len(values))
			}
		})
	})
}
