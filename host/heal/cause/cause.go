// Package cause ranks the components that the evidence of an incident speaks
// against, the likeliest cause first.
//
// It owns the weights of the kinds of evidence and the sentence that explains
// a rank. It decides nothing: which component is acted on is for the machine,
// and the ranking is for strategies and people. It is pure and may be used
// from several goroutines.
package cause

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// MaxSuspects is how many are named at most.
const MaxSuspects = 5

// Case is what is known of an incident.
type Case struct {
	Anomalies []sdk.Anomaly
	// DependsOn reports whether a depends on b, directly or not.
	DependsOn func(a, b string) bool
	Changes   []sdk.ChangeRef
}

// Weights of the evidence. They add up to 1, so that a score is the share of
// all that could speak against a component.
const (
	weightSeverity = 0.35 // its own worst anomaly
	weightMisfit   = 0.25 // how far its signals are from what is usual, in any detector's evidence
	weightNeeded   = 0.20 // others that fail depend on it
	weightFirst    = 0.10 // it failed before the others
	weightChanged  = 0.10 // something of its own changed lately
)

// halfMisfit is the distance from the usual range, in widths of it, that
// counts half.
const halfMisfit = 1.0

// maxMisfit keeps the share a number: beyond it everything is equally far.
const maxMisfit = 1e6

// suspect gathers what speaks against one component.
type suspect struct {
	severity sdk.Severity
	first    time.Time
	misfit   float64
	signal   string
	needed   []string
	changed  string
}

// Rank returns the components that the evidence names, the likeliest first.
func Rank(c Case) []sdk.Suspect {
	found := map[string]*suspect{}
	of := func(name string) *suspect {
		if found[name] == nil {
			found[name] = &suspect{}
		}
		return found[name]
	}
	for _, a := range c.Anomalies {
		of(a.Component).anomaly(a)
		for _, e := range a.Evidence {
			of(cmp.Or(e.Component, a.Component)).evidence(e)
		}
	}
	names := slices.Sorted(maps.Keys(found))
	for _, name := range names {
		found[name].relate(name, names, c)
	}
	first := earliest(found)
	out := make([]sdk.Suspect, 0, len(names))
	for _, name := range names {
		out = append(out, found[name].verdict(name, first))
	}
	slices.SortStableFunc(out, func(a, b sdk.Suspect) int { return cmp.Compare(b.Score, a.Score) })
	return out[:min(len(out), MaxSuspects)]
}

func (s *suspect) anomaly(a sdk.Anomaly) {
	s.severity = max(s.severity, a.Severity)
	if s.first.IsZero() || a.Start.Before(s.first) {
		s.first = a.Start
	}
}

// evidence takes the number that lies farthest outside its usual range.
func (s *suspect) evidence(e sdk.Evidence) {
	width := e.High - e.Low
	if !(width > 0) {
		return
	}
	if far := max(e.Low-e.Value, e.Value-e.High) / width; far > s.misfit {
		s.misfit, s.signal = min(far, maxMisfit), e.Signal
	}
}

func (s *suspect) relate(name string, names []string, c Case) {
	for _, other := range names {
		if other != name && c.DependsOn(other, name) {
			s.needed = append(s.needed, other)
		}
	}
	for _, change := range c.Changes {
		if change.Component == name && s.changed == "" {
			s.changed = fmt.Sprintf("%s at %s", change.Text, change.Applied.UTC().Format(time.TimeOnly))
		}
	}
}

// earliest names the component that failed before all others, empty when there
// is no other or two began together.
func earliest(found map[string]*suspect) string {
	name, at, more := "", time.Time{}, false
	for n, s := range found {
		switch {
		case s.first.IsZero():
		case name == "" || s.first.Before(at):
			more = name != ""
			name, at = n, s.first
		case s.first.Equal(at):
			return ""
		default:
			more = true
		}
	}
	if !more {
		return ""
	}
	return name
}

func (s *suspect) verdict(name, first string) sdk.Suspect {
	score, reasons := 0.0, []string{}
	add := func(weight float64, format string, args ...any) {
		if weight > 0 {
			score += weight
			reasons = append(reasons, fmt.Sprintf(format, args...))
		}
	}
	add(weightSeverity*float64(s.severity)/float64(sdk.SeverityCritical), "%s anomaly", s.severity)
	add(weightMisfit*s.misfit/(s.misfit+halfMisfit), "%s is %.1f usual ranges off", s.signal, s.misfit)
	if len(s.needed) > 0 {
		add(weightNeeded, "%s needs it", strings.Join(s.needed, ", "))
	}
	if name == first {
		add(weightFirst, "failed first")
	}
	if s.changed != "" {
		add(weightChanged, "%s", s.changed)
	}
	return sdk.Suspect{Component: name, Score: score, Text: strings.Join(reasons, "; ")}
}
