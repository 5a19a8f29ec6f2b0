package cmaes

import (
	"math"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/plugins/internal/evolve"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run evaluates until the run ends or the cost is reached, and returns the best
// cost and how many evaluations there were.
func run(c *CMA, reach float64, cost func([]float64) float64) (float64, int) {
	best, count := math.Inf(1), 0
	for c.Done() == "" && best > reach {
		points := c.Generation()
		costs := make([]float64, len(points))
		for i, x := range points {
			costs[i] = cost(x)
			best = min(best, costs[i])
			count++
		}
		c.Tell(costs)
	}
	return best, count
}

// valley is long, narrow and turned.
func valley(x []float64) float64 {
	a, b := x[0]-0.3+x[1]-0.6, x[0]-0.3-x[1]+0.6
	return 1e4*a*a + b*b
}

func TestNarrowTurnedValleyIsFound(t *testing.T) {
	for seed := range uint64(5) {
		if best, count := run(New(evolve.NewSource(seed), []float64{0.9, 0.1}, 0.2, DefaultLambda(2)), 1e-8, valley); best > 1e-8 {
			t.Errorf("seed %d: got %v after %d evaluations, want 1e-8", seed, best, count)
		}
	}
}

func TestOptimumOnTheEdgeIsFound(t *testing.T) {
	cost := func(x []float64) float64 { return math.Hypot(x[0]-1, x[1]) + x[2] }
	if best, count := run(New(evolve.NewSource(1), []float64{0.5, 0.5, 0.5}, 0.2, 8), 1e-6, cost); best > 1e-6 {
		t.Errorf("got %v after %d evaluations, want 1e-6", best, count)
	}
}

func TestRunWithoutAnyCostEnds(t *testing.T) {
	for name, cost := range map[string]float64{"nothing can be evaluated": math.Inf(1), "all cost the same": 7, "costs as large as they get": math.MaxFloat64} {
		c := New(evolve.NewSource(1), []float64{0.5, 0.5}, 0.2, 6)
		if _, count := run(c, math.Inf(-1), func([]float64) float64 { return cost }); count > 10_000 || c.Done() == "" {
			t.Errorf("%s: it went on for %d evaluations and says %q", name, count, c.Done())
		}
		if err := c.Check(2); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRotationsFindEigenvectors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "n")
		a := make([]float64, n*n)
		for i := range n {
			for j := range i + 1 {
				a[i*n+j] = rapid.Float64Range(-10, 10).Draw(t, "a")
				a[j*n+i] = a[i*n+j]
			}
		}
		basis := identity(n)
		values := jacobi(append([]float64(nil), a...), basis, n)
		for k, value := range values {
			for i := range n {
				got := 0.0
				for j := range n {
					got += a[i*n+j] * basis[j*n+k]
				}
				if want := value * basis[i*n+k]; math.Abs(got-want) > 1e-9 {
					t.Fatalf("%v: vector %d, row %d: got %v, want %v", a, k, i, got, want)
				}
			}
		}
	})
}

func TestDirectionsOfAGenerationStandUpright(t *testing.T) {
	const n = 6
	vectors := orthogonal(evolve.NewSource(3), n, n)
	for i, a := range vectors {
		for j, b := range vectors[:i] {
			dot := 0.0
			for k := range a {
				dot += a[k] * b[k]
			}
			if math.Abs(dot) > 1e-9 {
				t.Errorf("vectors %d and %d: product %v, want 0", i, j, dot)
			}
		}
	}
}
