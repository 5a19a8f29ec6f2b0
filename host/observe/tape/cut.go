package tape

import (
	"fmt"
	"slices"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// Limits on one window, so that it fits the 16 MiB of a message to a plugin
// with room to spare.
const (
	MaxWindowSamples   = 400_000 // 16 bytes each
	MaxWindowLines     = 20_000
	MaxWindowLineBytes = 4 << 20
)

// Cursor is how far a reader has read the tape for one component. The zero
// Cursor has read nothing.
type Cursor struct {
	seq   uint64
	lines uint64
	end   time.Time
}

// Start returns a cursor for a reader that begins now: all that is on the tape
// is look-back for it.
func (t *Tape) Start(now Reading) Cursor {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Cursor{seq: t.seq, lines: t.seq, end: time.UnixMilli(t.stamp(now))}
}

// Request says which window to cut.
type Request struct {
	Component string
	From      Cursor
	Lookback  time.Duration
	// SeriesOnly leaves out the neighbours, the host, log lines and events.
	SeriesOnly bool
}

// Cut returns the window of what was added after the cursor, and the cursor
// that has read it. The window holds the component's own lines and events, and
// the series of itself, its neighbours and the host. More reports that log
// lines are left for a further window. Cut reports false in ok for a component
// that is not kept. Status and Reason are left to the caller.
func (t *Tape) Cut(now Reading, r Request) (w sdk.Window, next Cursor, more, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	end := time.UnixMilli(t.stamp(now))
	kept := t.shelves[r.Component]
	if kept == nil {
		return sdk.Window{}, r.From, false, false
	}
	w = sdk.Window{Component: r.Component, Start: r.From.end, End: end, Links: t.linksOf(r.Component)}
	if w.Start.IsZero() || w.Start.After(end) {
		w.Start = end
	}
	next = Cursor{seq: t.seq, lines: r.From.lines, end: end}
	lost := t.cutSeries(&w, r)
	if r.SeriesOnly {
		return w, next, false, true
	}
	lost += kept.cutEvents(&w, r.From.seq)
	lostLines, more := kept.cutLines(&w, &next)
	if lost+lostLines > 0 {
		w.Events = append(w.Events, gap(w, lost, lostLines))
	}
	return w, next, more, true
}

func gap(w sdk.Window, series, lines int) sdk.Event {
	return sdk.Event{
		Time: w.End, Component: w.Component, Type: sdk.EventGap,
		Text: fmt.Sprintf("dropped before they were read: data of %d series or event queues, lines of %d logs", series, lines),
	}
}

func (t *Tape) linksOf(component string) []sdk.Link {
	var links []sdk.Link
	for _, l := range t.links {
		if l.From == component || l.To == component {
			links = append(links, l)
		}
	}
	return links
}

// around returns the components whose series belong into a window.
func (t *Tape) around(r Request, links []sdk.Link) []string {
	if r.SeriesOnly {
		return []string{r.Component}
	}
	names := []string{r.Component, sdk.HostComponent}
	for _, l := range links {
		names = append(names, l.From, l.To)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// cutSeries adds the series and returns how many of them lost fresh samples.
func (t *Tape) cutSeries(w *sdk.Window, r Request) int {
	since := w.End.Add(-r.Lookback).UnixMilli()
	names := t.around(r, w.Links)
	if t.count(names, r.From.seq, since) > MaxWindowSamples {
		since = w.End.UnixMilli() + 1 // the fresh samples alone
	}
	lost := 0
	for _, name := range names {
		kept := t.shelves[name]
		if kept == nil {
			continue
		}
		for _, signal := range kept.names {
			s := kept.series[signal]
			if s.samples.lost > r.From.seq {
				lost++
			}
			if cut, some := s.cut(r.From.seq, since); some {
				cut.Component = name
				w.Series = append(w.Series, cut)
			}
		}
	}
	return lost
}

func (t *Tape) count(names []string, seq uint64, since int64) int {
	n := 0
	for _, name := range names {
		if kept := t.shelves[name]; kept != nil {
			for _, s := range kept.series {
				from, _ := s.bounds(seq, since)
				n += s.samples.len() - from
			}
		}
	}
	return n
}

// bounds returns the indexes of the first sample for a window and of the first
// fresh one.
func (s *series) bounds(seq uint64, since int64) (from, fresh int) {
	fresh = s.samples.after(seq)
	live := s.samples.live()
	from, _ = slices.BinarySearchFunc(live[:fresh], since, func(p numbered[point], since int64) int {
		return int(min(max(p.item.at-since, -1), 1))
	})
	return from, fresh
}

func (s *series) cut(seq uint64, since int64) (sdk.Series, bool) {
	from, fresh := s.bounds(seq, since)
	live := s.samples.live()[from:]
	if len(live) == 0 {
		return sdk.Series{}, false
	}
	out := sdk.Series{
		Name: s.signal.Name, Unit: s.signal.Unit, Kind: s.signal.Kind, Range: s.signal.Range,
		Times: make([]int64, len(live)), Values: make([]float64, len(live)), Fresh: fresh - from,
	}
	for i, p := range live {
		out.Times[i], out.Values[i] = p.item.at, p.item.value
	}
	return out, true
}

// cutEvents adds the fresh events and returns 1 when some were lost.
func (k *shelf) cutEvents(w *sdk.Window, seq uint64) int {
	for _, e := range k.events.live()[k.events.after(seq):] {
		w.Events = append(w.Events, e.item)
	}
	slices.SortStableFunc(w.Events, func(a, b sdk.Event) int { return a.Time.Compare(b.Time) })
	if k.events.lost > seq {
		return 1
	}
	return 0
}

// Events returns the events of a component after a cursor, and the cursor that
// has read them.
func (t *Tape) Events(component string, from Cursor) ([]sdk.Event, Cursor) {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := Cursor{seq: t.seq, lines: from.lines, end: from.end}
	kept := t.shelves[component]
	if kept == nil {
		return nil, next
	}
	var w sdk.Window
	kept.cutEvents(&w, from.seq)
	return w.Events, next
}

// cutLines adds fresh lines up to the limits of a window and moves the cursor
// behind the last one.
func (k *shelf) cutLines(w *sdk.Window, next *Cursor) (lost int, more bool) {
	if k.lines.lost > next.lines {
		lost = 1
	}
	bytes := 0
	for _, l := range k.lines.live()[k.lines.after(next.lines):] {
		bytes += len(l.item.Text)
		if len(w.Logs) == MaxWindowLines || bytes > MaxWindowLineBytes {
			return lost, true
		}
		w.Logs = append(w.Logs, l.item)
		next.lines = l.seq
	}
	next.lines = max(next.lines, next.seq)
	return lost, false
}
