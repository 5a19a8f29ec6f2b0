package machine

import (
	"fmt"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// nextProbe is how long after a probing restart that did not help the next of
// several that fail alike is tried. It is longer than most outages of something
// shared last, for which restarts do nothing but harm.
const nextProbe = 6 * time.Minute

// rotate makes another of several that fail alike the one that is acted on,
// when the present one cannot be helped: one at a time, each at most once in a
// quarantine period.
func (m *Machine) rotate(inc *incident) {
	last := inc.lastOf(inc.Component)
	if !inc.Shared || last == nil || last.Result != sdk.ResultFailed || inc.ready != nil {
		return
	}
	if at := m.turn(inc, last); at.IsZero() || at.After(m.now) {
		return
	}
	name := m.candidate(inc)
	text := fmt.Sprintf("%s could not be helped: looking whether %s can, which fails alike", inc.Component, name)
	m.supersede(inc, text)
	inc.lead(name, text)
	m.note(inc, text)
}

// turn is when the next one may be tried, zero for never. A trial that ended in
// another way than the others fail says nothing about them.
func (m *Machine) turn(inc *incident, last *record.Recovery) time.Time {
	switch {
	case m.candidate(inc) == "":
		return noTime
	case last.ActedAt == nil || inc.ended(inc.Component) && !inc.ended(m.candidate(inc)):
		return *last.EndedAt
	}
	return last.EndedAt.Add(min(nextProbe, m.set.Quarantine))
}

// candidate names the next one to try, empty for none.
func (m *Machine) candidate(inc *incident) string {
	for _, name := range inc.Failing() {
		if name == inc.Component || m.joined(name, inc.Component) {
			continue
		}
		if rec := inc.lastOf(name); rec == nil || m.now.Sub(rec.ProposedAt) >= m.set.Quarantine {
			return name
		}
	}
	return ""
}

// lastOf returns the last recovery of a component that was carried out, nil for
// none.
func (i *incident) lastOf(component string) *record.Recovery {
	for n := len(i.Recoveries) - 1; n >= 0; n-- {
		if rec := &i.Recoveries[n]; rec.Component == component && rec.StartedAt != nil && rec.EndedAt != nil {
			return rec
		}
	}
	return nil
}

// ended reports that the component's process is known to be gone.
func (i *incident) ended(component string) bool {
	return slices.ContainsFunc(i.Anomalies, func(a record.Anomaly) bool {
		return a.Open && a.Component == component && a.Kind == sdk.AnomalyExit
	})
}
