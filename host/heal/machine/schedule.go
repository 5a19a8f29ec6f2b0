package machine

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/heal/effect"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/host/heal/remedy"
	"github.com/homeostat/homeostat/sdk"
)

func sortedKeys[V any](in map[string]V) []string { return slices.Sorted(maps.Keys(in)) }

// expirePhase carries out what the incident's phase has to do by now.
func (m *Machine) expirePhase(inc *incident) {
	if m.passed(inc.pairUntil) {
		m.separate(inc)
	}
	if m.passed(inc.savedAt.Add(refresh)) {
		inc.dirty = true
	}
	switch inc.Phase {
	case record.PhaseWaiting, record.PhaseHandedOver:
		if m.passed(inc.nextAt) {
			m.enter(inc, record.PhaseIdle, "")
		}
	case record.PhaseActing:
		if m.passed(inc.nextAt) {
			m.trace(inc, inc.Running())
		}
	case record.PhaseVerifying:
		if m.passed(inc.deadline) {
			m.fail(inc, fmt.Sprintf("no healthy verdict within %v", m.set.VerifyTimeout))
		} else if m.passed(inc.nextAt) {
			m.confirmAction(inc)
		}
	case record.PhaseHolding:
		if m.passed(inc.settleAt) {
			m.settle(inc)
		}
		if m.regress(inc); inc.Phase == record.PhaseHolding && m.passed(inc.nextAt) {
			m.endHold(inc)
		}
	}
}

// passed reports that an instant was set and is not ahead.
func (m *Machine) passed(at time.Time) bool { return !at.IsZero() && !at.After(m.now) }

// schedule begins work on the most severe incidents while slots are free.
func (m *Machine) schedule() {
	busy := 0
	var ready []*incident
	for _, inc := range m.open {
		switch {
		case inc.Phase.Busy():
			busy++
		case inc.Phase == record.PhaseIdle && !m.quiet.InMaintenance(inc.Component, m.now):
			ready = append(ready, inc)
		}
	}
	slices.SortStableFunc(ready, func(a, b *incident) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), a.Opened.Compare(b.Opened))
	})
	for _, inc := range ready {
		if busy >= m.set.MaxConcurrent {
			return
		}
		if inc.Phase == record.PhaseIdle && m.begin(inc) {
			busy++
		}
	}
}

// begin takes the incident's next step and reports whether it takes a slot.
func (m *Machine) begin(inc *incident) bool {
	m.rotate(inc)
	switch deps := m.graph.Dependencies(inc.Component); {
	case inc.OpenOf("") == 0:
		m.resolve(inc, "all its anomalies are over")
	case inc.ready != nil:
		m.startApproved(inc)
	case len(deps) > 0:
		m.enter(inc, record.PhaseConfirming, "")
		m.emit(effect.Confirm{Ticket: inc.ticketOf(), Components: deps})
	default:
		m.ask(inc)
	}
	return inc.Phase.Busy()
}

func (c Confirmed) apply(m *Machine) error {
	inc := m.byTicket(c.Ticket)
	switch {
	case inc == nil:
	case inc.Phase == record.PhaseConfirming:
		m.onDependencies(inc, c.Verdicts)
	case inc.Phase == record.PhaseVerifying:
		m.onVerdict(inc, c.Verdicts[inc.Component])
	}
	return nil
}

// onDependencies looks for the cause among what the component depends on.
func (m *Machine) onDependencies(inc *incident, verdicts map[string]sdk.Verdict) {
	down := func(name string) bool { return verdicts[name] == sdk.Fail || m.down(name) }
	cause := m.graph.Cause(inc.Component, down)
	if cause == inc.Component {
		cause = m.doubtful(inc, verdicts)
	}
	other := m.of(cause)
	switch {
	case cause == inc.Component && inc.blamed != "":
		text := fmt.Sprintf("%s answers again: %s gets %v to recover by itself", inc.blamed, inc.Component, m.set.Settle)
		inc.blamed = ""
		m.supersede(inc, text)
		m.enterUntil(inc, record.PhaseWaiting, m.now.Add(m.set.Settle), text)
	case cause == inc.Component:
		m.ask(inc)
	case other != nil && other != inc && other.Phase != record.PhaseHolding:
		m.merge(inc, other)
	case inc.OpenOf(cause) > 0:
		m.supersede(inc, "the cause is now "+cause)
		inc.lead(cause, fmt.Sprintf("%s depends on %s, which fails", inc.Component, cause))
		m.ask(inc)
	default:
		m.blame(inc, cause)
	}
}

// down reports that a detector has said so: a component that runs and answers
// may still carry a mild anomaly.
func (m *Machine) down(name string) bool {
	return slices.ContainsFunc(m.ledger.OpenOf(name), func(a *record.Anomaly) bool {
		return a.Severity >= sdk.SeverityMedium && a.Label == ""
	})
}

// doubtful returns a dependency without a verdict, while that is no older than
// the wait for a verdict may last; else the component itself.
func (m *Machine) doubtful(inc *incident, verdicts map[string]sdk.Verdict) string {
	for _, dep := range m.graph.Dependencies(inc.Component) {
		if verdicts[dep] == sdk.Inconclusive && (inc.blamed != dep || m.now.Sub(inc.blamedSince) < m.set.VerifyTimeout) {
			return dep
		}
	}
	return inc.Component
}

// blame waits for a dependency that does not answer and of which no detector
// has said anything yet.
func (m *Machine) blame(inc *incident, dep string) {
	if inc.blamed != dep {
		inc.blamed, inc.blamedSince = dep, m.now
	}
	inc.CauseText = fmt.Sprintf("%s, on which %s depends, does not answer", dep, inc.Component)
	m.supersede(inc, inc.CauseText)
	m.enterUntil(inc, record.PhaseWaiting, m.now.Add(recheck), inc.CauseText)
}

// merge moves all of an incident into the one that explains it.
func (m *Machine) merge(inc, into *incident) {
	for _, c := range inc.Components {
		into.Join(c)
	}
	for n := range inc.Anomalies {
		if a := m.ledger.Find(inc.Anomalies[n].ID); a != nil {
			into.put(a)
			inc.Anomalies[n].Incident = into.ID
		}
	}
	m.note(into, fmt.Sprintf("%s joins: %s depends on %s", inc.ID, inc.Component, into.Component))
	m.resolve(inc, "joined to "+into.ID+", whose component "+into.Component+" is the cause")
}

// detach gives components of an incident, whose cause is healthy again or
// whose remedy is to be repeated on them, incidents of their own.
func (m *Machine) detach(inc *incident, component string) {
	open := m.ledger.OpenOf(component)
	inc.Components = slices.DeleteFunc(inc.Components, func(c string) bool { return c == component })
	inc.Anomalies = slices.DeleteFunc(inc.Anomalies, func(a record.Anomaly) bool { return a.Open && a.Component == component })
	inc.dirty = true
	if len(open) == 0 {
		return
	}
	own := m.openIncident(open[0])
	for _, a := range open {
		own.put(a)
		m.raise(own, a.Severity, a.Summary)
	}
	m.note(own, fmt.Sprintf("was part of %s; %s is healthy again, %s is not", inc.ID, inc.Component, component))
}

// separate gives those that fail like the cause incidents of their own.
func (m *Machine) separate(inc *incident) {
	inc.pairUntil, inc.Shared = time.Time{}, false
	for _, c := range slices.Clone(inc.Components[1:]) {
		if !m.graph.DependsOn(c, inc.Component) {
			m.detach(inc, c)
		}
	}
}

// settle ends the time in which dependents may recover by themselves.
func (m *Machine) settle(inc *incident) {
	inc.settleAt = time.Time{}
	for _, c := range inc.Failing() {
		if c != inc.Component {
			m.detach(inc, c)
		}
	}
	inc.released = true
}

// ask puts the incident to the strategies.
func (m *Machine) ask(inc *incident) {
	m.enter(inc, record.PhaseAsking, "")
	inc.askedAt = m.now
	m.emit(effect.Ask{
		Ticket: inc.ticketOf(), Incident: m.view(inc), Ladder: m.ladderOf(inc.Component), Resting: m.rests.Of(inc.Component, m.now),
		Kind: inc.Kind(), Rule: m.set.Choice,
	})
}

// view is the incident as a strategy sees it; the carrier adds what it alone
// can look up.
func (m *Machine) view(inc *incident) sdk.Incident {
	c := m.components[inc.Component]
	out := sdk.Incident{
		ID: inc.ID, Component: inc.Component, Components: slices.Clone(inc.Components), Signature: inc.Signature,
		Severity: inc.Severity, Opened: inc.Began(), Now: m.now, Links: m.set.Links, Restarts: c.Restarts, Declared: c.Declared,
	}
	for _, name := range inc.Components {
		out.Status = append(out.Status, sdk.ComponentStatus{Name: name, Starts: m.orders(name)})
	}
	for _, a := range inc.Anomalies {
		if a.Open {
			out.Anomalies = append(out.Anomalies, a.Anomaly)
		}
	}
	for _, r := range inc.Recoveries {
		out.Attempts = append(out.Attempts, remedy.Attempt(r))
	}
	return out
}

// orders returns when recoveries have started or restarted the component
// within its restart window, oldest first. What a person orders, or the first
// start, is no sign of trouble and does not count.
func (m *Machine) orders(component string) []time.Time {
	window := m.components[component].Restarts.Window
	if window <= 0 {
		window = time.Hour
	}
	var out []time.Time
	collect := func(inc *record.Incident) {
		for _, r := range inc.Recoveries {
			if r.StartedAt != nil && m.now.Sub(*r.StartedAt) < window && remedy.Starts(r.Proposal, component) {
				out = append(out, *r.StartedAt)
			}
		}
	}
	for n := range m.closed {
		collect(&m.closed[n])
	}
	for _, inc := range m.open {
		collect(&inc.Incident)
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}
