package evolve

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// The second tier of fitness: a search that has found something on load that the
// model makes up goes on, with a part of the budget, on load that was recorded here.
// Its costs weigh more with the strategy. Where it cannot be had it is left out, the
// reason is said, and the first tier stands.
const (
	// ReplayShare is the part of a budget that a replay has, as a divisor.
	ReplayShare = 4
	// leastHours is how many recorded hours a replay needs: fewer say little of a day.
	leastHours = 3
)

// ErrNoReplay matches a model that has no function for recorded load.
var ErrNoReplay = errors.New("the model cannot be given recorded load: it exports no function replay")

// Recorded is what was recorded of the load of components.
type Recorded interface {
	// Hours returns the beginnings of the whole hours that there are of a target's
	// signal, oldest first.
	Hours(ctx context.Context, t Target) ([]time.Time, error)
	// Load returns the signal in one of them: a mean for each minute, or the growth a
	// second in it where the signal is a counter.
	Load(ctx context.Context, t Target, hour time.Time) ([]float64, error)
}

// errLeftOut matches why there is no replay in a round.
var errLeftOut = errors.New("recorded load is not replayed")

// replay begins the round on recorded load. An error that matches errLeftOut says why
// there is none.
func (s *Searcher) replay(ctx context.Context, r run, status *Status) error {
	if r.target.Replay == "" {
		return fmt.Errorf("%w: the key model.replay names no signal", errLeftOut)
	}
	hours, err := s.opt.Recorded.Hours(ctx, r.target)
	switch {
	case err != nil:
		return fmt.Errorf("list recorded hours of %s: %w", r.target.Component, err)
	case len(hours) < leastHours:
		return fmt.Errorf("%w: there are %d whole hours of %s, want at least %d", errLeftOut, len(hours), r.target.Replay, leastHours)
	}
	status.begin(Replaying, max(r.set.Evaluations/ReplayShare, 1), r.now)
	status.Hours = choose(hours, r.set.Seeds, status.Round)
	return nil
}

// choose draws so many hours, at most all, oldest first.
func choose(hours []time.Time, most, round int) []time.Time {
	rng := rand.New(rand.NewPCG(seed(round, 0), 0))
	out := slices.Clone(hours)
	rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	out = out[:min(most, len(out))]
	slices.SortFunc(out, time.Time.Compare)
	return out
}

// streams are what all candidates of a round meet: recorded hours where the round has
// some, and else what the model makes up.
func (s *Searcher) streams(ctx context.Context, r run, status Status) ([]Stream, error) {
	if len(status.Hours) == 0 {
		return generated(status.Round, r.set.Seeds), nil
	}
	out := generated(status.Round, len(status.Hours))
	for n, hour := range status.Hours {
		load, err := s.opt.Recorded.Load(ctx, r.target, hour)
		if err != nil {
			return nil, fmt.Errorf("%w: the hour %s of %s: %w", errLeftOut, hour.UTC().Format(time.DateTime), r.target.Replay, err)
		}
		out[n].Series = load
	}
	return out, nil
}

// tryReplay has the model judge the default settings under recorded load. What it
// cannot do is a reason to leave the tier out, and not to set the model aside.
func (r *round) tryReplay(ctx context.Context) error {
	base := map[string]sdk.Value{}
	for _, p := range r.problem.Parameters {
		base[p.Name] = p.Default
	}
	params, err := Params(r.problem, base)
	if err != nil {
		return fmt.Errorf("%w: the default settings: %w", errLeftOut, err)
	}
	_, err = r.cost(ctx, params)
	if errors.Is(err, ErrModel) || errors.Is(err, ErrNoReplay) {
		return fmt.Errorf("%w: %w", errLeftOut, err)
	}
	return err
}
