// Package revert is the algorithm of the revert strategy: which recorded change,
// if any, a failure is put down to.
//
// It owns the choice of the change and the reasons against undoing one. It
// undoes nothing: it proposes. A Strategy keeps no memory between calls;
// everything is decided from the incident, so that it answers the same before
// and after a restart of the daemon.
package revert

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// Config is the plugin's table.
type Config struct {
	Window       time.Duration `homeostat:"window,default=30m,min=1s,max=24h" doc:"How long after a change a failure is put down to it. The daemon tells of changes within healing.look_back alone."`
	Severity     sdk.Severity  `homeostat:"severity,default=medium" doc:"The least severity of an anomaly that a change is undone for."`
	Ignore       []string      `homeostat:"ignore,default=blind|could_not_stop" doc:"Kinds of anomalies that no change is undone for."`
	Dependencies bool          `homeostat:"dependencies,default=true" doc:"Also undo a change of a component that the failing one depends on, where the evidence names it as the likeliest cause."`
}

// Strategy proposes rollbacks. Use New.
type Strategy struct{ config Config }

// New returns the strategy.
func New(c Config, _ sdk.Env) (sdk.Strategy, error) { return &Strategy{config: c}, nil }

// Propose looks for the newest change that the failure can be put down to.
func (s *Strategy) Propose(_ context.Context, in sdk.Incident) (sdk.Proposal, error) {
	worst, ok := s.failure(in)
	if !ok {
		return nothing("no anomaly of %s is one that a change is undone for", in.Component), nil
	}
	why := "no change of " + in.Component + " is known"
	for _, c := range in.Changes {
		if c.Kind != sdk.ChangeRecorded || !s.mayBeCause(in, c) {
			continue
		}
		against := s.against(in, c, worst)
		if against == "" {
			return s.undo(in, c, worst), nil
		}
		why = against
	}
	return nothing("%s", why), nil
}

// undo proposes the rollback.
func (s *Strategy) undo(in sdk.Incident, c sdk.ChangeRef, worst sdk.Anomaly) sdk.Proposal {
	return sdk.Proposal{
		Actions:    []sdk.Action{sdk.RollbackChange{Change: c.ID}},
		Confidence: s.confidence(c, worst),
		Reason: fmt.Sprintf("%s began %s after change %s of %s (%s): what was changed last is undone first",
			summary(in, worst), span(worst.Start.Sub(c.Applied)), c.ID, c.Component, files(c)),
	}
}

// confidence falls with the time between change and failure: right after a
// change it is likely, at the end of the window a guess.
func (s *Strategy) confidence(c sdk.ChangeRef, worst sdk.Anomaly) float64 {
	const sure, guess = 0.9, 0.4
	late := float64(worst.Start.Sub(c.Applied)) / float64(s.config.Window)
	return sure - (sure-guess)*min(max(late, 0), 1)
}

// against says why a change is not undone; empty for the one that is.
func (s *Strategy) against(in sdk.Incident, c sdk.ChangeRef, worst sdk.Anomaly) string {
	switch {
	case worst.Start.Before(c.Applied):
		return fmt.Sprintf("%s began %s before change %s, so that did not cause it", summary(in, worst), span(c.Applied.Sub(worst.Start)), c.ID)
	case worst.Start.Sub(c.Applied) > s.config.Window:
		return fmt.Sprintf("change %s is %s older than the failure, more than the window of %v", c.ID, span(worst.Start.Sub(c.Applied)), s.config.Window)
	case tried(in, c.ID):
		return fmt.Sprintf("to undo change %s was tried in this incident and did not help", c.ID)
	}
	if edited := editedAfter(in, c); edited != "" {
		return fmt.Sprintf("%s was edited after change %s, and undoing that would lose the edit: a person has to look", edited, c.ID)
	}
	return ""
}

// failure returns the worst open anomaly of the cause, of several the one that
// began first. It did not begin later than the incident: in a crash loop the
// last exit is not the beginning, and a change that was made to help is not to
// be taken back.
func (s *Strategy) failure(in sdk.Incident) (worst sdk.Anomaly, found bool) {
	for _, a := range in.Anomalies {
		if a.Component != in.Component || a.Ended || a.Severity < s.config.Severity || slices.Contains(s.config.Ignore, a.Kind) {
			continue
		}
		if a.Start.IsZero() || in.Opened.Before(a.Start) {
			a.Start = in.Opened
		}
		if !found || a.Severity > worst.Severity || a.Severity == worst.Severity && a.Start.Before(worst.Start) {
			worst, found = a, true
		}
	}
	return worst, found
}

// mayBeCause says whether the failure can be put down to changes of the
// change's component: the failing one itself, or the dependency that the
// evidence speaks against most.
func (s *Strategy) mayBeCause(in sdk.Incident, c sdk.ChangeRef) bool {
	if c.Component == in.Component {
		return true
	}
	return s.config.Dependencies && len(in.Suspects) > 0 && in.Suspects[0].Component == c.Component
}

// tried says that the change was undone in this incident, or that a person did
// not want it.
func tried(in sdk.Incident, change string) bool {
	return slices.ContainsFunc(in.Attempts, func(a sdk.Attempt) bool {
		over := a.Result == sdk.ResultFailed || a.Result == sdk.ResultHealed || a.Result == sdk.ResultRejected
		return over && slices.Contains(a.Actions, sdk.KindRollbackChange) && slices.Contains(a.Targets, change)
	})
}

// editedAfter returns a file of the change that somebody edited past the
// pipeline since.
func editedAfter(in sdk.Incident, c sdk.ChangeRef) string {
	for _, edit := range in.Changes {
		if edit.Kind != sdk.ChangeFile || edit.Component != c.Component || edit.Applied.Before(c.Applied) {
			continue
		}
		for _, file := range edit.Paths {
			if slices.ContainsFunc(c.Paths, func(p string) bool { return strings.HasSuffix(file, "/"+p) }) {
				return path.Base(file)
			}
		}
	}
	return ""
}

// summary is what failed, in a few words.
func summary(in sdk.Incident, a sdk.Anomaly) string {
	const most = 200
	text := a.Summary
	if text == "" {
		text = fmt.Sprintf("%s of %s", a.Kind, in.Component)
	}
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// files names what the change touched, shortly.
func files(c sdk.ChangeRef) string {
	const most = 3
	if len(c.Paths) <= most {
		return strings.Join(c.Paths, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(c.Paths[:most], ", "), len(c.Paths)-most)
}

// span rounds to what a person reads.
func span(d time.Duration) string {
	if d < time.Minute {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

func nothing(format string, args ...any) sdk.Proposal {
	return sdk.Proposal{Reason: fmt.Sprintf(format, args...)}
}
