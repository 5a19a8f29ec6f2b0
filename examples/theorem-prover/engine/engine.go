// Package engine is the proof engine: workers that take the next problem, have it
// proved by eprover under the limits of the settings, and hand the proof to the
// store of theorems. It owns the workers, the demand, the figures and the proofs
// that wait for the store; it neither restarts itself nor changes its settings.
//
// Open starts the goroutines of an Engine, Close waits for them. Everything else
// is safe for use by several goroutines.
package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/examples/theorem-prover/eprover"
	"github.com/homeostat/homeostat/examples/theorem-prover/problem"
	"github.com/homeostat/homeostat/examples/theorem-prover/theorem"
)

// Engine is the workers and what they share. Open is the only way to one.
type Engine struct {
	settings Prove
	prover   *eprover.Prover
	problems []problem.Problem
	log      hclog.Logger
	figures  *figures
	shelf    *shelf

	stop  context.CancelFunc
	ended sync.WaitGroup
	broke atomic.Pointer[error] // why the prover could not be run, last

	mu         sync.Mutex // guards what follows
	demand     problem.Demand
	rota       *problem.Rota
	demandFile string
}

// Open loads the problems and the demand, and starts the workers.
func Open(s Settings, log hclog.Logger) (*Engine, error) {
	prover, err := eprover.Find()
	if err != nil {
		return nil, err
	}
	problems, err := problem.Load(s.Path(s.Problems.Dir))
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	e := &Engine{
		settings: s.Prove, prover: prover, problems: problems, log: log, stop: stop,
		figures: newFigures(time.Now()), demandFile: s.Path(s.Problems.Demand),
	}
	if err := e.loadDemand(s.Demand); err != nil {
		stop()
		return nil, err
	}
	e.shelf = openShelf(s.Store, log, e.figures)
	for range s.Prove.Workers {
		e.ended.Go(func() { e.work(ctx) }) // ends with Close
	}
	e.ended.Go(func() { e.shelf.empty(ctx) }) // ends with Close
	return e, nil
}

// Close ends provers at once: what they were at is begun again after the next
// start. Proofs on the shelf are offered to the store a last time.
func (e *Engine) Close() error {
	e.stop()
	e.ended.Wait()
	return e.shelf.close()
}

// retry is the pause after a prover that could not be run at all.
const retry = time.Second

// work proves one problem after the other until ctx ends.
func (e *Engine) work(ctx context.Context) {
	for ctx.Err() == nil {
		err := e.prove(ctx, e.next())
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			e.broke.Store(nil)
			continue
		}
		if e.broke.Swap(&err) == nil {
			e.log.Error("prover cannot be run; it is tried again each second", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(retry):
		}
	}
}

func (e *Engine) next() problem.Problem {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.rota.Next()
}

// prove looks the problem up, runs the prover and keeps the proof. What the store
// knows of the problem is held against the outcome: one of the two would be wrong.
func (e *Engine) prove(ctx context.Context, p problem.Problem) error {
	known, found := e.shelf.find(ctx, p.Hash)
	o, err := e.prover.Run(ctx, p.Path, e.settings.Heuristic, eprover.Limits{Seconds: e.settings.TimeLimit, Memory: e.settings.MemoryLimit})
	if err != nil {
		return err
	}
	e.figures.ended(time.Now(), o.Verdict)
	switch o.Verdict {
	case eprover.Proved:
		e.shelf.put(ctx, theorem.Theorem{
			Hash: p.Hash, Name: p.Name, Status: o.Said, Heuristic: string(e.settings.Heuristic), Seconds: o.CPU.Seconds(), At: time.Now().UTC(),
		})
	case eprover.Refuted:
		if found {
			e.figures.contradiction()
			e.log.Error("a theorem of the store was refuted", "problem", p.Name, "proof", known.Heuristic, "said", o.Said)
		}
	case eprover.Failed:
		e.log.Warn("problem was not understood", "problem", p.Name, "said", o.Said)
	}
	return nil
}

// Check says whether the engine can do its work.
func (e *Engine) Check() error {
	if err := e.broke.Load(); err != nil {
		return *err
	}
	if e.shelf.full() {
		return errors.New("the shelf is full: the store has taken no proof for long, and new ones are lost")
	}
	return nil
}

// Demand returns how much of each family is wanted.
func (e *Engine) Demand() problem.Demand {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.demand
}

// Want sets the demand, for this run and those to come.
func (e *Engine) Want(d problem.Demand) error {
	rota, err := problem.NewRota(e.problems, d)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := saveDemand(e.demandFile, d); err != nil {
		return fmt.Errorf("keep the demand: %w", err)
	}
	e.demand, e.rota = d, rota
	return nil
}
