package heal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/homeostat/homeostat/host/heal/cause"
	"github.com/homeostat/homeostat/host/heal/choice"
	"github.com/homeostat/homeostat/host/heal/machine"
	"github.com/homeostat/homeostat/host/heal/record"
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

// ask goes down the ladder until a strategy offers something, now or later.
// What is not allowed on this host is refused as a whole, and the next rung is
// asked.
func (h *Healer) ask(ctx context.Context, e machine.Ask) {
	in := h.complete(ctx, e.Incident)
	out := machine.Proposed{Ticket: e.Ticket, Known: known(in)}
	ready := h.opt.Strategies()
	q := choice.Question{Incident: in, Ladder: e.Ladder, Ready: namesOf(ready), Resting: e.Resting}
	for _, name := range h.opt.Chooser.Order(q) {
		if until := q.Rest(name); !until.IsZero() {
			out.Reasons = append(out.Reasons, fmt.Sprintf("%s: it failed and rests until %s", name, until.UTC().Format(time.TimeOnly)))
			continue
		}
		if h.rung(ctx, named(ready, name), question{name, in}, &out) {
			break
		}
	}
	if out.Strategy == "" && len(out.Reasons) == 0 {
		out.Reasons, out.Soon = []string{"no strategy is configured or ready"}, true
	}
	_ = h.step(out)
}

type question struct {
	name     string
	incident sdk.Incident
}

// rung asks one strategy and reports whether it offers something.
func (h *Healer) rung(ctx context.Context, s Strategy, q question, out *machine.Proposed) bool {
	if s == nil {
		out.Reasons, out.Soon = append(out.Reasons, q.name+": it is not ready"), true
		return false
	}
	p, err := h.propose(ctx, s, q.incident)
	if err != nil {
		h.opt.Log.Warn("a strategy did not answer", "strategy", q.name, "incident", q.incident.ID, "error", err)
		out.Reasons, out.Soon = append(out.Reasons, q.name+": "+err.Error()), true
		return false
	}
	if err := h.allowed(p); err != nil {
		h.opt.Log.Warn("a proposal was refused", "strategy", q.name, "incident", q.incident.ID, "error", err)
		out.Reasons = append(out.Reasons, q.name+": "+err.Error())
		return false
	}
	if len(p.Actions) == 0 && !p.NotBefore.After(q.incident.Now) {
		out.Reasons = append(out.Reasons, q.name+": "+p.Reason)
		return false
	}
	out.Strategy, out.Proposal, out.NeedsPerson, out.Targets = q.name, p, h.opt.Actor.NeedsPerson(p), h.opt.Actor.Targets(p, q.incident.Components)
	return true
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
func (h *Healer) learn(ctx context.Context, e machine.Learn) {
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
