// Package simulate plays streams of incidents through the coordinator in
// accelerated time and adds up the downtime that each rule of choice leaves.
//
// It owns the worlds (which fault is ended by which remedy, how that drifts) and
// the score. What decides is not its own: the machine of host/heal/machine and the
// rules of host/heal/odds are the ones that a daemon runs. Everything follows from
// a seed. A Run belongs to one goroutine; several may run side by side.
package simulate

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"
)

// Config says what is played.
type Config struct {
	// Worlds is how many are played, from Seed on; default 30.
	Worlds int
	Seed   uint64
	// Incidents is the length of each stream; default 400.
	Incidents int
	// Drift is how often in a stream a third of the faults change what helps
	// against them; default 2, negative for never.
	Drift int
	// Policies are the ones to compare; default all.
	Policies []Policy
	// Progress, when set, is told after each world.
	Progress func(done, of int)
}

// The defaults of Config.
const (
	DefaultWorlds    = 30
	DefaultIncidents = 400
	DefaultDrift     = 2
)

// The ranges that Config is held to.
const (
	MaxWorlds    = 10_000
	MaxIncidents = 100_000
)

// Check reports what is out of range, before anything is played.
func (c Config) Check() error {
	_, err := c.withDefaults()
	return err
}

func (c Config) withDefaults() (Config, error) {
	if c.Worlds == 0 {
		c.Worlds = DefaultWorlds
	}
	if c.Incidents == 0 {
		c.Incidents = DefaultIncidents
	}
	if c.Drift == 0 {
		c.Drift = DefaultDrift
	}
	if len(c.Policies) == 0 {
		c.Policies = Policies()
	}
	switch {
	case c.Worlds < 0 || c.Worlds > MaxWorlds:
		return c, fmt.Errorf("simulate %d worlds: want 1 to %d", c.Worlds, MaxWorlds)
	case c.Incidents < 0 || c.Incidents > MaxIncidents:
		return c, fmt.Errorf("simulate %d incidents: want 1 to %d", c.Incidents, MaxIncidents)
	case c.Drift > c.Incidents:
		return c, fmt.Errorf("simulate %d drifts in %d incidents: want fewer drifts than incidents", c.Drift, c.Incidents)
	}
	for _, p := range c.Policies {
		if !slices.Contains(Policies(), p) {
			return c, fmt.Errorf("simulate policy %q: want one of %v", p, Policies())
		}
	}
	return c, nil
}

// Score is what a policy left behind over all worlds.
type Score struct {
	Policy Policy `json:"policy"`
	// Downtime is the mean of a whole stream, in seconds.
	Downtime float64 `json:"downtime_seconds"`
	// Ratio is the mean over worlds of downtime over the oracle's, Worst the largest.
	Ratio float64 `json:"ratio_to_oracle"`
	Worst float64 `json:"worst_ratio"`
	// Tries is the mean number of remedies an incident, Handed the share of
	// incidents left to a person.
	Tries  float64 `json:"tries_per_incident"`
	Handed float64 `json:"handed_over"`
	// WorseThanLadder counts worlds in which it was more than 2 % worse than the
	// fixed ladder, WorstToLadder is the largest downtime over the ladder's.
	WorseThanLadder int     `json:"worlds_worse_than_ladder"`
	WorstToLadder   float64 `json:"worst_to_ladder"`
	// Curve is the cumulative downtime after each incident in hours, the mean over
	// worlds.
	Curve []float64 `json:"curve_hours"`
}

// Report is the outcome of a Run.
type Report struct {
	Seed      uint64  `json:"seed"`
	Worlds    int     `json:"worlds"`
	Incidents int     `json:"incidents"`
	Drift     int     `json:"drift"`
	Scores    []Score `json:"scores"`
}

// worse is from which ratio on a world counts as worse than the ladder.
const worse = 1.02

// Run plays all policies over the same worlds. The oracle and the ladder, which the
// others are measured against, are always played. It ends early with ctx's error.
func Run(ctx context.Context, c Config) (Report, error) {
	c, err := c.withDefaults()
	if err != nil {
		return Report{}, err
	}
	policies := slices.Clone(c.Policies)
	for _, p := range []Policy{Oracle, Ladder} {
		if !slices.Contains(policies, p) {
			policies = append(policies, p)
		}
	}
	sums := make(map[Policy]*Score, len(policies))
	for _, p := range policies {
		sums[p] = &Score{Policy: p, Curve: make([]float64, c.Incidents)}
	}
	for w := range c.Worlds {
		if err := ctx.Err(); err != nil {
			return Report{}, fmt.Errorf("simulate: %w", err)
		}
		if err := playAll(newWorld(c, c.Seed+uint64(w)), policies, sums); err != nil {
			return Report{}, err
		}
		if c.Progress != nil {
			c.Progress(w+1, c.Worlds)
		}
	}
	out := Report{Seed: c.Seed, Worlds: c.Worlds, Incidents: c.Incidents, Drift: max(c.Drift, 0)}
	for _, p := range c.Policies {
		out.Scores = append(out.Scores, sums[p].mean(c))
	}
	return out, nil
}

// bar is how much more downtime than the oracle's the guarded ladder may leave.
const bar = 1.15

// Judge holds a report to the bars of the guarded ladder.
func Judge(r Report) error {
	at := slices.IndexFunc(r.Scores, func(s Score) bool { return s.Policy == Guarded })
	if at < 0 {
		return fmt.Errorf("judge a simulation without the policy %s: play it too", Guarded)
	}
	if s := r.Scores[at]; s.Ratio > bar || s.WorseThanLadder > 0 {
		return fmt.Errorf("guarded: %.3f of the oracle's downtime, want at most %.2f; over 2 %% worse than the ladder in %d worlds, want 0", s.Ratio, bar, s.WorseThanLadder)
	}
	return nil
}

func playAll(w *world, policies []Policy, sums map[Policy]*Score) error {
	downtime := make(map[Policy]float64, len(policies))
	for _, p := range policies {
		r, err := play(w, p)
		if err != nil {
			return fmt.Errorf("simulate world %d with %s: %w", w.seed, p, err)
		}
		downtime[p] = r.downtime
		sums[p].add(r)
	}
	for _, p := range policies {
		s := sums[p]
		toOracle, toLadder := downtime[p]/downtime[Oracle], downtime[p]/downtime[Ladder]
		s.Ratio += toOracle
		s.Worst = math.Max(s.Worst, toOracle)
		s.WorstToLadder = math.Max(s.WorstToLadder, toLadder)
		if toLadder > worse {
			s.WorseThanLadder++
		}
	}
	return nil
}

func (s *Score) add(r result) {
	s.Downtime += r.downtime
	s.Tries += float64(r.tries)
	s.Handed += float64(r.handed)
	total := 0.0
	for i, d := range r.each {
		total += d
		s.Curve[i] += total / time.Hour.Seconds()
	}
}

func (s *Score) mean(c Config) Score {
	out := *s
	worlds, incidents := float64(c.Worlds), float64(c.Worlds*c.Incidents)
	out.Downtime, out.Ratio = s.Downtime/worlds, s.Ratio/worlds
	out.Tries, out.Handed = s.Tries/incidents, s.Handed/incidents
	for i := range out.Curve {
		out.Curve[i] /= worlds
	}
	return out
}
