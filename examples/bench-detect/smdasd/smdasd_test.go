package smdasd

import (
	"math"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAveragePrecisionOfKnownOrders(t *testing.T) {
	cases := map[string]struct {
		scores []float64
		labels []bool
		want   float64
	}{
		"perfect":      {[]float64{1, 2, 3, 4}, []bool{false, false, true, true}, 1},
		"reversed":     {[]float64{4, 3, 2, 1}, []bool{false, false, true, true}, 0.5*1/3 + 0.5*2/4},
		"all the same": {[]float64{1, 1, 1, 1}, []bool{true, false, false, false}, 0.25},
		"no positive":  {[]float64{1, 2}, []bool{false, false}, 0},
	}
	for name, c := range cases {
		if got := averagePrecision(c.scores, c.labels); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}
