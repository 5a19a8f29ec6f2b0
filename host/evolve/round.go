package evolve

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// run is one look at one component.
type run struct {
	set     Settings
	target  Target
	evolver Evolver
	now     time.Time
}

// round is a run that is being done.
type round struct {
	run
	problem sdk.Problem
	model   Evaluator
	streams []Stream
	status  Status
}

const (
	// batch is how many genomes are asked for at once.
	batch = 16
	// provers is the budget of the round that judges the elites again: the default
	// and the most elites that a strategy is expected to keep.
	provers = 9
	// enough is how many evaluations show that a model is of no use: one that
	// costs everything the same, or cannot judge half of what it is asked.
	enough = 40
	// restShare is the time of rest after a batch in units of the time that it
	// took: a search must not be felt.
	restShare = 1
)

// errSetAside matches what is wrong with a component's model or parameters.
var errSetAside = errors.New("set aside")

// search does what is due for one component.
func (s *Searcher) search(ctx context.Context, r run) {
	status := s.status(ctx, r.target.Component)
	problem := sdk.Problem{Component: r.target.Component, Budget: r.set.Evaluations}
	problem.Parameters, problem.Forbidden = s.opt.Parameters(r.target.Component)
	schema := schemaOf(problem)
	if status.Schema != "" && status.Schema != schema {
		s.opt.Log.Warn("the declared parameters have changed since the last search, which begins anew; the population before is set aside", "component", r.target.Component)
	}
	if status.Model != r.target.SHA256 || status.Schema != schema {
		status = Status{Component: r.target.Component, Model: r.target.SHA256, Schema: schema, Round: status.Round}
	}
	if !due(status, r) {
		s.keepSeen(status)
		return
	}
	err := problem.Check()
	if err == nil {
		err = s.rounds(ctx, r, problem, &status)
	} else {
		err = fmt.Errorf("%w: %w", errSetAside, err)
	}
	s.ended(ctx, r, status, err)
}

// keepSeen shows a status that was read from the store.
func (s *Searcher) keepSeen(status Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.statuses[status.Component] = status
}

// due reports that a round is to be begun or carried on.
func due(status Status, r run) bool {
	if status.State == Done || status.State == SetAside {
		return r.now.Sub(status.Ended) >= r.set.Every
	}
	return true
}

// rounds does a round, its replay and the one that proves what was found. A round
// that was under way goes on.
func (s *Searcher) rounds(ctx context.Context, r run, problem sdk.Problem, status *Status) error {
	model, err := s.opt.Open(ctx, r.target)
	if errors.Is(err, ErrModel) {
		return fmt.Errorf("%w: %w", errSetAside, err)
	} else if err != nil {
		return err
	}
	defer model.Close()
	if status.Round == 0 || !status.underWay() {
		status.begin(Searching, r.set.Evaluations, r.now)
		status.Hours = nil
	}
	for {
		err := s.oneRound(ctx, &round{run: r, problem: problem, model: model}, status)
		if errors.Is(err, errLeftOut) {
			s.leaveOut(status, err)
		} else if err != nil || status.State == Proving {
			return err
		}
		if err := s.next(ctx, r, status); err != nil {
			return err
		}
	}
}

// oneRound does a round, or the rest of one that was under way.
func (s *Searcher) oneRound(ctx context.Context, r *round, status *Status) error {
	var err error
	if r.streams, err = s.streams(ctx, r.run, *status); err != nil {
		return err
	}
	r.problem.Round, r.problem.Budget, r.problem.Recorded, r.status = status.Round, status.Budget, len(status.Hours) > 0, *status
	if status.State == Replaying {
		if err := r.tryReplay(ctx); err != nil {
			return err
		}
	}
	err = s.spend(ctx, r)
	*status = r.status
	if status.State == Replaying && errors.Is(err, errSetAside) {
		return fmt.Errorf("%w: %w", errLeftOut, err)
	}
	return err
}

// leaveOut goes on without recorded load.
func (s *Searcher) leaveOut(status *Status, why error) {
	status.Hours, status.Replay, status.Untold = nil, why.Error(), nil
	s.opt.Log.Info("a search goes on without recorded load", "component", status.Component, "why", why)
}

// next begins the round after the one that is done: a search is replayed where that
// can be had, and proven in the end.
func (s *Searcher) next(ctx context.Context, r run, status *Status) error {
	if status.State == Searching {
		status.Replay = ""
		err := s.replay(ctx, r, status)
		if err == nil || !errors.Is(err, errLeftOut) {
			return err
		}
		if r.target.Replay != "" {
			s.leaveOut(status, err)
		}
	}
	status.begin(Proving, provers, r.now)
	if len(status.Hours) > 0 {
		return s.otherHours(ctx, r, status)
	}
	return nil
}

// otherHours has a proof meet hours of its own.
func (s *Searcher) otherHours(ctx context.Context, r run, status *Status) error {
	hours, err := s.opt.Recorded.Hours(ctx, r.target)
	if err != nil {
		return fmt.Errorf("list recorded hours of %s: %w", r.target.Component, err)
	}
	status.Hours = choose(hours, r.set.Seeds, status.Round)
	return nil
}

// underWay reports a round that goes on.
func (st *Status) underWay() bool {
	return st.State == Searching || st.State == Replaying || st.State == Proving
}

// begin starts the next round.
func (st *Status) begin(state State, budget int, now time.Time) {
	st.Round++
	st.State, st.Why, st.Budget, st.Spent, st.Failed, st.Refused = state, "", budget, 0, 0, 0
	st.Begun, st.Ended, st.Tested, st.BestValues, st.Untold = now, time.Time{}, false, nil, nil
	st.Costs, st.Costed = nil, 0
}

// spend asks, judges and tells until the budget of the round is spent, the
// strategy has nothing more to ask, or something is wrong.
func (s *Searcher) spend(ctx context.Context, r *round) error {
	if err := r.retell(ctx); err != nil {
		return err
	}
	for r.status.Spent < r.status.Budget {
		if !s.opt.Quiet() {
			return errors.New("paused: something more important is going on")
		}
		begun := time.Now()
		genomes, err := r.evolver.Ask(ctx, r.problem, r.next())
		if err != nil {
			return fmt.Errorf("ask %s: %w", r.evolver.Name(), err)
		}
		if len(genomes) == 0 {
			return nil
		}
		if err := s.batch(ctx, r, genomes); err != nil {
			return err
		}
		if err := rest(ctx, restShare*time.Since(begun)); err != nil {
			return err
		}
	}
	return nil
}

// next is how many genomes to ask for: one at first, because a model that hangs over
// the default settings is found out by it.
func (r *round) next() int {
	if r.status.Spent == 0 {
		return 1
	}
	return min(batch, r.status.Budget-r.status.Spent)
}

// batch judges genomes and tells their scores. They are kept before they are told:
// so a kill at any instant leaves a round that ends like one without.
func (s *Searcher) batch(ctx context.Context, r *round, genomes []sdk.Genome) error {
	results, err := r.judge(ctx, genomes)
	if err != nil {
		return err
	}
	r.status.Untold = make([]sdk.Score, len(results))
	for i, j := range results {
		r.count(j)
		r.status.Untold[i] = sdk.Score{Genome: j.genome.ID, Value: j.cost, Failed: j.refused != nil || j.failed != nil}
	}
	if err := r.useless(results); err != nil {
		return fmt.Errorf("%w: %w", errSetAside, err)
	}
	s.keep(ctx, r.status)
	return r.tell(ctx)
}

// retell tells scores that were kept and perhaps not told. A strategy that lost the
// question with the answer is asked it again first; one that has the scores ignores
// them.
func (r *round) retell(ctx context.Context) error {
	if len(r.status.Untold) == 0 {
		return nil
	}
	if _, err := r.evolver.Ask(ctx, r.problem, len(r.status.Untold)); err != nil {
		return fmt.Errorf("ask %s: %w", r.evolver.Name(), err)
	}
	return r.tell(ctx)
}

// tell hands over what is untold.
func (r *round) tell(ctx context.Context) error {
	if err := r.evolver.Tell(ctx, r.problem, r.status.Untold); err != nil {
		return fmt.Errorf("tell %s: %w", r.evolver.Name(), err)
	}
	r.status.Untold = nil
	return nil
}

// count enters a result into the status.
func (r *round) count(j judged) {
	st := &r.status
	st.Spent++
	switch {
	case j.refused != nil:
		st.Refused++
		return
	case j.failed != nil:
		st.Failed++
		return
	}
	st.Costed++
	if len(st.Costs) < 2 && !slices.Contains(st.Costs, j.cost) {
		st.Costs = append(st.Costs, j.cost)
	}
	if r.isDefault(j.values) {
		st.Default = j.cost
	}
	if !st.Tested || j.cost < st.Best {
		st.Tested, st.Best, st.BestValues = true, j.cost, j.values
	}
}

func (r *round) isDefault(values map[string]sdk.Value) bool {
	return !slices.ContainsFunc(r.problem.Parameters, func(p sdk.Parameter) bool {
		v := values[p.Name] // a float that came through a gene may differ in its last digits
		return v.Choice != p.Default.Choice || math.Abs(v.Number-p.Default.Number) > 1e-9*(p.Max-p.Min)
	})
}

// useless says why the model is not worth more evaluations.
func (r *round) useless(results []judged) error {
	for _, j := range results {
		if j.failed != nil && r.isDefault(j.values) {
			return fmt.Errorf("it cannot judge the default settings: %w", j.failed)
		}
	}
	switch st := r.status; {
	case st.Spent >= enough && 2*st.Failed > st.Spent:
		return fmt.Errorf("%w could not judge %d of %d settings", ErrModel, st.Failed, st.Spent)
	case len(st.Costs) == 1 && st.Costed >= enough:
		return fmt.Errorf("%w gives all settings the same cost, %v, so there is nothing to search", ErrModel, st.Costs[0])
	}
	return nil
}

// rest waits, or returns why not.
func rest(ctx context.Context, span time.Duration) error {
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// ended tells how a run ended.
func (s *Searcher) ended(ctx context.Context, r run, status Status, err error) {
	log := s.opt.Log.With("component", status.Component, "round", status.Round, "spent", status.Spent)
	switch {
	case ctx.Err() != nil:
		return // the daemon ends; the round goes on after its start
	case errors.Is(err, errSetAside):
		status.State, status.Why, status.Ended = SetAside, err.Error(), r.now
		log.Warn("a search was set aside; recoveries go on without it", "why", err)
	case err != nil:
		status.Why = err.Error()
		log.Info("a search is interrupted and goes on later", "why", err)
	default:
		status.State, status.Why, status.Ended = Done, "", r.now
		log.Info("a search is done", "default", status.Default, "best", status.Best)
	}
	s.keep(ctx, status)
	if err != nil && !errors.Is(err, errSetAside) {
		return
	}
	fields := map[string]any{"component": status.Component, "round": status.Round, "state": string(status.State), "why": status.Why}
	if err := s.opt.Audit("search_ended", fields); err != nil {
		log.Warn("the end of a search was not recorded", "error", err)
	}
}

// schemaOf names what is declared, apart from the present values.
func schemaOf(p sdk.Problem) string {
	declared := slices.Clone(p.Parameters)
	for i := range declared {
		declared[i].Value = sdk.Value{}
	}
	text, err := json.Marshal([]any{declared, p.Forbidden})
	if err != nil {
		return "unknown" // numbers that are none: refused by Check
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}
