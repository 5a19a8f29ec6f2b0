package machine

import (
	"time"

	"github.com/homeostat/homeostat/host/heal/record"
)

var noTime time.Time

// rest keeps the strategy of a failed recovery from being asked again about the
// component for the time of the quarantine.
func (m *Machine) rest(inc *incident, rec *record.Recovery) {
	until := m.now.Add(m.set.Quarantine)
	rec.RestsUntil = record.Time(until)
	inc.QuarantinedUntil, inc.dirty = record.Time(until), true
	m.rests.Until(rec.Component, rec.Strategy, until)
}

// rested lets all strategies be asked again about the incident's cause, for it
// is healthy or has changed since.
func (m *Machine) rested(inc *incident) {
	inc.QuarantinedUntil = nil
	m.rests.End(inc.Component)
	for n := range inc.Recoveries {
		if rec := &inc.Recoveries[n]; rec.RestsUntil != nil && rec.Component == inc.Component {
			rec.RestsUntil, inc.dirty = nil, true
		}
	}
}

// Resting returns, by component, which strategies are not asked until when.
func (m *Machine) Resting() map[string]map[string]time.Time { return m.rests.All(m.now) }

// soonest returns the end of the first rest on the incident's cause, or when the
// next of several that fail alike may be tried, at the latest the time given. It is
// past where a rest has ended since strategies were asked: who rested then has not
// answered, and is asked at once.
func (m *Machine) soonest(inc *incident, at time.Time) time.Time {
	for _, until := range m.rests.Of(inc.Component, inc.askedAt) {
		if until.Before(at) {
			at = until
		}
	}
	if last := inc.lastOf(inc.Component); inc.Shared && last != nil {
		if turn := m.turn(inc, last); turn.After(m.now) && turn.Before(at) {
			at = turn
		}
	}
	return at
}

// restRestored takes the rests of a saved incident up.
func (m *Machine) restRestored(doc record.Incident) {
	for _, rec := range doc.Recoveries {
		if rec.RestsUntil != nil && rec.RestsUntil.After(m.now) {
			m.rests.Until(rec.Component, rec.Strategy, *rec.RestsUntil)
		}
	}
}

// ladderOf is the order in which strategies are asked about a component.
func (m *Machine) ladderOf(component string) []string {
	if own := m.components[component].Ladder; len(own) > 0 {
		return own
	}
	return m.set.Ladder
}

// changed ends the rest of what waits for the component, because its files are
// others now or what it depends on is ready again.
func (m *Machine) changed(component, why string) {
	for _, inc := range m.open {
		if inc.Running() != nil || inc.Pending() != nil || inc.QuarantinedUntil == nil || inc.Component != component || inc.Phase == record.PhaseResolved {
			continue
		}
		m.rested(inc)
		m.enter(inc, record.PhaseIdle, "looking again: "+why)
	}
}
