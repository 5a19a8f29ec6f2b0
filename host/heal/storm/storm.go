// Package storm counts recoveries, so that a host that is beyond healing is not
// beaten by its healer.
//
// It owns the two limits, per component and for the host, over a rolling
// window. What becomes of a recovery that has to wait is for the caller. It is
// pure: time comes in as values, and one goroutine uses a Book at a time.
package storm

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Limits are how many recoveries may begin in any window. Zero values take the
// defaults.
type Limits struct {
	// Component bounds those of one component; default 30, which leaves room
	// for the back-off and the half-open trials of a crash loop.
	Component int
	// Host bounds those of all components together; default 60.
	Host int
	// Window is the rolling span; default 10 min.
	Window time.Duration
}

// WithDefaults fills what is not set.
func (l Limits) WithDefaults() Limits {
	return Limits{Component: cmp.Or(l.Component, 30), Host: cmp.Or(l.Host, 60), Window: cmp.Or(l.Window, 10*time.Minute)}
}

// Book holds what has begun lately. The zero value is empty.
type Book struct{ begun []start }

type start struct {
	id, component string
	at            time.Time
}

// Add notes that a recovery of the component has begun. One that lies ahead of
// now, because the clock was set back over a restart, counts as of now.
func (b *Book) Add(id, component string, at, now time.Time) {
	if at.After(now) {
		at = now
	}
	b.begun = append(b.begun, start{id, component, at})
	slices.SortStableFunc(b.begun, func(x, y start) int { return x.at.Compare(y.at) })
}

// Drop takes a recovery out of the book that was not carried out after all.
func (b *Book) Drop(id string) {
	b.begun = slices.DeleteFunc(b.begun, func(s start) bool { return s.id == id })
}

// Free returns when the next recovery of the component may begin, and which
// limit holds it back; the zero time for now.
func (b *Book) Free(component string, l Limits, now time.Time) (time.Time, string) {
	b.begun = slices.DeleteFunc(b.begun, func(s start) bool { return !s.at.Add(l.Window).After(now) })
	var own []start
	for _, s := range b.begun {
		if s.component == component {
			own = append(own, s)
		}
	}
	if len(own) >= l.Component {
		return own[len(own)-l.Component].at.Add(l.Window), fmt.Sprintf("%d recoveries of %s began within %v, which is its limit", len(own), component, l.Window)
	}
	if len(b.begun) >= l.Host {
		return b.begun[len(b.begun)-l.Host].at.Add(l.Window), fmt.Sprintf("%d recoveries began on this host within %v, which is the limit", len(b.begun), l.Window)
	}
	return time.Time{}, ""
}
