package machine

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/heal/effect"
	"github.com/homeostat/homeostat/host/heal/ledger"
	"github.com/homeostat/homeostat/host/heal/quiet"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

func (r Report) apply(m *Machine) error {
	late := m.quiet.Late(quiet.Report{Component: r.Component, At: r.At, Generation: r.Generation})
	changes := m.ledger.Report(m.now, ledger.Report{Detector: r.Detector, Component: r.Component, At: r.At, Anomalies: m.ofInterest(r), Pushed: r.Pushed})
	for _, c := range changes {
		switch {
		case c.What == ledger.Closed:
			m.onClosed(c.Anomaly)
		case late != "":
			m.onLate(c, late)
		default:
			m.onAnomaly(c, r.Generation)
		}
		if c.What != ledger.Seen {
			m.emit(effect.Publish{Topic: "anomaly", Item: *c.Anomaly})
		}
	}
	return nil
}

// ofInterest drops what is said of components that do not exist (any more).
func (m *Machine) ofInterest(r Report) []sdk.Anomaly {
	return slices.DeleteFunc(slices.Clone(r.Anomalies), func(a sdk.Anomaly) bool {
		return !m.Known(cmp.Or(a.Component, r.Component))
	})
}

// onLate records a report from before an action without deciding anything.
func (m *Machine) onLate(c ledger.Change, recovery string) {
	if c.What == ledger.Opened {
		c.Anomaly.Label = "late: from before " + recovery
	}
	if inc := m.find(c.Anomaly.Incident); inc != nil {
		inc.put(c.Anomaly)
	}
}

func (m *Machine) onAnomaly(c ledger.Change, generation uint64) {
	a := c.Anomaly
	fresh := c.What != ledger.Seen || a.Label != "" && m.quiet.Label(a, m.now) == ""
	a.Label = m.quiet.Label(a, m.now)
	inc := m.of(a.Component)
	if inc != nil {
		inc.put(a)
	}
	switch {
	case a.Label != "":
		if inc != nil {
			inc.sawExit(a, generation)
		}
	case inc == nil:
		m.place(a, generation)
	case fresh:
		inc.sawExit(a, generation)
		m.onEvidence(inc, a)
	}
}

// sawExit remembers the newest exit of the cause: it ends a quarantine, and
// during an action it means that the new process is gone already.
func (i *incident) sawExit(a *record.Anomaly, generation uint64) {
	if a.Kind == sdk.AnomalyExit && a.Component == i.Component && a.Start.After(i.exitAt) {
		i.exitAt, i.exitGeneration = a.Start, generation
	}
}

// place finds or opens the incident for an anomaly that is in none.
func (m *Machine) place(a *record.Anomaly, generation uint64) {
	inc := m.related(a)
	if inc == nil {
		inc = m.reopen(a)
	}
	if inc == nil {
		inc = m.openIncident(a)
	}
	inc.put(a)
	inc.sawExit(a, generation)
	m.raise(inc, a.Severity, a.Summary)
}

// related finds the incident that explains the anomaly, or that it explains.
func (m *Machine) related(a *record.Anomaly) *incident {
	for _, inc := range m.open {
		switch {
		case inc.Phase == record.PhaseResolved || inc.Phase == record.PhaseHolding:
		case m.graph.DependsOn(a.Component, inc.Component) && inc.Grave():
			inc.Join(a.Component)
			m.note(inc, fmt.Sprintf("%s depends on %s and fails too: %s", a.Component, inc.Component, a.Summary))
			return inc
		case m.graph.DependsOn(inc.Component, a.Component) && a.Severity >= sdk.SeverityMedium && inc.Running() == nil:
			m.accuse(inc, a)
			return inc
		case m.alike(inc, a):
			m.suspect(inc, a)
			return inc
		}
	}
	return nil
}

// accuse makes the anomaly's component the cause of an incident of its
// dependent, and has the incident looked at anew.
func (m *Machine) accuse(inc *incident, a *record.Anomaly) {
	m.supersede(inc, "the cause is now "+a.Component)
	inc.Join(a.Component)
	inc.put(a)
	inc.lead(a.Component, fmt.Sprintf("%s depends on %s, which fails: %s", inc.Component, a.Component, a.Summary))
	inc.QuarantinedUntil, inc.blamed = nil, ""
	m.enter(inc, record.PhaseIdle, inc.CauseText)
}

// suspect takes a component in that fails like the cause, which alone is acted
// on from now on. Two at the same time may be chance: the second is held back
// for a moment only. From three on it is taken for a common cause, and the
// others wait for as long as the first is not helped; but a process that is
// gone does not come back by itself, so for exits it stays with the moment.
func (m *Machine) suspect(inc *incident, a *record.Anomaly) {
	inc.Join(a.Component)
	inc.Shared = true
	inc.pairUntil = m.now.Add(pairWait)
	if len(inc.Components) == 2 {
		m.note(inc, fmt.Sprintf("%s fails in the same way at the same time: looking first whether %s is helped", a.Component, inc.Component))
		return
	}
	if a.Kind != sdk.AnomalyExit {
		inc.pairUntil = time.Time{}
	}
	m.note(inc, fmt.Sprintf("%s fails in the same way at the same time: a common cause is suspected, only %s is acted on", a.Component, inc.Component))
	m.raise(inc, sdk.SeverityHigh, "several components fail alike")
}

// alike reports that the anomaly looks like the incident's own, close in time,
// in a component without a declared relation. Thresholds are per component and
// say nothing of a common cause; neither does a cause whose process is gone or
// held, for that explains its failure by itself.
func (m *Machine) alike(inc *incident, a *record.Anomaly) bool {
	span, ok := map[string]time.Duration{sdk.AnomalyProbe: togetherProbes, sdk.AnomalyExit: togetherExits}[a.Kind]
	if !ok || a.Key == keyProcess || m.joined(inc.Component, a.Component) {
		return false
	}
	found := false
	for _, b := range inc.Anomalies {
		switch {
		case !b.Open:
		case b.Component == inc.Component && a.Kind == sdk.AnomalyProbe && (b.Kind == sdk.AnomalyExit || b.Key == keyProcess):
			return false
		default:
			found = found || b.Label == "" && b.Shape() == a.Shape() && b.Start.Sub(a.Start).Abs() <= span
		}
	}
	return found
}

// joined reports that a dependency is declared between the two.
func (m *Machine) joined(a, b string) bool {
	return m.graph.DependsOn(a, b) || m.graph.DependsOn(b, a)
}

func (m *Machine) openIncident(a *record.Anomaly) *incident {
	inc := &incident{Incident: record.Incident{
		ID: m.id("inc"), Component: a.Component, Components: []string{a.Component}, Opened: m.now,
		Signature: a.Signature(), Severity: a.Severity, CauseText: a.Summary,
	}}
	m.open = append(m.open, inc)
	m.enter(inc, record.PhaseIdle, "opened: "+a.Summary)
	m.audit("incident_opened", map[string]any{"incident": inc.ID, "component": inc.Component, "signature": inc.Signature, "severity": inc.Severity.String()})
	return inc
}

// reopen takes an incident of the same shape up again that ended by itself or
// was healed no longer ago than the settings say.
func (m *Machine) reopen(a *record.Anomaly) *incident {
	for n := len(m.closed) - 1; n >= 0; n-- {
		old := m.closed[n]
		if old.Resolved == nil || m.now.Sub(*old.Resolved) > m.set.Reopen {
			return nil
		}
		if old.Signature != a.Signature() {
			continue
		}
		m.closed = slices.Delete(m.closed, n, n+1)
		inc := &incident{Incident: old}
		inc.Resolved, inc.Reopened = nil, record.Time(m.now)
		m.open = append(m.open, inc)
		m.enter(inc, record.PhaseIdle, "opened again: "+a.Summary)
		return inc
	}
	return nil
}

// onEvidence handles something new in an incident that is open already.
func (m *Machine) onEvidence(inc *incident, a *record.Anomaly) {
	m.raise(inc, a.Severity, a.Summary)
	own := a.Component == inc.Component
	switch inc.Phase {
	case record.PhaseVerifying, record.PhaseHolding:
		if own && m.recurs(inc, a) {
			m.onRecurrence(inc, a)
		}
		if !own && inc.Phase == record.PhaseHolding && a.Kind == sdk.AnomalyExit {
			m.detach(inc, a.Component)
		}
	case record.PhaseIdle, record.PhaseConfirming, record.PhaseAsking:
		// The exit of the process that a remedy has just started may be told after
		// the verdict that failed the remedy: then nobody rests either.
		if inc.QuarantinedUntil != nil {
			m.wake(inc, a)
		}
	case record.PhaseWaiting, record.PhaseHandedOver:
		m.wake(inc, a)
	case record.PhaseApproval:
		m.enter(inc, record.PhaseIdle, "new evidence: "+a.Summary)
	}
}

// onRecurrence fails the recovery whose trouble is there again, unless it may be.
func (m *Machine) onRecurrence(inc *incident, a *record.Anomaly) {
	switch inc.gone = a.Kind == sdk.AnomalyExit; {
	case inc.gone || !m.warming(inc):
		m.fail(inc, "it came back: "+a.Summary)
	case inc.Phase == record.PhaseHolding:
		m.relapse(inc)
	}
}

// recurs reports that the anomaly began after the action took hold and is of
// the kind that the action was meant to end.
func (m *Machine) recurs(inc *incident, a *record.Anomaly) bool {
	rec := inc.Running()
	if rec == nil || rec.ActedAt == nil {
		return false
	}
	if a.Kind == sdk.AnomalyExit {
		return a.Start.After(*rec.StartedAt)
	}
	since := rec.ActedAt
	if rec.HealthyAt != nil {
		since = rec.HealthyAt
	}
	return a.Start.After(*since) && (a.Kind == sdk.AnomalyProbe || a.Signature() == inc.Signature)
}

// wake lets an incident be looked at at once, unless it is in quarantine: that
// ends early only when a process that was started since has ended.
func (m *Machine) wake(inc *incident, a *record.Anomaly) {
	if inc.QuarantinedUntil != nil && inc.QuarantinedUntil.After(m.now) {
		if a.Kind != sdk.AnomalyExit || a.Component != inc.Component {
			return
		}
		m.rested(inc)
	}
	m.enter(inc, record.PhaseIdle, "new evidence: "+a.Summary)
}

// onClosed handles an anomaly that is over.
func (m *Machine) onClosed(a *record.Anomaly) {
	inc := m.find(a.Incident)
	if inc == nil {
		return
	}
	inc.put(a)
	if inc.OpenOf("") > 0 || inc.Running() != nil {
		return
	}
	m.resolve(inc, "ended by itself: "+a.Closed)
}

// resolve ends an incident. The record leaves the machine with the next flush.
func (m *Machine) resolve(inc *incident, why string) {
	m.supersede(inc, "the incident is over")
	m.enter(inc, record.PhaseResolved, why)
	inc.Resolved, inc.QuarantinedUntil = record.Time(m.now), nil
	if inc.OpenOf(inc.Component) == 0 {
		m.rested(inc)
	}
	m.audit("incident_resolved", map[string]any{"incident": inc.ID, "component": inc.Component, "why": why})
}
