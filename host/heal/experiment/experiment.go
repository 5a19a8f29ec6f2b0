// Package experiment lets chance decide between two strategies, so that what came
// of them can be compared: it owns who is drawn, and when an experiment is over.
//
// It judges and draws from values alone, changes no ladder, and keeps nothing; the
// keeper is heal/trials, the estimate that of heal/compare. The package is pure, and
// values may be used from several goroutines as long as nobody changes them.
package experiment

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/heal/compare"
)

// Settings are the operator's. The zero value is no experiment.
type Settings struct {
	// Name tells experiments with the same settings apart: a new name begins anew.
	Name string `json:"name,omitempty"`
	// A is what the ladder would take, B what it is compared with.
	A string `json:"a"`
	B string `json:"b"`
	// Share is the probability of B, between compare.Floor and 1 less that.
	Share float64 `json:"share"`
	// Components are the ones that take part, empty for all.
	Components []string `json:"components,omitempty"`
	// MaxIncidents and MaxTime end it; Longest bounds the downtime of one incident.
	MaxIncidents int           `json:"max_incidents"`
	MaxTime      time.Duration `json:"max_time"`
	Longest      time.Duration `json:"longest"`
}

// Set reports whether there is an experiment at all.
func (s Settings) Set() bool { return s.A != "" && s.B != "" }

// Same reports that both mean the same experiment. A limit that was moved does not
// make another one.
func (s Settings) Same(o Settings) bool {
	return s.Name == o.Name && s.A == o.A && s.B == o.B && s.Share == o.Share && s.Longest == o.Longest && slices.Equal(s.Components, o.Components)
}

// Outcome is why an experiment is over.
type Outcome string

// The outcomes.
const (
	OutcomeDecided   Outcome = "decided"   // an interval excludes no difference
	OutcomeHarm      Outcome = "harm"      // B is likely to be worse
	OutcomeIncidents Outcome = "incidents" // as many as were allowed
	OutcomeTime      Outcome = "time"      // as long as was allowed
	OutcomeSettings  Outcome = "settings"  // the settings name it no more
)

// State is an experiment as it is kept. Seed is secret to nobody: with it every
// draw can be repeated.
type State struct {
	ID string `json:"id"`
	Settings
	Seed    string     `json:"seed"`
	Begun   time.Time  `json:"begun"`
	Ended   *time.Time `json:"ended,omitempty"`
	Outcome Outcome    `json:"outcome,omitempty"`
	Why     string     `json:"why,omitempty"`
}

// New begins an experiment. Nobody may know the seed beforehand.
func New(set Settings, seed [32]byte, now time.Time) State {
	text := hex.EncodeToString(seed[:])
	return State{ID: fmt.Sprintf("exp_%x_%s", now.UnixMilli(), text[:6]), Settings: set, Seed: text, Begun: now}
}

// Check reports what no state that New made can hold: a stored one may be damaged.
func (s State) Check() error {
	switch {
	case s.ID == "" || s.Seed == "" || !s.Set() || s.A == s.B:
		return fmt.Errorf("experiment %q: its id, its seed or its strategies are missing", s.ID)
	case !(s.Share >= compare.Floor && s.Share <= 1-compare.Floor) || s.Longest <= 0:
		return fmt.Errorf("experiment %s: the share is %g and the longest downtime %v", s.ID, s.Share, s.Longest)
	}
	return nil
}

// Concerns reports whether it goes on and the component takes part.
func (s State) Concerns(component string, now time.Time) bool {
	return s.Ended == nil && now.Sub(s.Begun) < s.MaxTime && (len(s.Components) == 0 || slices.Contains(s.Components, component))
}

// Draw returns the strategy for an incident. It is the same each time, so that a
// daemon that was killed between the draw and the act draws no second time.
func (s State) Draw(incident string) string {
	sum := sha256.Sum256([]byte(s.Seed + "/" + incident))
	const digits = 53 // of a float64
	if x := float64(binary.BigEndian.Uint64(sum[:8])>>(64-digits)) / (1 << digits); x < s.Share {
		return s.B
	}
	return s.A
}

// Other returns the opponent of a strategy, empty where it takes no part.
func (s State) Other(strategy string) string {
	switch strategy {
	case s.A:
		return s.B
	case s.B:
		return s.A
	}
	return ""
}

// Propensity is the probability with which Draw returns the strategy.
func (s State) Propensity(strategy string) float64 {
	switch strategy {
	case s.B:
		return s.Share
	case s.A:
		return 1 - s.Share
	}
	return 0
}

// Sentence says why a strategy was taken.
func (s State) Sentence(strategy string) string {
	return fmt.Sprintf("%s was drawn by lot, with a chance of %.0f %%, in experiment %s (%s against %s)", strategy, 100*s.Propensity(strategy), s.ID, s.A, s.B)
}

// Query asks for the experiment's own result.
func (s State) Query(now time.Time) compare.Query {
	return compare.Query{A: s.A, B: s.B, Experiment: s.ID, Longest: s.Longest, Level: compare.DefaultLevel, Now: now}
}

// Judge returns the state, ended where it has to be.
func (s State) Judge(units []compare.Unit, now time.Time) State {
	if s.Ended != nil {
		return s
	}
	result := compare.Compare(s.Query(now), units)
	switch worse, why := harm(s, units, now); {
	case result.Decided():
		return s.End(OutcomeDecided, result.Verdict(), now)
	case worse:
		return s.End(OutcomeHarm, why, now)
	case result.Compared >= s.MaxIncidents:
		return s.End(OutcomeIncidents, fmt.Sprintf("after %d incidents, as many as were allowed: %s", result.Compared, result.Verdict()), now)
	case now.Sub(s.Begun) >= s.MaxTime:
		return s.End(OutcomeTime, fmt.Sprintf("after %v, as long as was allowed: %s", s.MaxTime, result.Verdict()), s.Begun.Add(s.MaxTime))
	}
	return s
}

// End returns the state ended.
func (s State) End(o Outcome, why string, now time.Time) State {
	s.Ended, s.Outcome, s.Why = &now, o, why
	return s
}
