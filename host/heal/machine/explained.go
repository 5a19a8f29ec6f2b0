package machine

import (
	"slices"

	"github.com/homeostat/homeostat/host/heal/quiet"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// area is where an action on the targets is felt.
func (m *Machine) area(targets []string) quiet.Area {
	a := quiet.Area{Targets: targets}
	for _, t := range targets {
		a.Dependents = append(a.Dependents, m.graph.Dependents(t)...)
	}
	return a
}

// expireQuiet ends windows. What is still open then was not caused by what the
// window explained, or has outlived it.
func (m *Machine) expireQuiet() {
	for _, w := range m.quiet.Over(m.now) {
		m.endMaintenance(w, "its own end")
	}
	for _, name := range m.quiet.Expire(m.now) {
		m.release(name)
	}
}

// release judges the labelled anomalies of a component anew.
func (m *Machine) release(component string) {
	for _, a := range m.ledger.OpenOf(component) {
		if a.Label == "" || m.quiet.Label(a, m.now) != "" {
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
	person := !m.quiet.Busy(e.Component) && !m.quiet.Past(e.Component, e.Time)
	switch {
	case e.Type == sdk.EventStopping && person:
		m.quiet.Order(e.Component, m.graph.Dependents(e.Component), m.now.Add(orderLimit))
	case e.Type == sdk.EventStopped && person:
		m.onStopped(e.Component)
	case e.Type == sdk.EventReady:
		if m.quiet.EndOrder(e.Component) {
			m.release(e.Component)
		}
		for _, name := range m.graph.Dependents(e.Component) {
			m.changed(name, e.Component+" is ready again")
		}
		m.onPass(e)
	case e.Type == sdk.EventChange:
		m.changed(e.Component, e.Text)
	case e.Type == sdk.EventProbe && e.Probe != nil && e.Probe.Verdict == sdk.Pass:
		m.onPass(e)
	}
	return nil
}

// onStopped closes what is said of a component that a person has stopped, and
// ends the recovery that was under way: whatever comes of it is not its merit.
func (m *Machine) onStopped(component string) {
	for _, c := range m.ledger.CloseComponent(m.now, component, "stopped by an operator's order") {
		m.onClosed(c.Anomaly)
	}
	inc := m.of(component)
	if inc == nil || inc.Component != component || inc.Running() == nil || inc.OpenOf("") > 0 {
		return
	}
	rec := inc.Running()
	rec.Text = "a person has stopped " + component
	m.endRecovery(inc, rec, sdk.ResultAborted)
	m.resolve(inc, rec.Text)
}

// onPass has a component that answers looked at at once where that is awaited.
// A mere pass of one probe does not disturb a look that is under way: otherwise
// a quick probe could keep a slow one from ever being heard.
func (m *Machine) onPass(e sdk.Event) {
	for _, inc := range m.open {
		looking := inc.nextAt.IsZero()
		if inc.Phase == record.PhaseVerifying && inc.Component == e.Component && (e.Type == sdk.EventReady || !looking) {
			m.confirmAction(inc)
		}
	}
}

func (s StartMaintenance) apply(m *Machine) error {
	w := s.Window
	m.quiet.Open(w)
	m.audit("maintenance_started", map[string]any{"id": w.ID, "component": w.Component, "by": w.By, "until": w.End, "reason": w.Reason})
	m.saveState()
	return nil
}

func (e EndMaintenance) apply(m *Machine) error {
	for _, w := range m.quiet.Windows() {
		if w.ID == e.ID {
			m.endMaintenance(w, e.By)
			return nil
		}
	}
	return refuse("end maintenance %q: there is no such window; `homeostat maintenance list` shows those that are open", e.ID)
}

func (m *Machine) endMaintenance(w record.Maintenance, by string) {
	m.quiet.Close(w.ID)
	m.audit("maintenance_ended", map[string]any{"id": w.ID, "by": by})
	m.saveState()
	for _, name := range slices.Concat(sortedKeys(m.components), []string{sdk.HostComponent}) {
		if w.Component == "" || w.Component == name {
			m.release(name)
		}
	}
}
