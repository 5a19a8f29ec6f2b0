// Package quiet knows what explains an anomaly without an incident: one of the
// host's own actions, a person's order, a maintenance window, or a report that
// is older than the last action.
//
// It owns those windows and when they end. What becomes of an anomaly that
// outlives its explanation is for the caller. It is pure: time comes in as
// values, and one goroutine uses a Quiet at a time.
package quiet

import (
	"maps"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// byOperator labels what a person's order to the component explains.
const byOperator = "ordered by an operator"

// Quiet holds the windows. Use New.
type Quiet struct {
	shields map[string]shield
	acted   map[string]Act
	windows []record.Maintenance
}

// shield puts anomalies of one component down to its label. A zero until means
// "until the action has ended".
type shield struct {
	label string
	until time.Time
}

// Act is the last action on a component: reports from before it are late.
type Act struct {
	Recovery   string
	Start, End time.Time
	// Generation is the component's after the action, zero where unknown.
	Generation uint64
}

// New returns a Quiet that explains nothing.
func New() *Quiet {
	return &Quiet{shields: map[string]shield{}, acted: map[string]Act{}}
}

func own(recovery string) string { return "own action " + recovery }

// Label says what explains an anomaly at that time, empty when nothing does.
// An exit that nobody ordered is explained by maintenance or by an action on
// its own component alone: a neighbour's restart kills no process.
func (q *Quiet) Label(a *record.Anomaly, now time.Time) string {
	for _, w := range q.windows {
		if w.Covers(a.Component, now) {
			return "maintenance " + w.ID
		}
	}
	s, ok := q.shields[a.Component]
	if !ok || a.Kind == sdk.AnomalyExit && !s.until.IsZero() {
		return ""
	}
	return s.label
}

// Report is when, and of which generation of its component, a report is.
type Report struct {
	Component  string
	At         time.Time
	Generation uint64
}

// Late names the recovery whose action a report is older than, empty for none.
// Where generations are known they decide, for clocks may step.
func (q *Quiet) Late(r Report) string {
	a, ok := q.acted[r.Component]
	switch {
	case !ok:
		return ""
	case r.Generation != 0 && a.Generation != 0:
		if r.Generation < a.Generation {
			return a.Recovery
		}
	case r.At.Before(a.Start):
		return a.Recovery
	}
	return ""
}

// Area is where an action is felt.
type Area struct {
	Targets []string
	// Dependents depend on a target.
	Dependents []string
}

// Begin opens the window of a recovery's action. For the targets it lasts until
// End, for dependents at most until the time given.
func (q *Quiet) Begin(recovery string, area Area, until time.Time) {
	for _, name := range area.Dependents {
		q.shields[name] = shield{own(recovery), until}
	}
	for _, name := range area.Targets {
		q.shields[name] = shield{label: own(recovery)}
	}
}

// End closes the window of an action: for its targets at once, because they are
// verified from now on, for dependents at the time given.
func (q *Quiet) End(recovery string, targets []string, until time.Time) {
	for name, s := range q.shields {
		switch {
		case s.label != own(recovery):
		case slices.Contains(targets, name):
			delete(q.shields, name)
		default:
			q.shields[name] = shield{s.label, until}
		}
	}
}

// Acted remembers the action that was done to a component last.
func (q *Quiet) Acted(component string, a Act) { q.acted[component] = a }

// Past reports that something at that time belongs to the last action on the
// component or lies before it: its news may arrive after the action has ended.
func (q *Quiet) Past(component string, at time.Time) bool {
	a, ok := q.acted[component]
	return ok && !at.After(a.End)
}

// Busy reports that an own action on the component is being carried out.
func (q *Quiet) Busy(component string) bool {
	s, ok := q.shields[component]
	return ok && s.until.IsZero()
}

// Order opens the window of a person's order, unless an own action is being
// carried out there.
func (q *Quiet) Order(component string, dependents []string, until time.Time) {
	if q.Busy(component) {
		return
	}
	q.shields[component] = shield{byOperator, until}
	for _, d := range dependents {
		if !q.Busy(d) {
			q.shields[d] = shield{"operator's order to " + component, until}
		}
	}
}

// EndOrder closes the window of a person's order, because the component is
// ready, and reports whether there was one.
func (q *Quiet) EndOrder(component string) bool {
	if q.shields[component].label != byOperator {
		return false
	}
	delete(q.shields, component)
	return true
}

// Expire closes the windows that are over and returns whom they covered.
func (q *Quiet) Expire(now time.Time) []string {
	var over []string
	for _, name := range slices.Sorted(maps.Keys(q.shields)) {
		if s := q.shields[name]; !s.until.IsZero() && !s.until.After(now) {
			delete(q.shields, name)
			over = append(over, name)
		}
	}
	return over
}

// Forget drops all that is known of a component that is gone.
func (q *Quiet) Forget(component string) {
	delete(q.shields, component)
	delete(q.acted, component)
}

// Next returns when the next window ends by itself, zero for never.
func (q *Quiet) Next() time.Time {
	var next time.Time
	consider := func(at time.Time) {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	for _, s := range q.shields {
		consider(s.until)
	}
	for _, w := range q.windows {
		consider(w.End)
	}
	return next
}
