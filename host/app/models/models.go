// Package models runs the fitness models of components in the sandbox.
//
// A model is a WASM module that exports its memory, alloc(bytes i32) i32 and
// fitness(params i32, count i32, seed i64) f64. It is handed one little-endian
// float64 for each parameter, in the order of their declaration, and answers with
// a cost: lower is better, and for the trials of incidents a time in seconds is
// best. One that exports replay(params i32, count i32, series i32, length i32, seed
// i64) f64 can be given recorded load: length numbers, one a minute. Every setting gets a fresh instance, without network, files and clock, on
// which it is asked once for each stream of random numbers. The package owns no
// search. Its values are safe for concurrent use.
package models

import (
	"context"
	"errors"
	"fmt"

	"github.com/homeostat/homeostat/host/evolve"
	"github.com/homeostat/homeostat/sandbox"
)

// The exports that a model is asked through: Replay with recorded load.
const (
	Function = "fitness"
	Replay   = "replay"
)

// Open prepares the model of a target; workers is how many evaluations run at
// once. What is wrong with the module matches evolve.ErrModel.
func Open(ctx context.Context, box *sandbox.Sandbox, t evolve.Target, limits sandbox.Limits) (*Model, error) {
	program := sandbox.Program{Path: t.Module, SHA256: t.SHA256}
	pool, err := box.NewPool(ctx, program, limits, workers)
	var refused *sandbox.Refused
	switch {
	case errors.As(err, &refused):
		return nil, fmt.Errorf("%w of %s cannot be used: %w", evolve.ErrModel, t.Component, refused)
	case err != nil:
		return nil, fmt.Errorf("open the model of %s: %w", t.Component, err)
	}
	return &Model{pool}, nil
}

// workers is how many evaluations of a model run at once: searches are done with
// what others leave.
const workers = 2

// Model is an open model. Close ends its workers.
type Model struct{ pool *sandbox.Pool }

// Evaluate returns the model's cost of parameters under each of the streams.
func (m *Model) Evaluate(ctx context.Context, params []float64, streams []evolve.Stream) ([]float64, error) {
	e := sandbox.Evaluation{Function: Function, Params: params}
	for _, s := range streams {
		e.Streams = append(e.Streams, sandbox.Stream(s))
		if len(s.Series) > 0 {
			e.Function = Replay
		}
	}
	r, err := m.pool.Evaluate(ctx, e)
	var refused *sandbox.Refused
	switch {
	case errors.As(err, &refused) && e.Function == Replay:
		return nil, fmt.Errorf("%w (%w)", evolve.ErrNoReplay, refused)
	case errors.As(err, &refused):
		return nil, fmt.Errorf("%w cannot be used: %w", evolve.ErrModel, refused)
	case err != nil:
		return nil, err
	case r.Ending == sandbox.Cancelled && ctx.Err() != nil:
		return nil, ctx.Err()
	case r.Ending != sandbox.Exited || r.ExitCode != 0 || len(r.Values) != len(streams):
		return nil, fmt.Errorf("%w gave no cost for %v: %s (%s)", evolve.ErrModel, params, r.Ending, r.Message)
	}
	return r.Values, nil
}

// Close ends the workers.
func (m *Model) Close() { m.pool.Close() }
