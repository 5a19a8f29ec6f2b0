package quiet

import (
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/heal/record"
)

// Open begins a maintenance window.
func (q *Quiet) Open(w record.Maintenance) { q.windows = append(q.windows, w) }

// Close ends the window of that id and returns it, false when there is none.
func (q *Quiet) Close(id string) (record.Maintenance, bool) {
	n := slices.IndexFunc(q.windows, func(w record.Maintenance) bool { return w.ID == id })
	if n < 0 {
		return record.Maintenance{}, false
	}
	w := q.windows[n]
	q.windows = slices.Delete(q.windows, n, n+1)
	return w, true
}

// Over lists the windows that have reached their end; they are still open.
func (q *Quiet) Over(now time.Time) []record.Maintenance {
	var out []record.Maintenance
	for _, w := range q.windows {
		if !w.End.After(now) {
			out = append(out, w)
		}
	}
	return out
}

// InMaintenance reports whether a window covers the component.
func (q *Quiet) InMaintenance(component string, now time.Time) bool {
	return slices.ContainsFunc(q.windows, func(w record.Maintenance) bool { return w.Covers(component, now) })
}

// Windows returns the open windows.
func (q *Quiet) Windows() []record.Maintenance { return slices.Clone(q.windows) }
