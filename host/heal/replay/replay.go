// Package replay plays recorded incidents again under two orders of the ladder, in
// accelerated time: what would have been, had one strategy or the other been asked
// first.
//
// It owns the model and the score. What decides is the coordinator's own machine of
// heal/machine, with the daemon's settings; when which trouble came is recorded; but
// whether a remedy helps is drawn from the chances that were learned of it. So a
// replay is the consequence of what is believed already, and no evidence. Everything
// follows from a seed. A Run belongs to one goroutine; several may run side by side.
package replay

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/heal/compare/sequence"
	"github.com/homeostat/homeostat/host/heal/odds"
	"github.com/homeostat/homeostat/host/heal/settings"
)

// Case is a recorded incident.
type Case struct {
	Component, Signature, Kind string
	Opened                     time.Time
}

// Spans are how long it takes until health by a remedy, its own wait included, and
// until it is known to have failed.
type Spans struct{ Healed, Failed time.Duration }

// Config says what is played. All fields are required.
type Config struct {
	// Cases are the incidents in any order, at most MaxCases.
	Cases []Case
	// A and B are the strategies; each is asked first in one of the two worlds, and
	// the other one when it has failed.
	A, B string
	// Book is what was learned of their chances, Spans how long each takes.
	Book  odds.Book
	Spans map[string]Spans
	// Rounds is how often the incidents are played, at most MaxRounds.
	Rounds int
	Seed   uint64
	// Settings are healing's own; its components are those of the cases.
	Settings settings.Settings
	// Longest bounds the downtime of one incident, Level is that of the intervals.
	Longest time.Duration
	Level   float64
}

// The limits of a Config: a round of one case takes some 0.1 ms in each world.
const (
	MaxRounds = 1000
	MaxCases  = 200
)

// Person is how long a person takes who is called when both have failed.
const Person = 15 * time.Minute

// Effect is a difference, B first less A first, with an interval that holds at every
// look: for the mean over the chances that were drawn, whatever luck came on top.
type Effect struct {
	Difference float64
	sequence.Interval
}

// Report is the outcome of a Run.
type Report struct {
	Incidents, Rounds int
	Seed              uint64
	// DowntimeA and DowntimeB are the means of an incident.
	DowntimeA, DowntimeB time.Duration
	// Downtime is in seconds an incident, Healed the difference in the share that the
	// first remedy ended.
	Downtime, Healed Effect
	// Low and High hold the middle 90 % of the rounds' differences in downtime: what
	// is left open by what is not known of the chances, and by luck.
	Low, High float64
	// SoonerA and SoonerB are the shares of rounds in which A first, and B first, left
	// less downtime by at least a tenth.
	SoonerA, SoonerB float64
}

// ending is what came of one incident in one world.
type ending struct {
	seconds float64
	healed  float64 // 1 where the first remedy ended it
}

// Run plays. It ends early with ctx's error.
func Run(ctx context.Context, c Config) (Report, error) {
	if err := c.check(); err != nil {
		return Report{}, err
	}
	cases := slices.SortedStableFunc(slices.Values(c.Cases), func(x, y Case) int { return x.Opened.Compare(y.Opened) })
	half := 1 - (1-c.Level)/2
	t := &tally{longest: c.Longest.Seconds(), downtime: sequence.New(half), healed: sequence.New(half)}
	for round := range c.Rounds {
		if err := ctx.Err(); err != nil {
			return Report{}, fmt.Errorf("replay: %w", err)
		}
		script := c.script(cases, rand.New(rand.NewPCG(c.Seed, uint64(round))))
		a, err := c.play(script, []string{c.A, c.B})
		if err != nil {
			return Report{}, err
		}
		b, err := c.play(script, []string{c.B, c.A})
		if err == nil {
			err = t.add(a, b)
		}
		if err != nil {
			return Report{}, err
		}
	}
	out := t.report()
	out.Incidents, out.Rounds, out.Seed = len(cases), c.Rounds, c.Seed
	return out, nil
}

// tally adds rounds up. An observation is the difference that one incident makes;
// given the chances that were drawn for its round, and all before, its mean is what
// the interval is for.
type tally struct {
	longest          float64
	downtime, healed *sequence.Sequence
	a, b             float64   // seconds an incident
	rounds           []float64 // differences in seconds an incident
}

func (t *tally) add(a, b []ending) error {
	before := t.b - t.a
	for n := range a {
		t.a += a[n].seconds / float64(len(a))
		t.b += b[n].seconds / float64(len(b))
		err := errors.Join(
			t.downtime.Add(sequence.Observation{Value: (b[n].seconds - a[n].seconds) / t.longest, Low: -1, High: 1}),
			t.healed.Add(sequence.Observation{Value: b[n].healed - a[n].healed, Low: -1, High: 1}),
		)
		if err != nil {
			return fmt.Errorf("replay: %w", err)
		}
	}
	t.rounds = append(t.rounds, t.b-t.a-before)
	return nil
}

// tenth is from which share of the downtime on a round counts as better.
const tenth = 0.1

func (t *tally) report() Report {
	rounds := len(t.rounds)
	slices.Sort(t.rounds)
	var sooner, later float64
	least := tenth * max(t.a, t.b) / float64(rounds)
	for _, d := range t.rounds {
		switch {
		case d <= -least:
			sooner++
		case d >= least:
			later++
		}
	}
	mean := func(sum float64) time.Duration { return time.Duration(sum / float64(rounds) * float64(time.Second)) }
	return Report{
		DowntimeA: mean(t.a), DowntimeB: mean(t.b), Downtime: scaled(t.downtime, t.longest), Healed: scaled(t.healed, 1),
		Low: t.rounds[rounds/20], High: t.rounds[rounds-1-rounds/20], SoonerA: later / float64(rounds), SoonerB: sooner / float64(rounds),
	}
}

func (c Config) check() error {
	switch {
	case len(c.Cases) == 0 || len(c.Cases) > MaxCases:
		return fmt.Errorf("replay %d incidents: want 1 to %d", len(c.Cases), MaxCases)
	case c.Rounds < 1 || c.Rounds > MaxRounds:
		return fmt.Errorf("replay %d rounds: want 1 to %d", c.Rounds, MaxRounds)
	case c.A == c.B || c.Longest <= 0 || !(c.Level > 0 && c.Level < 1):
		return fmt.Errorf("replay %s against %s, downtime up to %v, level %g: want two strategies, a positive time, and a level between 0 and 1", c.A, c.B, c.Longest, c.Level)
	}
	return nil
}

func scaled(s *sequence.Sequence, unit float64) Effect {
	i := s.Interval()
	return Effect{Difference: unit * s.Mean(), Interval: sequence.Interval{Low: unit * i.Low, High: unit * i.High}}
}

// scene is a case with all that chance has decided about it, for both worlds.
type scene struct {
	Case
	// chances are those of the strategies in this round, luck the numbers that each
	// of their attempts is held against: the attempt helps where luck is below.
	chances map[string]float64
	luck    map[string][]float64
}

// attempts is how many numbers are drawn for a strategy; later attempts begin again.
const attempts = 4

// script draws a round: chances out of what is believed, the same for all incidents
// of a signature, and luck.
func (c Config) script(cases []Case, rng *rand.Rand) []scene {
	type key struct{ strategy, signature string }
	known := map[key]float64{}
	out := make([]scene, len(cases))
	for n, one := range cases {
		out[n] = scene{Case: one, chances: map[string]float64{}, luck: map[string][]float64{}}
		for _, name := range []string{c.A, c.B} {
			chance, drawn := known[key{name, one.Signature}]
			if !drawn {
				chance = c.Book.Belief(name, odds.Case{Signature: one.Signature, Kind: one.Kind}).Draw(rng)
				known[key{name, one.Signature}] = chance
			}
			out[n].chances[name] = chance
			for range attempts {
				out[n].luck[name] = append(out[n].luck[name], rng.Float64())
			}
		}
	}
	return out
}
