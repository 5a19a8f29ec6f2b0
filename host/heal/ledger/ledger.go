// Package ledger keeps the anomalies that detectors report: which are open,
// since when, and how they ended.
//
// It owns identity (detector, component, key), re-reports, explicit ends and
// time limits. It groups nothing and decides nothing. It is pure: time comes
// in as values, and one goroutine uses a Ledger at a time.
package ledger

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// MaxClosed is how many anomalies that are over are kept for display.
const MaxClosed = 500

// MaxOpen bounds the open anomalies, so that a detector gone wild cannot fill
// the memory. Beyond it new ones are dropped and counted.
const MaxOpen = 10_000

// restoreTime is the least time that detectors have after a start of the daemon
// to report again what was open before.
const restoreTime = 30 * time.Second

// What says how a report changed an anomaly.
type What uint8

// The ways in which an anomaly changes.
const (
	Opened   What = iota // new
	Seen                 // reported again, nothing new
	Recurred             // happened again while it was open: it has a later start
	Closed               // over
)

// Change is one anomaly that a report touched, as it stands after it.
type Change struct {
	What    What
	Anomaly *record.Anomaly
}

// Ledger holds anomalies. Use New.
type Ledger struct {
	ttl     time.Duration
	open    map[string]*record.Anomaly // by detector and the anomaly's ID
	byID    map[string]*record.Anomaly
	closed  []record.Anomaly
	seq     uint64
	dropped uint64
}

// New returns an empty ledger. The ttl holds for anomalies that name none.
func New(ttl time.Duration) *Ledger {
	return &Ledger{ttl: ttl, open: map[string]*record.Anomaly{}, byID: map[string]*record.Anomaly{}}
}

// Report is what one detector said of one window.
type Report struct {
	Detector  string
	Component string
	// At is the end of the window that was judged.
	At        time.Time
	Anomalies []sdk.Anomaly
	// Pushed reports that nobody asked for it; see record.Anomaly.
	Pushed bool
}

// Report takes a detector's answer in and returns what it changed, in order.
func (l *Ledger) Report(now time.Time, r Report) []Change {
	var changes []Change
	for _, a := range r.Anomalies {
		if c, ok := l.take(now, r, a); ok {
			changes = append(changes, c)
		}
	}
	return changes
}

func (l *Ledger) take(now time.Time, r Report, a sdk.Anomaly) (Change, bool) {
	a = complete(a, r)
	key := r.Detector + "\x00" + a.ID()
	known, open := l.open[key]
	switch {
	case a.Ended && !open:
		return Change{}, false
	case a.Ended:
		known.End = a.End
		return Change{Closed, l.close(key, now, "the detector reported its end")}, true
	case !open && len(l.open) >= MaxOpen:
		l.dropped++
		return Change{}, false
	case !open:
		known = &record.Anomaly{Anomaly: a, ID: l.nextID(now), Detector: r.Detector, Open: true, FirstSeen: now, LastSeen: now, Pushed: r.Pushed}
		l.open[key], l.byID[known.ID] = known, known
		return Change{Opened, known}, true
	}
	what := Seen
	if a.Start.After(known.Start) && a.Start.After(known.End) {
		what = Recurred
	}
	known.Anomaly, known.LastSeen = a, now
	return Change{what, known}, true
}

func complete(a sdk.Anomaly, r Report) sdk.Anomaly {
	if a.Component == "" {
		a.Component = r.Component
	}
	if a.Start.IsZero() {
		a.Start = r.At
	}
	if a.End.IsZero() {
		a.End = r.At
	}
	if a.Severity == sdk.SeverityUnknown {
		a.Severity = sdk.SeverityLow
	}
	return a
}

func (l *Ledger) nextID(now time.Time) string {
	l.seq++
	return "ano_" + strconv.FormatInt(now.UnixMilli(), 36) + "_" + strconv.FormatUint(l.seq, 36)
}

func (l *Ledger) close(key string, now time.Time, why string) *record.Anomaly {
	a := l.open[key]
	delete(l.open, key)
	delete(l.byID, a.ID)
	a.Open, a.LastSeen, a.Closed = false, now, why
	if len(l.closed) >= MaxClosed {
		l.closed = append(l.closed[:0], l.closed[len(l.closed)/2:]...)
	}
	l.closed = append(l.closed, *a)
	return a
}

// Expire closes the anomalies that were not reported again in time.
func (l *Ledger) Expire(now time.Time) []Change {
	return l.closeWhere(now, "not reported again in time", func(a *record.Anomaly) bool {
		return !l.limit(a).After(now)
	})
}

// CloseComponent closes all open anomalies of the component, giving the reason.
func (l *Ledger) CloseComponent(now time.Time, component, why string) []Change {
	return l.closeWhere(now, why, func(a *record.Anomaly) bool { return a.Component == component })
}

func (l *Ledger) closeWhere(now time.Time, why string, which func(*record.Anomaly) bool) []Change {
	var keys []string
	for key, a := range l.open {
		if which(a) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	changes := make([]Change, 0, len(keys))
	for _, key := range keys {
		changes = append(changes, Change{Closed, l.close(key, now, why)})
	}
	return changes
}

func (l *Ledger) limit(a *record.Anomaly) time.Time {
	if a.TTL > 0 {
		return a.LastSeen.Add(a.TTL)
	}
	return a.LastSeen.Add(l.ttl)
}

// Next returns when the next anomaly expires, zero for never.
func (l *Ledger) Next() time.Time {
	var next time.Time
	for _, a := range l.open {
		if at := l.limit(a); next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next
}

// Find returns the open anomaly of that id, nil for none.
func (l *Ledger) Find(id string) *record.Anomaly { return l.byID[id] }

// Restore takes an anomaly that was open when the daemon ended. Its detector
// may have forgotten it, so it has a short time to be reported again, whatever
// longer time it named. One that was pushed keeps its own time.
func (l *Ledger) Restore(a record.Anomaly) {
	if a.Open {
		if !a.Pushed || a.TTL <= 0 {
			a.TTL = l.Patience()
		}
		l.open[a.Detector+"\x00"+a.Anomaly.ID()], l.byID[a.ID] = &a, &a
	}
}

// Patience is how long restored anomalies have to be reported again.
func (l *Ledger) Patience() time.Duration { return max(l.ttl, restoreTime) }

// OpenOf returns the open anomalies of the component, oldest first.
func (l *Ledger) OpenOf(component string) []*record.Anomaly {
	var out []*record.Anomaly
	for _, a := range l.open {
		if a.Component == component {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b *record.Anomaly) int {
		if c := a.FirstSeen.Compare(b.FirstSeen); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}

// EachOpen calls f for every open anomaly, in no order.
func (l *Ledger) EachOpen(f func(*record.Anomaly)) {
	for _, a := range l.open {
		f(a)
	}
}

// All returns copies of the open and the last closed anomalies, newest first.
func (l *Ledger) All() []record.Anomaly {
	out := slices.Clone(l.closed)
	for _, a := range l.open {
		out = append(out, *a)
	}
	slices.SortFunc(out, func(a, b record.Anomaly) int {
		if c := b.FirstSeen.Compare(a.FirstSeen); c != 0 {
			return c
		}
		return strings.Compare(b.ID, a.ID)
	})
	return out
}

// Dropped returns how many reports were refused because MaxOpen was reached.
func (l *Ledger) Dropped() uint64 { return l.dropped }

// SetTTL changes the time limit for anomalies that name none.
func (l *Ledger) SetTTL(ttl time.Duration) { l.ttl = ttl }
