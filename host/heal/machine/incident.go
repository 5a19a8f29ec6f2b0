package machine

import (
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/heal/effect"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// incident is a record with what only the machine needs to know of it.
type incident struct {
	record.Incident
	ticket uint64
	// nextAt is when the phase has to be looked at again, zero for never.
	nextAt time.Time
	// askedAt is when strategies were last asked for a remedy.
	askedAt time.Time
	// deadline ends the wait for a healthy verdict.
	deadline time.Time
	// blamed is the dependency that was last found in doubt, since when.
	blamed      string
	blamedSince time.Time
	// settleAt is when dependents of a healed cause are looked at; released
	// reports that this is over, so that only the cause still belongs here.
	settleAt time.Time
	released bool
	// pairUntil is how long the second of two that fail alike is held back.
	pairUntil time.Time
	// worseSince is since when the host is worse than before the recovery;
	// regressed reports that it failed for that.
	worseSince time.Time
	regressed  bool
	// ready is a proposal that a person has approved.
	ready *record.Approval
	// renew reports that the last approval has expired unanswered.
	renew bool
	// exitAt and exitGeneration belong to the newest exit of the cause.
	exitAt         time.Time
	exitGeneration uint64
	// gone reports that the component does not run after the last action.
	gone bool
	// allowed are actions that a person has approved for repeated trials.
	allowed map[string]time.Time
	// news are the history lines since the last flush; dirty reports that
	// something else worth keeping changed.
	news    []record.Entry
	dirty   bool
	savedAt time.Time
}

const (
	maxAnomalies  = 100
	maxHistory    = 200
	maxRecoveries = 50
	maxApprovals  = 20
)

// due returns when the incident wants attention again, zero for never. Settle is
// how long the host may be worse after an action.
func (i *incident) due(settle time.Duration) time.Time {
	at := sooner(sooner(i.nextAt, i.pairUntil), i.savedAt.Add(refresh))
	if i.Phase == record.PhaseVerifying {
		at = sooner(at, i.deadline)
	}
	if i.Phase == record.PhaseHolding {
		at = sooner(at, i.settleAt)
		if !i.worseSince.IsZero() {
			at = sooner(at, i.worseSince.Add(settle))
		}
	}
	return at
}

// enter moves the incident to a phase. What waited for the former one is void.
func (m *Machine) enter(i *incident, p record.Phase, text string) {
	i.Phase, i.State = p, p.State()
	i.ticket++
	i.nextAt, i.NextTryAt, i.HoldUntil = time.Time{}, nil, nil
	m.note(i, text)
}

// enterUntil enters a phase that ends at an instant, and shows the instant.
func (m *Machine) enterUntil(i *incident, p record.Phase, at time.Time, text string) {
	m.enter(i, p, text)
	i.nextAt, i.NextTryAt = at, record.Time(at)
}

// note adds a line to the history. An empty line is a step of routine that
// nobody has to read or keep, and the same line twice in a row is one.
func (m *Machine) note(i *incident, text string) {
	if text == "" {
		return
	}
	if n := len(i.History); n > 0 && i.History[n-1].Text == text && i.History[n-1].State == i.State {
		return
	}
	e := record.Entry{At: m.now, State: i.State, Text: text}
	i.dirty = true
	i.news = append(i.news, e)
	i.History = append(bounded(i.History, maxHistory), e)
}

// bounded makes room for one more by dropping the second oldest: the first
// entry tells how it began.
func bounded[T any](list []T, limit int) []T {
	if len(list) < limit {
		return list
	}
	return slices.Delete(list, 1, 2)
}

// find returns the open incident of that id, nil for none.
func (m *Machine) find(id string) *incident {
	for _, i := range m.open {
		if i.ID == id {
			return i
		}
	}
	return nil
}

// byTicket returns the incident that still waits for the answer, nil for none.
func (m *Machine) byTicket(t effect.Ticket) *incident {
	if i := m.find(t.Incident); i != nil && i.ticket == t.Number {
		return i
	}
	return nil
}

// of returns the open incident that the component belongs to, nil for none.
func (m *Machine) of(component string) *incident {
	for _, i := range m.open {
		if i.Phase != record.PhaseResolved && i.has(component) {
			return i
		}
	}
	return nil
}

func (i *incident) has(component string) bool {
	return i.Component == component || !i.released && slices.Contains(i.Components, component)
}

// ticketOf returns the present ticket.
func (i *incident) ticketOf() effect.Ticket { return effect.Ticket{Incident: i.ID, Number: i.ticket} }

// put stores the anomaly's present form in the incident. That it was merely
// seen again is shown, but not worth a write to the disk.
func (i *incident) put(a *record.Anomaly) {
	a.Incident = i.ID
	for n := range i.Anomalies {
		if old := &i.Anomalies[n]; old.ID == a.ID {
			same := old.Open == a.Open && old.Label == a.Label && old.Severity == a.Severity && old.Start.Equal(a.Start)
			i.dirty = i.dirty || !same
			*old = *a
			return
		}
	}
	i.dirty = true
	if len(i.Anomalies) >= maxAnomalies {
		i.DropClosed()
	}
	i.Anomalies = append(i.Anomalies, *a)
}

// lead makes a component the cause.
func (i *incident) lead(component, why string) {
	i.Components = slices.DeleteFunc(i.Components, func(c string) bool { return c == component })
	i.Components = append([]string{component}, i.Components...)
	i.Component, i.CauseText, i.dirty = component, why, true
	for _, a := range i.Anomalies {
		if a.Component == component && a.Open {
			i.Signature = a.Signature()
			return
		}
	}
}

// learn keeps what is known around the incident. That nothing but the readings
// moved is not worth a write.
func (i *incident) learn(k *record.Known) {
	if k == nil {
		return
	}
	old := i.Known
	i.Known = k
	i.dirty = i.dirty || old == nil || len(old.Changes) != len(k.Changes) || len(old.Logs) != len(k.Logs) || len(old.Suspects) != len(k.Suspects)
}

// raise lifts the severity, never lowers it.
func (m *Machine) raise(i *incident, s sdk.Severity, why string) {
	if s <= i.Severity {
		return
	}
	i.Severity = s
	m.note(i, "severity "+s.String()+": "+why)
}
