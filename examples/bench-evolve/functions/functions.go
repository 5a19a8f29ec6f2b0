// Package functions measures how many evaluations the genetic strategy needs on
// functions that optimisers are compared by, in ten dimensions: the strategy is
// asked and told as the daemon does it.
//
// Every instance has its own optimum and, where the name says so, its own
// rotation, from a seed. The package keeps nothing between runs.
package functions

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/homeostat/homeostat/examples/bench-evolve/table"
	"github.com/homeostat/homeostat/plugins/strategy-genetic/genetic"
	"github.com/homeostat/homeostat/sdk"
)

const (
	dimensions = 10
	instances  = 15
	target     = 1e-8
	budget     = 100_000
	// edge bounds each parameter, and optimum where the optimum may lie.
	edge    = 5
	optimum = 4
)

// function is one of the set, with the bar for it: so many instances solved, and
// the median of their evaluations where all are to be.
type function struct {
	name    string
	cost    func(z []float64) float64
	rotated bool
	median  int
	solved  int
}

var set = []function{
	{"sphere", sphere, false, 1478, instances},
	{"rotated ellipsoid", ellipsoid, true, 4094, instances},
	{"rosenbrock", rosenbrock, false, 5345, instances},
	{"rastrigin", rastrigin, false, 59_591, instances},
	{"rotated rastrigin", rastrigin, true, 0, 9},
}

func sphere(z []float64) (sum float64) {
	for _, v := range z {
		sum += v * v
	}
	return sum
}

func ellipsoid(z []float64) (sum float64) {
	for i, v := range z {
		sum += math.Pow(1e6, float64(i)/float64(len(z)-1)) * v * v
	}
	return sum
}

// rosenbrock has its valley's end, at ones, moved to zero.
func rosenbrock(z []float64) (sum float64) {
	for i := range len(z) - 1 {
		a, b := z[i]+1, z[i+1]+1
		sum += 100*(b-a*a)*(b-a*a) + (a-1)*(a-1)
	}
	return sum
}

func rastrigin(z []float64) (sum float64) {
	for _, v := range z {
		sum += 10 + v*v - 10*math.Cos(2*math.Pi*v)
	}
	return sum
}

// instance is a function with its optimum somewhere, and turned if it is to be.
type instance struct {
	cost  func([]float64) float64
	at    []float64
	turns [][]float64 // rows stand upright on each other; nil does not turn
}

func (f function) instance(seed uint64) instance {
	r := rand.New(rand.NewPCG(seed, 7))
	in := instance{cost: f.cost, at: make([]float64, dimensions)}
	for i := range in.at {
		in.at[i] = optimum * (2*r.Float64() - 1)
	}
	if f.rotated {
		in.turns = rotation(r)
	}
	return in
}

// rotation is drawn uniformly: normal vectors, made upright by Gram and Schmidt.
func rotation(r *rand.Rand) [][]float64 {
	rows := make([][]float64, dimensions)
	for i := range rows {
		row := make([]float64, dimensions)
		for j := range row {
			row[j] = r.NormFloat64()
		}
		for _, other := range rows[:i] {
			along := dot(row, other)
			for j := range row {
				row[j] -= along * other[j]
			}
		}
		length := math.Sqrt(dot(row, row))
		for j := range row {
			row[j] /= length
		}
		rows[i] = row
	}
	return rows
}

func dot(a, b []float64) (sum float64) {
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

func (in instance) value(x []float64) float64 {
	moved := make([]float64, len(x))
	for i, v := range x {
		moved[i] = v - in.at[i]
	}
	if in.turns == nil {
		return in.cost(moved)
	}
	z := make([]float64, len(x))
	for i, row := range in.turns {
		z[i] = dot(row, moved)
	}
	return in.cost(z)
}

// Measure runs all functions.
func Measure(ctx context.Context) ([]table.Row, error) {
	var rows []table.Row
	for _, f := range set {
		begun := time.Now()
		row, err := f.measure(ctx)
		if err != nil {
			return rows, fmt.Errorf("%s: %w", f.name, err)
		}
		row.Note += fmt.Sprintf("; %.1f s", time.Since(begun).Seconds())
		rows = append(rows, row)
	}
	return rows, nil
}

func (f function) measure(ctx context.Context) (table.Row, error) {
	evaluations := make([]int, 0, instances)
	var lucky []float64
	solved := 0
	for seed := range uint64(instances) {
		in := f.instance(seed)
		count, err := search(ctx, in, seed)
		if err != nil {
			return table.Row{}, err
		}
		if count <= budget {
			solved++
		}
		evaluations = append(evaluations, count)
		lucky = append(lucky, random(in, seed, min(count, budget)))
	}
	slices.Sort(evaluations)
	slices.Sort(lucky)
	median := evaluations[instances/2]
	row := table.Row{
		Set: "functions", Name: f.name, Figure: float64(median), Unit: "evaluations", Bar: fmt.Sprintf("≤ %d, %d of %d", f.median, f.solved, instances),
		Kept: solved >= f.solved && (f.median == 0 || median <= f.median),
		Note: fmt.Sprintf("%d of %d solved; random search with as many is left at %.3g", solved, instances, lucky[instances/2]),
	}
	if f.median == 0 {
		row.Bar = fmt.Sprintf("%d of %d within %d", f.solved, instances, budget)
	}
	return row, nil
}

// search returns how many evaluations it took to come to the target, more than
// the budget when it did not.
func search(ctx context.Context, in instance, seed uint64) (int, error) {
	s, err := genetic.New(genetic.Config{ControlWait: time.Second}, sdk.Env{Seed: seed})
	if err != nil {
		return 0, err
	}
	evolver := s.(sdk.Evolver)
	p := sdk.Problem{Component: "function", Budget: budget, Round: 1}
	for i := range dimensions {
		p.Parameters = append(p.Parameters, sdk.Parameter{Name: fmt.Sprint("x", i), Type: sdk.TypeFloat, Min: -edge, Max: edge})
	}
	for count := 0; ; {
		const batch = 64
		genomes, err := evolver.Ask(ctx, p, batch)
		if err != nil || len(genomes) == 0 {
			return budget + 1, err
		}
		scores := make([]sdk.Score, len(genomes))
		for i, g := range genomes {
			x := make([]float64, dimensions)
			for d := range x {
				x[d] = p.Parameters[d].Decode(g.Genes[d]).Number
			}
			count++
			scores[i] = sdk.Score{Genome: g.ID, Value: in.value(x)}
			if scores[i].Value <= target {
				return count, nil
			}
		}
		if err := evolver.Tell(ctx, p, scores); err != nil {
			return 0, err
		}
	}
}

// random is the best cost of so many points drawn uniformly.
func random(in instance, seed uint64, count int) float64 {
	r := rand.New(rand.NewPCG(seed, 11))
	best := math.Inf(1)
	x := make([]float64, dimensions)
	for range count {
		for i := range x {
			x[i] = edge * (2*r.Float64() - 1)
		}
		best = min(best, in.value(x))
	}
	return best
}
