package machine

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/homeostat/homeostat/host/heal/effect"
	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

func (m *Machine) saveState() {
	m.emit(effect.SaveState{State: effect.State{
		Mode: m.ordered, Modes: maps.Clone(m.modes), Maintenance: m.quiet.Windows(), Promotions: slices.Clone(m.promotions),
	}})
}

func (r Restore) apply(m *Machine) error {
	if _, err := policy.ParseMode(string(r.State.Mode)); err == nil {
		m.ordered = r.State.Mode
	}
	for name, own := range r.State.Modes {
		if _, known := m.components[name]; known {
			m.modes[name] = own
		}
	}
	m.promotions = slices.Clone(r.State.Promotions)
	for _, w := range r.State.Maintenance {
		m.quiet.Open(w)
	}
	for _, doc := range r.Incidents {
		doc = doc.Clone()
		m.keepAhead(doc)
		m.restRestored(doc)
		m.countRestored(doc)
		if doc.Phase == record.PhaseResolved {
			m.closed = append(m.closed, doc)
			continue
		}
		m.resume(&incident{Incident: doc})
	}
	if extra := len(m.closed) - maxClosed; extra > 0 {
		m.closed = slices.Delete(m.closed, 0, extra)
	}
	m.judgeFrom = m.now.Add(m.ledger.Patience())
	m.expireQuiet()
	return nil
}

// keepAhead counts on from the highest number in an incident's ids, so that an
// id is never given twice, even when the clock steps back over a restart.
func (m *Machine) keepAhead(doc record.Incident) {
	ids := []string{doc.ID}
	for _, r := range doc.Recoveries {
		ids = append(ids, r.ID)
	}
	for _, a := range doc.Approvals {
		ids = append(ids, a.ID)
	}
	for _, id := range ids {
		if n, err := strconv.ParseUint(id[strings.LastIndexByte(id, '_')+1:], 36, 64); err == nil {
			m.seq = max(m.seq, n)
		}
	}
}

// countRestored counts the recoveries of a saved incident towards the limits.
func (m *Machine) countRestored(doc record.Incident) {
	for _, rec := range doc.Recoveries {
		if rec.StartedAt != nil {
			m.storm.Add(rec.ID, rec.Component, *rec.StartedAt, m.now)
		}
	}
}

// resume takes an incident up where its record says that it stood. What became
// of an action that was ordered but not reported done is found out first: it is
// never repeated blindly.
func (m *Machine) resume(inc *incident) {
	m.open = append(m.open, inc)
	inc.savedAt = m.now
	for n := range inc.Anomalies {
		if inc.Anomalies[n].Open {
			a := inc.Anomalies[n]
			a.LastSeen = m.now
			m.ledger.Restore(a)
		}
	}
	rec := inc.Running()
	switch inc.Phase {
	case record.PhaseActing:
		inc.deadline = m.now.Add(m.set.VerifyTimeout)
		m.quiet.Begin(rec.ID, m.area(targetsOr(rec.Targets, inc)), m.now.Add(m.set.Settle+m.set.VerifyTimeout))
		m.trace(inc, rec)
	case record.PhaseVerifying:
		inc.deadline = m.now.Add(m.set.VerifyTimeout)
		m.enter(inc, record.PhaseVerifying, "resumed after a restart of the daemon")
		m.confirmAction(inc)
	case record.PhaseUndoing:
		// What is in doubt is taken back once more: that leads to the same state.
		if !m.takeBack(inc, rec) {
			m.failed(inc, rec)
		}
	case record.PhaseHolding:
		inc.nextAt = m.now
		if inc.HoldUntil != nil {
			inc.nextAt = *inc.HoldUntil
		}
		inc.settleAt = m.now.Add(m.set.Settle)
	case record.PhaseWaiting, record.PhaseHandedOver:
		if inc.Phase == record.PhaseHandedOver && inc.NextTryAt == nil {
			return
		}
		inc.nextAt = m.now
		if inc.NextTryAt != nil {
			inc.nextAt = *inc.NextTryAt
		}
	case record.PhaseApproval:
	default:
		m.enter(inc, record.PhaseIdle, "resumed after a restart of the daemon")
	}
}

func (c Configure) apply(m *Machine) error {
	gone, before := m.components, m.Mode()
	m.configure(c.Settings)
	if m.Mode() != before {
		m.tellMode(before, "the configuration")
	}
	m.ledger.SetTTL(3 * m.set.DetectionInterval)
	for _, name := range sortedKeys(gone) {
		if _, still := m.components[name]; still {
			continue
		}
		for _, ch := range m.ledger.CloseComponent(m.now, name, "the component is no longer configured") {
			m.onClosed(ch.Anomaly)
		}
		m.quiet.Forget(name)
		delete(m.modes, name)
	}
	return nil
}

// Maintenance returns the windows that are open.
func (m *Machine) Maintenance() []record.Maintenance { return m.quiet.Windows() }

// Anomalies returns the open and the last closed ones, newest first.
func (m *Machine) Anomalies() []record.Anomaly { return m.ledger.All() }

// Incidents returns copies of the open and the last resolved incidents, newest
// first.
func (m *Machine) Incidents() []record.Incident {
	out := make([]record.Incident, 0, len(m.open)+len(m.closed))
	for _, inc := range m.open {
		out = append(out, inc.Clone())
	}
	for _, inc := range m.closed {
		out = append(out, inc.Clone())
	}
	slices.SortStableFunc(out, func(a, b record.Incident) int { return b.Opened.Compare(a.Opened) })
	return out
}

// Known reports whether anomalies of the component are of interest.
func (m *Machine) Known(component string) bool {
	_, ok := m.components[component]
	return ok || component == sdk.HostComponent
}

// DependsOn reports whether a depends on b, directly or not.
func (m *Machine) DependsOn(a, b string) bool { return m.graph.DependsOn(a, b) }

// CheckComponent refuses the name of a component that does not exist.
func (m *Machine) CheckComponent(name string) error {
	if name == "" || m.Known(name) {
		return nil
	}
	return fmt.Errorf("component %q: there is none of that name", name)
}
