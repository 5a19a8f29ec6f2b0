// Package catalog finds incidents, recoveries and approvals among all that are
// kept, by what a person asks for.
//
// It owns which of them are chosen and in which order; the records themselves
// are in the store, and a line of the catalog says where. It is pure. One
// goroutine uses a Catalog at a time.
package catalog

import (
	"cmp"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/heal/record"
)

// Words for states that every kind has beside its own: something still goes on,
// or it is over.
const (
	Open   = "open"
	Closed = "closed"
)

// Line is what can be asked of one incident, recovery or approval.
type Line struct {
	ID string
	// Incident is the one that it belongs to; an incident belongs to itself.
	Incident   string
	Components []string
	// State is the word of its own kind; Open and Closed hold beside it.
	State string
	// Begin and End are when it was opened and over; a zero End means not yet.
	Begin, End time.Time
}

// Place is where a line stands in a list: the newest first, and of one instant
// the highest id first.
type Place struct {
	At time.Time
	ID string
}

// IsZero reports the place before the first line.
func (p Place) IsZero() bool { return p.ID == "" && p.At.IsZero() }

// Precedes reports that p comes before q in a list.
func (p Place) Precedes(q Place) bool { return compare(p, q) < 0 }

func compare(p, q Place) int { return cmp.Or(q.At.Compare(p.At), cmp.Compare(q.ID, p.ID)) }

// Place is where the line stands.
func (l Line) Place() Place { return Place{l.Begin, l.ID} }

// Query says which lines are wanted. Empty fields do not narrow.
type Query struct {
	Component, Incident string
	// State is Open, Closed or a word of the kind; empty or "all" for all.
	State string
	// Since leaves out what was over before it.
	Since time.Time
	// After leaves out all lines up to that place.
	After Place
}

// Admits reports whether a line is wanted.
func (q Query) Admits(l Line) bool {
	switch {
	case q.Component != "" && !slices.Contains(l.Components, q.Component),
		q.Incident != "" && q.Incident != l.Incident,
		!l.End.IsZero() && l.End.Before(q.Since),
		!q.After.IsZero() && !q.After.Precedes(l.Place()):
		return false
	}
	return l.is(q.State)
}

func (l Line) is(state string) bool {
	switch state {
	case "", "all":
		return true
	case Open:
		return l.End.IsZero()
	case Closed:
		return !l.End.IsZero()
	}
	return l.State == state
}

// Kind is what a line is about.
type Kind int

// The kinds.
const (
	Incidents Kind = iota
	Recoveries
	Approvals
	kinds
)

// Catalog has the lines of the incidents that were put into it last. Use New.
type Catalog struct {
	most  int
	lines map[string][kinds][]Line // by incident
	order []string                 // incidents as they came
}

// New returns an empty catalog for at most so many incidents; beyond that the
// first that came goes.
func New(most int) *Catalog {
	return &Catalog{most: most, lines: map[string][kinds][]Line{}}
}

// Put reads an incident as its record stands now; the same one again replaces
// what it said before.
func (c *Catalog) Put(inc record.Incident) {
	if _, known := c.lines[inc.ID]; !known {
		c.order = append(c.order, inc.ID)
	}
	c.lines[inc.ID] = [kinds][]Line{
		Incidents: {IncidentLine(inc)}, Recoveries: each(inc.Recoveries, RecoveryLine), Approvals: each(inc.Approvals, ApprovalLine),
	}
	if len(c.order) > c.most {
		c.Drop(c.order[0])
	}
}

// Drop forgets an incident and what belongs to it.
func (c *Catalog) Drop(incident string) {
	if _, known := c.lines[incident]; !known {
		return
	}
	delete(c.lines, incident)
	c.order = slices.DeleteFunc(c.order, func(id string) bool { return id == incident })
}

// Find returns the lines of a kind that the query admits, in their order.
func (c *Catalog) Find(kind Kind, q Query) []Line {
	var found []Line
	for _, lines := range c.lines {
		for _, l := range lines[kind] {
			if q.Admits(l) {
				found = append(found, l)
			}
		}
	}
	slices.SortFunc(found, func(a, b Line) int { return compare(a.Place(), b.Place()) })
	return found
}

// Owner returns the incident that has an approval, false for none.
func (c *Catalog) Owner(approval string) (string, bool) {
	for incident, lines := range c.lines {
		if slices.ContainsFunc(lines[Approvals], func(l Line) bool { return l.ID == approval }) {
			return incident, true
		}
	}
	return "", false
}

// IncidentLine is the line of an incident.
func IncidentLine(inc record.Incident) Line {
	return Line{ID: inc.ID, Incident: inc.ID, Components: slices.Clone(inc.Components), State: string(inc.State), Begin: inc.Opened, End: instant(inc.Resolved)}
}

// RecoveryLine is the line of a recovery.
func RecoveryLine(rec record.Recovery) Line {
	return Line{ID: rec.ID, Incident: rec.Incident, Components: []string{rec.Component}, State: string(rec.Result), Begin: rec.ProposedAt, End: instant(rec.EndedAt)}
}

// ApprovalLine is the line of an approval.
func ApprovalLine(a record.Approval) Line {
	return Line{ID: a.ID, Incident: a.Incident, Components: []string{a.Component}, State: string(a.State), Begin: a.Created, End: instant(a.Answered)}
}

func each[T any](items []T, line func(T) Line) []Line {
	out := make([]Line, len(items))
	for n, item := range items {
		out[n] = line(item)
	}
	return out
}

func instant(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
