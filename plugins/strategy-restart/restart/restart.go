// Package restart is the algorithm of the restart strategy: when a restart is
// the remedy, how soon, and what to do when restarts do not help.
//
// It owns back-off, the storm limit and the half-open trials after it. It
// restarts nothing: it proposes. All is decided from the incident, but for the
// wait before a first restart, which is learned and kept by the host. The host
// calls one method at a time.
package restart

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/homeostat/homeostat/plugins/strategy-restart/wait"
	"github.com/homeostat/homeostat/sdk"
)

// Config is the plugin's table.
type Config struct {
	Kinds      []string      `homeostat:"kinds,default=exit|probe|threshold|saturation" doc:"The kinds of anomalies that a restart is proposed for. For threshold, saturation and alert the severity must be medium or more."`
	Alerts     string        `homeostat:"alerts,default=unless_healthy,choices=never|unless_healthy|always" doc:"Whether a restart is proposed for an alert that says that the component is down. unless_healthy: not while its own probes pass, because then the way to it is what is broken. Vague alerts are none of it; with alert among kinds they are."`
	Backoff    time.Duration `homeostat:"backoff,default=1s,min=10ms,max=10m" doc:"The wait before the second restart; it doubles with each further one. The first is at once."`
	MaxBackoff time.Duration `homeostat:"max_backoff,default=30s,min=10ms,max=1h" doc:"The longest wait between two restarts below the limit."`
	ProbeEvery time.Duration `homeostat:"probe_every,default=30s,min=1s,max=1h" doc:"How often one cheap trial is made after the component's restart limit is reached."`
	ResetAfter time.Duration `homeostat:"reset_after,default=1m,min=1s,max=24h" doc:"A component that ran this long after a restart starts with no wait again."`
	HungGrace  time.Duration `homeostat:"hung_grace,default=1s,min=10ms,max=10m" doc:"How long a process that runs and does not answer is given to stop before it is killed."`
	Limit      int           `homeostat:"limit,default=5,min=1,max=1000" doc:"The restart limit of components that have none of their own."`
	Window     time.Duration `homeostat:"window,default=10m,min=1s,max=24h" doc:"The span in which that limit counts."`
	Learn      bool          `homeostat:"learn,default=true" doc:"Learn how long to wait before a first restart, where restarts at once do not last and later ones do."`
}

// Strategy proposes restarts. Use New.
type Strategy struct {
	config Config
	waits  wait.Memory
}

// New returns the strategy.
func New(c Config, _ sdk.Env) (sdk.Strategy, error) { return &Strategy{config: c}, nil }

// Propose decides about the incident's cause alone; whoever depends on it is
// looked at by the host when the cause is healthy.
func (s *Strategy) Propose(_ context.Context, in sdk.Incident) (sdk.Proposal, error) {
	status, known := statusOf(in)
	if in.Component == sdk.HostComponent {
		return nothing("the machine itself is not restarted"), nil
	}
	if !known {
		return nothing("of %s nothing is known", in.Component), nil
	}
	if a, stuck := find(in, sdk.AnomalyCouldNotStop); stuck || status.State == sdk.StateCouldNotStop {
		return s.giveUp(in, a), nil
	}
	a, ours := s.concerns(in)
	switch {
	case !ours:
		return nothing("no anomaly of %s is of a kind that a restart is for (%v)", in.Component, s.config.Kinds), nil
	case status.State == sdk.StateStopped || status.State == sdk.StateStopping:
		return nothing("%s is stopped on purpose", in.Component), nil
	case status.State == sdk.StateStarting && !failsInGrace(status):
		return s.patience(in, "%s is still in its start grace; another restart would only lengthen it", in.Component), nil
	}
	if dep := brokenDependency(in); dep != "" {
		return s.patience(in, "%s, on which %s depends, is down; a restart would not help", dep, in.Component), nil
	}
	if l, behind := ailingLink(in); behind && status.State == sdk.StateFailing && !cutOffInVain(in) {
		return nothing("%d of the last %d requests from %s to %s failed or were late: %s waits for %s, and a restart would not help", l.Circuit.Bad, l.Circuit.Requests, l.From, l.To, l.From, l.To), nil
	}
	p := s.order(in, status, a)
	s.waits.Proposed(in.ID, later(p.NotBefore, in.Now).Sub(in.Opened))
	return p, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// failure is what a restart that does not last costs, in first back-offs: a minute by
// default, for the waits until the fifth restart make half of it, and a strategy that
// failed rests.
const failure = 60

// Learn counts whether a restart lasted.
func (s *Strategy) Learn(_ context.Context, o sdk.Outcome) error {
	if o.Result == sdk.ResultHealed || o.Result == sdk.ResultFailed {
		s.waits.Learn(wait.Outcome{Incident: o.Incident, Signature: o.Signature, Healed: o.Result == sdk.ResultHealed})
	}
	return nil
}

// SaveState returns what was learned.
func (s *Strategy) SaveState() ([]byte, error) { return s.waits.Save() }

// LoadState takes up what was learned.
func (s *Strategy) LoadState(data []byte) error { return s.waits.Load(data) }

// order proposes the restart itself, at the time that back-off and limit allow.
func (s *Strategy) order(in sdk.Incident, status sdk.ComponentStatus, a sdk.Anomaly) sdk.Proposal {
	p := sdk.Proposal{Actions: []sdk.Action{sdk.Restart{Component: in.Component, Grace: s.grace(status, a)}}, Confidence: 0.7}
	limit := s.limit(in)
	recent := within(status.Starts, in.Now, limit.Window)
	if len(recent) >= limit.Max {
		p.Probing, p.Confidence = true, 0.2
		p.NotBefore = recent[len(recent)-1].Add(s.config.ProbeEvery)
		p.Reason = fmt.Sprintf("%s was restarted %d times within %v, which is its limit; one trial every %v, next at %s",
			in.Component, len(recent), limit.Window, s.config.ProbeEvery, clock(p.NotBefore))
		return p
	}
	row := s.inARow(recent, in.Now)
	if row == 0 {
		p.Reason = a.Summary + "; a restart usually helps"
		if wait, why := s.waits.Before(in.Signature, failure*s.config.Backoff); s.config.Learn && wait > 0 {
			p.NotBefore = in.Opened.Add(wait)
			p.Reason = fmt.Sprintf("%s; %s", a.Summary, why)
		}
		return p
	}
	p.NotBefore = recent[len(recent)-1].Add(s.wait(row))
	p.Reason = fmt.Sprintf("%s; %d restarts in a row did not last, so the next is at %s", a.Summary, row, clock(p.NotBefore))
	return p
}

// inARow counts the last restarts that were followed by the next trouble
// before ResetAfter.
func (s *Strategy) inARow(starts []time.Time, now time.Time) int {
	row := 0
	for _, at := range slices.Backward(starts) {
		if now.Sub(at) >= s.config.ResetAfter {
			break
		}
		row++
		now = at
	}
	return row
}

// wait doubles with every restart in a row.
func (s *Strategy) wait(row int) time.Duration {
	wait := s.config.Backoff
	for range row - 1 {
		if wait *= 2; wait >= s.config.MaxBackoff {
			return s.config.MaxBackoff
		}
	}
	return wait
}

// grace is short for a process that runs and does not answer: it will hardly
// listen to a polite request. Zero leaves it to the component.
func (s *Strategy) grace(status sdk.ComponentStatus, a sdk.Anomaly) time.Duration {
	if status.PID != 0 && a.Kind == sdk.AnomalyProbe {
		return s.config.HungGrace
	}
	return 0
}

func (s *Strategy) limit(in sdk.Incident) sdk.RestartLimit {
	if in.Restarts.Max > 0 && in.Restarts.Window > 0 {
		return in.Restarts
	}
	return sdk.RestartLimit{Max: s.config.Limit, Window: s.config.Window}
}

// concerns returns the worst open anomaly of the cause that a restart is for.
func (s *Strategy) concerns(in sdk.Incident) (worst sdk.Anomaly, found bool) {
	for _, a := range in.Anomalies {
		if a.Component != in.Component || a.Ended || !s.meant(in, a) || tooMild(a) {
			continue
		}
		if !found || a.Severity > worst.Severity {
			worst, found = a, true
		}
	}
	return worst, found
}

// meant reports an anomaly of a kind that a restart is for.
func (s *Strategy) meant(in sdk.Incident, a sdk.Anomaly) bool {
	if slices.Contains(s.config.Kinds, a.Kind) {
		return true
	}
	if a.Kind != sdk.AnomalyAlert || a.Signal != sdk.SignalDown || s.config.Alerts == "never" {
		return false
	}
	status, _ := statusOf(in)
	return s.config.Alerts == "always" || !answers(status)
}

// processProbe is the host's own look at a process, which says that it runs and
// not that it serves.
const processProbe = "process"

// answers reports a component that passes probes of its own.
func answers(s sdk.ComponentStatus) bool {
	return s.State == sdk.StateUp && slices.ContainsFunc(s.Probes, func(p sdk.ProbeResult) bool {
		return p.Name != processProbe && p.Verdict == sdk.Pass
	})
}

// failsInGrace reports a verdict that no patience changes: within the grace a
// probe that does not pass yet is inconclusive, so one that fails has seen more
// than a slow start, for example a process that is held by a signal.
func failsInGrace(status sdk.ComponentStatus) bool {
	return slices.ContainsFunc(status.Probes, func(p sdk.ProbeResult) bool { return p.Verdict == sdk.Fail })
}

// tooMild reports a degradation that is no reason to interrupt a service.
func tooMild(a sdk.Anomaly) bool {
	mild := []string{sdk.AnomalyThreshold, sdk.AnomalySaturation, sdk.AnomalyAlert}
	return slices.Contains(mild, a.Kind) && a.Severity < sdk.SeverityMedium
}

// giveUp hands a process over that survived its kill: one more restart would
// run two of them.
func (s *Strategy) giveUp(in sdk.Incident, a sdk.Anomaly) sdk.Proposal {
	text := a.Summary
	if text == "" {
		text = in.Component + " could not be stopped"
	}
	return sdk.Proposal{
		Actions: []sdk.Action{sdk.HandOver{Component: in.Component, Message: text + "; look for processes in state D, and for who holds its port"}},
		Reason:  "a restart needs a stop that works",
	}
}

// patience asks the host to look again soon.
func (s *Strategy) patience(in sdk.Incident, format string, args ...any) sdk.Proposal {
	return sdk.Proposal{
		Actions: []sdk.Action{sdk.Wait{Component: in.Component, For: s.config.Backoff}},
		Reason:  fmt.Sprintf(format, args...),
	}
}

func nothing(format string, args ...any) sdk.Proposal {
	return sdk.Proposal{Reason: fmt.Sprintf(format, args...)}
}

func statusOf(in sdk.Incident) (sdk.ComponentStatus, bool) {
	for _, s := range in.Status {
		if s.Name == in.Component {
			return s, true
		}
	}
	return sdk.ComponentStatus{}, false
}

func find(in sdk.Incident, kind string) (sdk.Anomaly, bool) {
	for _, a := range in.Anomalies {
		if a.Component == in.Component && a.Kind == kind && !a.Ended {
			return a, true
		}
	}
	return sdk.Anomaly{}, false
}

// brokenDependency returns a component of the incident that the cause depends
// on by a link and that is not up.
func brokenDependency(in sdk.Incident) string {
	for _, l := range in.Links {
		if !l.Depends || l.From != in.Component {
			continue
		}
		for _, s := range in.Status {
			if s.Name == l.To && (s.State == sdk.StateDown || s.State == sdk.StateFailing || s.State == sdk.StateStopped) {
				return l.To
			}
		}
	}
	return ""
}

// Of the recent requests to a callee this share must have gone badly, and there
// must be so many of them, until the caller's failure is put down to it.
const (
	ailingShare    = 0.5
	ailingRequests = 3
)

// ailingLink returns a link of the cause behind which something fails or is
// slow, by what passes through it.
func ailingLink(in sdk.Incident) (sdk.Link, bool) {
	for _, l := range in.Links {
		if l.From == in.Component && l.Circuit != nil && l.Circuit.Ails(ailingRequests, ailingShare) {
			return l, true
		}
	}
	return sdk.Link{}, false
}

// cutOffInVain reports that opening a link has not helped: then the cause may be
// the component itself all the same.
func cutOffInVain(in sdk.Incident) bool {
	return slices.ContainsFunc(in.Attempts, func(a sdk.Attempt) bool {
		return a.Result == sdk.ResultFailed && slices.Contains(a.Actions, sdk.KindOpenLink)
	})
}

// within returns the times of the window, oldest first.
func within(times []time.Time, now time.Time, window time.Duration) []time.Time {
	var out []time.Time
	for _, t := range times {
		if now.Sub(t) < window {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}

func clock(t time.Time) string { return t.UTC().Format(time.TimeOnly) }
