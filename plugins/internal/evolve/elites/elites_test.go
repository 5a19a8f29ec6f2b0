package elites

import (
	"math"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestElitesAreFewSortedAndApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l List
		best := math.Inf(1)
		for range rapid.IntRange(0, 60).Draw(t, "points") {
			genes := []float64{rapid.Float64Range(0, 1).Draw(t, "x"), rapid.Float64Range(0, 1).Draw(t, "y")}
			cost := rapid.OneOf(rapid.Float64Range(0, 10), rapid.SampledFrom([]float64{math.Inf(1), math.NaN()})).Draw(t, "cost")
			l.Add(genes, cost)
			if cost < best {
				best = cost
			}
			if err := l.Check(2); err != nil {
				t.Fatal(err)
			}
		}
		for i, e := range l.Elites {
			if i == 0 && e.Cost != best {
				t.Fatalf("the best costs %v, want %v", e.Cost, best)
			}
			if i > 0 && e.Cost < l.Elites[i-1].Cost {
				t.Fatalf("not sorted: %+v", l.Elites)
			}
			for _, other := range l.Elites[:i] {
				if near(e.Genes, other.Genes) {
					t.Fatalf("%+v and %+v are nearly the same", e, other)
				}
			}
		}
	})
}

func TestEliteThatWasLuckyFallsBack(t *testing.T) {
	var l List
	l.Add([]float64{0.1}, 1)
	l.Add([]float64{0.9}, 2)
	l.Test([]float64{0.1}, 9)
	l.Test([]float64{0.5}, 0) // no elite
	if got := l.Elites; got[0].Cost != 2 || got[1].Cost != 5 || got[1].Tests != 2 {
		t.Errorf("got %+v", got)
	}
	l.Test([]float64{0.1}, math.Inf(1))
	if len(l.Elites) != 1 {
		t.Errorf("one that cannot be evaluated any more is still there: %+v", l.Elites)
	}
}
