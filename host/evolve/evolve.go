// Package evolve lets a strategy that searches (an Evolver) find better settings
// for components that have a model: it asks for genomes, decodes and checks them,
// has the model judge them in the sandbox, and tells the scores.
//
// It owns the rounds of the searches, their budget and what is known about them
// after a restart. It applies nothing: what was found becomes a proposal in an
// incident like any other. The population is the strategy's; after a kill the
// round goes on with the last one that the host has kept for it. One goroutine,
// that of Run, does all of it; Statuses may be called from any.
package evolve

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/sdk"
)

// Evolver is a strategy that searches. Its answers are a stranger's.
type Evolver interface {
	Name() string
	Ask(ctx context.Context, p sdk.Problem, n int) ([]sdk.Genome, error)
	Tell(ctx context.Context, p sdk.Problem, scores []sdk.Score) error
}

// Evaluator runs a model. It is used from several goroutines.
type Evaluator interface {
	// Evaluate returns the model's cost under each of the streams, in their order.
	// What the model did wrong matches ErrModel, a series that it cannot be given
	// ErrNoReplay; other errors are the host's.
	Evaluate(ctx context.Context, params []float64, streams []Stream) ([]float64, error)
	Close()
}

// Stream is what all candidates of a round meet alike.
type Stream struct {
	// Seed is of the model's random numbers.
	Seed uint64
	// Series is recorded load; without it the model makes load up.
	Series []float64
}

// Target is a component with a model.
type Target struct {
	Component string
	// Module is the path of the model and SHA256 what it must be.
	Module, SHA256 string
	// Replay is the component's signal whose recorded hours the model is given, empty
	// for none.
	Replay string
}

// Settings say how much is searched.
type Settings struct {
	// Evaluations is the budget of a round, in genomes; each is judged with Seeds
	// streams of random numbers.
	Evaluations, Seeds int
	// Every is the time between two rounds of a component.
	Every time.Duration
	// Targets are the components that have a model.
	Targets []Target
}

// Options are what a Searcher is made of.
type Options struct {
	Log hclog.Logger
	// Settings are asked for at every look.
	Settings func() Settings
	// Parameters returns what may be moved of a component and what is forbidden.
	Parameters func(component string) ([]sdk.Parameter, []sdk.Forbidden)
	// Evolver returns the strategy that searches, if there is one that is ready.
	Evolver func() (Evolver, bool)
	// Open prepares a model. An error of it that matches ErrModel is the model's.
	Open func(ctx context.Context, t Target) (Evaluator, error)
	// Recorded is what was recorded of the load; it is asked where a target has a
	// signal for it.
	Recorded Recorded
	// Quiet reports that nothing more important is going on, such as an incident.
	Quiet func() bool
	// Keep and Kept store what is known of a component's searches.
	Keep func(ctx context.Context, component string, doc []byte) error
	Kept func(ctx context.Context, component string) ([]byte, error)
	// Audit records rounds that end and models that are set aside.
	Audit func(kind string, fields map[string]any) error
	// Look is the time between two looks for something to do.
	Look time.Duration
}

// Searcher does the searches, one after the other. Use New.
type Searcher struct {
	opt Options

	mu       sync.Mutex
	statuses map[string]Status // under mu
}

// New returns a Searcher that has not begun.
func New(opt Options) *Searcher {
	return &Searcher{opt: opt, statuses: map[string]Status{}}
}

// Run looks for searches that are due until the context ends.
func (s *Searcher) Run(ctx context.Context) {
	look := time.NewTicker(s.opt.Look)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-look.C:
			s.lookAround(ctx, now)
		}
	}
}

// lookAround does the rounds that are due now.
func (s *Searcher) lookAround(ctx context.Context, now time.Time) {
	set := s.opt.Settings()
	s.drop(set.Targets)
	for _, t := range set.Targets {
		if st := s.status(ctx, t.Component); st.State != "" {
			s.keepSeen(st) // known from before, whether or not there is time for it now
		}
	}
	for _, t := range set.Targets {
		if ctx.Err() != nil || !s.opt.Quiet() {
			return
		}
		evolver, ready := s.opt.Evolver()
		if !ready {
			return
		}
		s.search(ctx, run{set: set, target: t, evolver: evolver, now: now})
	}
}

// drop forgets the statuses of components that have no model any more.
func (s *Searcher) drop(targets []Target) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.statuses {
		known := false
		for _, t := range targets {
			known = known || t.Component == name
		}
		if !known {
			delete(s.statuses, name)
		}
	}
}
