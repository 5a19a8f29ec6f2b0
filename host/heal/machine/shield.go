package machine

import (
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// shield is a suppression window: anomalies of the component are put down to
// its label until then. A zero until means "until it is closed".
type shield struct {
	label string
	until time.Time
}

// act is the last action on a component: reports from before it are late.
type act struct {
	recovery   string
	start      time.Time
	generation uint64
}

// label says what explains an anomaly, empty when nothing does. An exit that
// nobody ordered is explained by maintenance or by an action on its own
// component alone: a neighbour's restart kills no process.
func (m *Machine) label(a *record.Anomaly) string {
	for _, w := range m.maintenance {
		if w.Covers(a.Component, m.now) {
			return "maintenance " + w.ID
		}
	}
	s, ok := m.shields[a.Component]
	if !ok || a.Kind == sdk.AnomalyExit && !s.until.IsZero() {
		return ""
	}
	return s.label
}

// cover opens the suppression window of an action over its targets and all
// that depends on them.
func (m *Machine) cover(rec *record.Recovery, targets []string) {
	for _, t := range targets {
		m.shields[t] = shield{label: "own action " + rec.ID}
		for _, d := range m.graph.Dependents(t) {
			if !slices.Contains(targets, d) {
				m.shields[d] = shield{label: "own action " + rec.ID, until: m.now.Add(m.set.Settle + m.set.VerifyTimeout)}
			}
		}
	}
}

// uncover lets the suppression window of an action run out: for its targets at
// once, since verification watches them, for dependents after they settled.
func (m *Machine) uncover(rec *record.Recovery, targets []string) {
	for name, s := range m.shields {
		if s.label != "own action "+rec.ID {
			continue
		}
		if slices.Contains(targets, name) {
			delete(m.shields, name)
			continue
		}
		s.until = m.now.Add(m.set.Settle)
		m.shields[name] = s
	}
}

// expireShields ends suppression windows. What is still open then was not
// caused by the action, or has outlived it.
func (m *Machine) expireShields() {
	for _, name := range sortedKeys(m.shields) {
		if s := m.shields[name]; !s.until.IsZero() && !s.until.After(m.now) {
			delete(m.shields, name)
			m.release(name)
		}
	}
}

// release judges the labelled anomalies of a component anew.
func (m *Machine) release(component string) {
	for _, a := range m.ledger.OpenOf(component) {
		if a.Label == "" || m.label(a) != "" {
			continue
		}
		a.Label = ""
		if inc := m.of(component); inc != nil {
			inc.put(a)
			m.onEvidence(inc, a)
			continue
		}
		m.place(a, 0)
	}
}

func (h Happened) apply(m *Machine) error {
	e := h.Event
	if _, known := m.components[e.Component]; !known {
		return nil
	}
	switch e.Type {
	case sdk.EventStopping:
		m.onOrder(e)
	case sdk.EventStopped:
		m.onStopped(e)
	case sdk.EventReady:
		m.onReady(e)
	case sdk.EventProbe:
		if e.Probe != nil && e.Probe.Verdict == sdk.Pass {
			m.onPass(e)
		}
	}
	return nil
}

// ordered reports that an own action is being carried out on the component.
func (m *Machine) ordered(component string) bool {
	s, ok := m.shields[component]
	return ok && s.until.IsZero()
}

// onOrder handles a stop that no recovery has asked for: a person's.
func (m *Machine) onOrder(e sdk.Event) {
	if m.ordered(e.Component) {
		return
	}
	m.shields[e.Component] = shield{label: "ordered by an operator", until: m.now.Add(orderLimit)}
	for _, d := range m.graph.Dependents(e.Component) {
		if !m.ordered(d) {
			m.shields[d] = shield{label: "operator's order to " + e.Component, until: m.now.Add(orderLimit)}
		}
	}
}

// onStopped closes what is said of a component that a person has stopped.
func (m *Machine) onStopped(e sdk.Event) {
	if m.ordered(e.Component) {
		return
	}
	for _, c := range m.ledger.CloseComponent(m.now, e.Component, "stopped by an operator's order") {
		m.onClosed(c.Anomaly)
	}
}

// onReady ends an operator's order, and is the healthy verdict that a
// verification waits for.
func (m *Machine) onReady(e sdk.Event) {
	if s, ok := m.shields[e.Component]; ok && s.label == "ordered by an operator" {
		delete(m.shields, e.Component)
		m.release(e.Component)
	}
	m.onPass(e)
}

// onPass has a component that answers looked at at once where that is awaited.
func (m *Machine) onPass(e sdk.Event) {
	for _, inc := range m.open {
		if inc.Phase == record.PhaseVerifying && inc.Component == e.Component {
			m.confirmAction(inc)
		}
	}
}

func (s StartMaintenance) apply(m *Machine) error {
	m.maintenance = append(m.maintenance, s.Window)
	m.audit("maintenance_started", map[string]any{"id": s.Window.ID, "component": s.Window.Component, "by": s.Window.By, "until": s.Window.End, "reason": s.Window.Reason})
	m.saveState()
	return nil
}

func (e EndMaintenance) apply(m *Machine) error {
	n := slices.IndexFunc(m.maintenance, func(w record.Maintenance) bool { return w.ID == e.ID })
	if n < 0 {
		return refuse("end maintenance %q: there is no such window; `homeostat maintenance list` shows those that are open", e.ID)
	}
	m.endMaintenance(n, e.By)
	return nil
}

func (m *Machine) expireMaintenance() {
	for n := len(m.maintenance) - 1; n >= 0; n-- {
		if !m.maintenance[n].End.After(m.now) {
			m.endMaintenance(n, "its own end")
		}
	}
}

func (m *Machine) endMaintenance(n int, by string) {
	w := m.maintenance[n]
	m.maintenance = slices.Delete(m.maintenance, n, n+1)
	m.audit("maintenance_ended", map[string]any{"id": w.ID, "by": by})
	m.saveState()
	for _, name := range append(sortedKeys(m.components), sdk.HostComponent) {
		if w.Component == "" || w.Component == name {
			m.release(name)
		}
	}
}
