package heal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/homeostat/homeostat/host/heal/cause"
	"github.com/homeostat/homeostat/host/heal/choice"
	"github.com/homeostat/homeostat/host/heal/effect"
	"github.com/homeostat/homeostat/host/heal/machine"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/host/heal/remedy"
	"github.com/homeostat/homeostat/sdk"
)

// turns lets one caller at a time speak with a strategy: Propose and Learn
// never overlap. The zero value works.
type turns struct {
	mu    sync.Mutex
	names map[string]chan struct{}
}

// take waits for the strategy's turn and returns how to give it back.
func (t *turns) take(ctx context.Context, name string) (func(), error) {
	t.mu.Lock()
	if t.names == nil {
		t.names = map[string]chan struct{}{}
	}
	turn, ok := t.names[name]
	if !ok {
		turn = make(chan struct{}, 1)
		t.names[name] = turn
	}
	t.mu.Unlock()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("%s was busy: %w", name, ctx.Err())
	}
}

// ask goes down the ladder until a strategy offers something, now or later, and
// further where what was learned could speak for a lower rung. What is not allowed
// on this host is refused as a whole, and the next rung is asked.
func (h *Healer) ask(ctx context.Context, e effect.Ask) {
	d := &descent{ask: e, in: h.complete(ctx, e.Incident)}
	ready := h.opt.Strategies()
	q := choice.Question{Incident: d.in, Ladder: e.Ladder, Ready: namesOf(ready), Resting: e.Resting}
	for _, name := range h.opt.Chooser.Order(q) {
		if until := q.Rest(name); !until.IsZero() {
			d.pass(name, fmt.Sprintf("it failed and rests until %s", until.UTC().Format(time.TimeOnly)))
			continue
		}
		if h.rung(ctx, named(ready, name), rung{name, d}) && !h.contested(d) && !h.undecided(d) {
			break
		}
	}
	_ = h.step(h.decide(d))
}

// descent is one way down the ladder.
type descent struct {
	ask    effect.Ask
	in     sdk.Incident
	offers []offer
	// last hands the incident over; it is taken when nobody offers a remedy.
	last    *offer
	reasons []string
	soon    bool
}

type offer struct {
	strategy string
	proposal sdk.Proposal
}

func (d *descent) pass(name, why string) { d.reasons = append(d.reasons, name+": "+why) }

// rung is one question of a descent.
type rung struct {
	name string
	*descent
}

// rung asks one strategy and reports whether it offers a remedy.
func (h *Healer) rung(ctx context.Context, s Strategy, r rung) bool {
	if s == nil {
		r.pass(r.name, "it is not ready")
		r.soon = true
		return false
	}
	p, err := h.propose(ctx, s, r.in)
	if err != nil {
		h.opt.Log.Warn("a strategy did not answer", "strategy", r.name, "incident", r.in.ID, "error", err)
		r.pass(r.name, err.Error())
		r.soon = true
		return false
	}
	if err := h.allowed(p); err != nil {
		h.opt.Log.Warn("a proposal was refused", "strategy", r.name, "incident", r.in.ID, "error", err)
		r.pass(r.name, err.Error())
		return false
	}
	_, _, handsOver := remedy.HandOver(p)
	switch {
	case handsOver && r.last == nil:
		r.last = &offer{r.name, p}
		return false
	case handsOver, len(p.Actions) == 0 && !p.NotBefore.After(r.in.Now):
		r.pass(r.name, p.Reason)
		return false
	}
	r.offers = append(r.offers, offer{r.name, p})
	return true
}

// decide turns the offers into the answer.
func (h *Healer) decide(d *descent) machine.Proposed {
	out := machine.Proposed{Ticket: d.ask.Ticket, Known: known(d.in), Reasons: d.reasons, Soon: d.soon}
	if len(d.offers) == 0 && d.last != nil {
		d.offers = append(d.offers, *d.last)
	}
	if len(d.offers) == 0 {
		if len(d.reasons) == 0 {
			out.Reasons, out.Soon = []string{"no strategy is configured or ready"}, true
		}
		return out
	}
	chosen, why := h.choose(d)
	out.Choice = why
	out.Strategy, out.Proposal = chosen.strategy, chosen.proposal
	out.NeedsPerson = h.opt.Actor.NeedsPerson(chosen.proposal)
	out.Targets = h.opt.Actor.Targets(chosen.proposal, d.in.Components)
	return out
}

func namesOf(list []Strategy) []string {
	names := make([]string, len(list))
	for i, s := range list {
		names[i] = s.Name()
	}
	return names
}

// named returns the strategy of that name, nil when it is not ready.
func named(list []Strategy, name string) Strategy {
	for _, s := range list {
		if s.Name() == name {
			return s
		}
	}
	return nil
}

// complete adds what the host knows of the incident's components and around
// it. The restart orders are the core's own.
func (h *Healer) complete(ctx context.Context, in sdk.Incident) sdk.Incident {
	for n, known := range in.Status {
		status, ok := h.opt.Prober.Status(known.Name)
		if !ok {
			status = sdk.ComponentStatus{Name: known.Name, State: sdk.StateUnknown}
		}
		status.Starts = known.Starts
		in.Status[n] = status
	}
	if h.opt.Surroundings != nil {
		ctx, cancel := context.WithTimeout(ctx, h.opt.LookTimeout)
		defer cancel()
		s := h.opt.Surroundings(ctx, in)
		in.Changes, in.Logs, in.Readings = s.Changes, s.Logs, s.Readings
		in.Parameters, in.Forbidden = s.Parameters, s.Forbidden
		if s.Links != nil {
			in.Links = s.Links
		}
	}
	in.Suspects = cause.Rank(cause.Case{Anomalies: in.Anomalies, Changes: in.Changes, DependsOn: h.dependsOn})
	return in
}

func (h *Healer) dependsOn(a, b string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.core.DependsOn(a, b)
}

// known is what of the surroundings is kept with the incident.
func known(in sdk.Incident) *record.Known {
	return &record.Known{At: in.Now, Changes: in.Changes, Logs: in.Logs, Suspects: in.Suspects, Readings: in.Readings}
}

func (h *Healer) propose(ctx context.Context, s Strategy, in sdk.Incident) (sdk.Proposal, error) {
	ctx, cancel := context.WithTimeout(ctx, h.opt.ProposeTimeout)
	defer cancel()
	done, err := h.turns.take(ctx, s.Name())
	if err != nil {
		return sdk.Proposal{}, err
	}
	defer done()
	return s.Propose(ctx, in)
}

// allowed reports why a proposal cannot be carried out on this host.
func (h *Healer) allowed(p sdk.Proposal) error {
	if err := p.Validate(); err != nil {
		return err
	}
	if len(p.Actions) == 0 {
		return nil
	}
	return h.opt.Actor.Check(p)
}

// learn tells the strategy how its recovery ended. A strategy that is gone or
// does not answer misses it.
func (h *Healer) learn(ctx context.Context, e effect.Learn) {
	h.note(ctx, e)
	for _, s := range h.opt.Strategies() {
		if s.Name() != e.Strategy {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, h.opt.ProposeTimeout)
		defer cancel()
		done, err := h.turns.take(ctx, s.Name())
		if err == nil {
			err = s.Learn(ctx, e.Outcome)
			done()
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			h.opt.Log.Warn("a strategy could not be told its outcome", "strategy", s.Name(), "error", err)
		}
		return
	}
}
