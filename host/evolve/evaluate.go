package evolve

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/homeostat/homeostat/sdk"
)

// ErrModel matches what a model does wrong: it traps, hangs, answers with no
// number, or is none.
var ErrModel = errors.New("the model")

// Params returns what a model is handed for values: one number for each parameter
// in the order of their declaration. A switch is 0 or 1, a choice its place among
// the choices, from 0.
func Params(p sdk.Problem, values map[string]sdk.Value) ([]float64, error) {
	out := make([]float64, len(p.Parameters))
	for i, param := range p.Parameters {
		v, ok := values[param.Name]
		if !ok {
			return nil, fmt.Errorf("parameter %q has no value", param.Name)
		}
		if err := allowed(param, v); err != nil {
			return nil, err
		}
		out[i] = v.Number
		if param.Type == sdk.TypeChoice {
			out[i] = float64(slices.Index(param.Choices, v.Choice))
		}
	}
	for _, f := range p.Forbidden {
		if f.Holds(values) {
			return nil, fmt.Errorf("%s: %w", f, sdk.ErrForbidden)
		}
	}
	return out, nil
}

// allowed judges a decoded value once more by its declaration alone, with none of
// the code that decoded it.
func allowed(p sdk.Parameter, v sdk.Value) error {
	ok := false
	switch p.Type {
	case sdk.TypeChoice:
		ok = v.Number == 0 && slices.Contains(p.Choices, v.Choice)
	case sdk.TypeBool:
		ok = v.Choice == "" && (v.Number == 0 || v.Number == 1)
	case sdk.TypeFloat:
		ok = v.Choice == "" && v.Number >= p.Min && v.Number <= p.Max
	case sdk.TypeInt, sdk.TypeLogInt:
		ok = v.Choice == "" && v.Number >= p.Min && v.Number <= p.Max && v.Number == math.Trunc(v.Number)
	}
	if !ok {
		return fmt.Errorf("%s is no declared value of %q", v, p.Name)
	}
	return nil
}

// judged is a genome with what became of it.
type judged struct {
	genome  sdk.Genome
	values  map[string]sdk.Value
	cost    float64
	refused error // it breaks a rule, and was not evaluated
	failed  error // the model could not judge it
}

// judge decodes genomes and has the model cost them, each with the same seeds.
// The error is the host's: then nothing is known.
func (r *round) judge(ctx context.Context, genomes []sdk.Genome) ([]judged, error) {
	out := make([]judged, len(genomes))
	var all sync.WaitGroup
	var broken error
	var once sync.Once
	turns := make(chan struct{}, workers)
	for i, g := range genomes {
		turns <- struct{}{}
		all.Go(func() {
			defer func() { <-turns }()
			j, err := r.judgeOne(ctx, g)
			if err != nil {
				once.Do(func() { broken = err })
			}
			out[i] = j
		})
	}
	all.Wait()
	return out, broken
}

// workers is how many evaluations run at once.
const workers = 2

// judgeOne returns the mean cost over the round's streams.
func (r *round) judgeOne(ctx context.Context, g sdk.Genome) (judged, error) {
	j := judged{genome: g}
	if j.values, j.refused = r.problem.Decode(g.Genes); j.refused != nil {
		return j, nil
	}
	var params []float64
	if params, j.refused = Params(r.problem, j.values); j.refused != nil {
		return j, nil
	}
	cost, err := r.cost(ctx, params)
	if errors.Is(err, ErrModel) {
		j.failed = err
		return j, nil
	}
	j.cost = cost
	return j, err
}

// cost is the mean of what the model answers.
func (r *round) cost(ctx context.Context, params []float64) (float64, error) {
	costs, err := r.model.Evaluate(ctx, params, r.streams)
	if err != nil {
		return 0, fmt.Errorf("evaluate a setting of %s: %w", r.target.Component, err)
	}
	mean := 0.0
	for _, cost := range costs {
		if math.IsNaN(cost) || math.IsInf(cost, 0) {
			return 0, fmt.Errorf("%w answered %v, which is no cost", ErrModel, cost)
		}
		mean += cost / float64(len(costs))
	}
	return mean, nil
}

// generated are so many streams of random numbers of a round.
func generated(round, seeds int) []Stream {
	out := make([]Stream, seeds)
	for n := range out {
		out[n].Seed = seed(round, n)
	}
	return out
}

// seed is the same for all candidates of a round, which therefore meet the same
// luck. It is splitmix64 of round and stream.
func seed(round, stream int) uint64 {
	z := uint64(round)<<20 + uint64(stream) + 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
