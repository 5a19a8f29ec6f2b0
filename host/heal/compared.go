package heal

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/heal/compare"
	"github.com/homeostat/homeostat/host/heal/machine"
	"github.com/homeostat/homeostat/host/heal/replay"
)

// Comparison is what is known of two strategies.
type Comparison struct {
	compare.Result
	// Replay is there when it was asked for, or live numbers decide nothing; Unplayed
	// says why it is missing all the same.
	Replay   *replay.Report
	Unplayed string
}

// Verdict says all in one sentence, live numbers first.
func (c Comparison) Verdict() string {
	if c.Replay == nil {
		return c.Result.Verdict()
	}
	return c.Result.Verdict() + ". " + c.Replay.Verdict(c.A.Strategy, c.B.Strategy)
}

// CompareQuery asks for a Comparison. A and B are required.
type CompareQuery struct {
	A, B string
	// Component and Since narrow, empty for all that is kept.
	Component string
	Since     time.Time
	// Longest is compare.Query's; by default that of the newest experiment between the
	// two, else 5 minutes.
	Longest time.Duration
	// Rounds is how often incidents are replayed; 0 for a hundred times, and only
	// where live numbers decide nothing.
	Rounds int
}

// usualRounds is how often incidents are replayed unasked.
const usualRounds = 100

// Compare compares two strategies: by the choices that chance has made between
// them, and by a replay, of which one is played at a time.
func (h *Healer) Compare(ctx context.Context, q CompareQuery) (Comparison, error) {
	if q.A == q.B {
		return Comparison{}, &machine.Refusal{Text: fmt.Sprintf("compare %s with itself: name two strategies", q.A)}
	}
	if q.Longest <= 0 {
		q.Longest = h.longest(q.A, q.B)
	}
	units := h.trials.Units()
	live := compare.Query{A: q.A, B: q.B, Component: q.Component, Since: q.Since, Longest: q.Longest, Level: compare.DefaultLevel, Now: time.Now()}
	out := Comparison{Result: compare.Compare(live, units)}
	if out.Decided() && q.Rounds == 0 {
		return out, nil
	}
	if q.Rounds == 0 {
		q.Rounds = usualRounds
	}
	model := h.model(q, units)
	if len(model.Cases) == 0 {
		out.Unplayed = "no incident is recorded in which one of them was on offer"
		return out, nil
	}
	select {
	case h.playing <- struct{}{}:
		defer func() { <-h.playing }()
	case <-ctx.Done():
		return out, fmt.Errorf("replay: another one is played: %w", ctx.Err())
	}
	played, err := replay.Run(ctx, model)
	out.Replay = &played
	return out, err
}

// longest is what was settled for the two before anybody saw an outcome.
func (h *Healer) longest(a, b string) time.Duration {
	for _, e := range h.trials.Experiments() {
		if e.Other(a) == b {
			return e.Longest
		}
	}
	return compare.DefaultLongest
}

// model is what is believed of the two: chances, and how long each takes.
func (h *Healer) model(q CompareQuery, units []compare.Unit) replay.Config {
	c := replay.Config{
		A: q.A, B: q.B, Book: h.Chances(), Rounds: q.Rounds, Seed: rand.Uint64(), Settings: h.inForce(), Longest: q.Longest,
		Level: compare.DefaultLevel, Spans: replay.SpansOf(units, q.A, q.B),
	}
	for _, u := range slices.Backward(units) {
		if q.Component != "" && u.Component != q.Component || u.At.Before(q.Since) || !u.Offered(q.A) && !u.Offered(q.B) {
			continue
		}
		if c.Cases = append(c.Cases, replay.Case{Component: u.Component, Signature: u.Signature, Kind: u.Kind, Opened: u.Opened}); len(c.Cases) == replay.MaxCases {
			break
		}
	}
	return c
}

func (h *Healer) inForce() Settings {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.settings
}

// Units returns the first remedies of the incidents that are kept, oldest first.
func (h *Healer) Units() []compare.Unit { return h.trials.Units() }

// Chose reports whether a strategy is in a record of choices.
func (h *Healer) Chose(strategy string) bool {
	return slices.ContainsFunc(h.trials.Units(), func(u compare.Unit) bool { return u.Offered(strategy) })
}

// CheckComponent refuses the name of a component that does not exist, empty for
// none.
func (h *Healer) CheckComponent(name string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.core.CheckComponent(name)
}
