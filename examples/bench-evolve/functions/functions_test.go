package functions

import (
	"math"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEveryInstanceIsLeastAtItsOptimum(t *testing.T) {
	for _, f := range set {
		for seed := range uint64(3) {
			in := f.instance(seed)
			if v := in.value(in.at); v > 1e-9 {
				t.Errorf("%s, instance %d: %v at its optimum", f.name, seed, v)
			}
			near := append([]float64(nil), in.at...)
			near[0] += 0.3
			if v := in.value(near); v < 1e-3 {
				t.Errorf("%s, instance %d: %v beside its optimum", f.name, seed, v)
			}
		}
	}
}

func TestRotationKeepsLengths(t *testing.T) {
	in := function{name: "sphere", cost: sphere, rotated: true}.instance(1)
	x := append([]float64(nil), in.at...)
	for i := range x {
		x[i] += float64(i)
	}
	if got, want := in.value(x), 285.0; math.Abs(got-want) > 1e-9 { // 0+1+4+…+81
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSearchCountsTheEvaluationsToTheTarget(t *testing.T) {
	count, err := search(t.Context(), set[0].instance(1), 1)
	if err != nil || count < 100 || count > 3000 {
		t.Errorf("the sphere took %d evaluations, %v", count, err)
	}
}
