package history

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// MaxWindows is the most windows that one replay returns.
const MaxWindows = 100_000

// Replay gives what was recorded back as windows.
type Replay struct {
	Metrics *Metrics
	Records *Records
}

// Windows returns the history of a component as the windows that a detector
// would have seen at the given interval, each with the component's own signals,
// those of the host, and the component's events. All samples are fresh.
func (r Replay) Windows(ctx context.Context, q Query, every time.Duration) ([]sdk.Window, error) {
	if every <= 0 || q.To.Before(q.From) {
		return nil, fmt.Errorf("replay %s: interval %v must be positive, and %v not before %v", q.Component, every, q.To, q.From)
	}
	series, err := r.Metrics.Series(ctx, q)
	if err != nil {
		return nil, err
	}
	if q.Component != sdk.HostComponent {
		host, err := r.Metrics.Series(ctx, Query{Component: sdk.HostComponent, From: q.From, To: q.To})
		if err != nil {
			return nil, err
		}
		series = append(series, host...)
	}
	events, err := r.Records.Events(ctx, q.Component, Filter{From: q.From, To: q.To.Add(1), OldestFirst: true, Limit: MaxWindows})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(series, byName)
	return slice(sdk.Window{Component: q.Component, Start: q.From, End: q.To, Series: series, Events: events}, every), nil
}

// byName orders series as a window has them: by component, then by name.
func byName(a, b sdk.Series) int {
	return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.Name, b.Name))
}

// slice cuts a long window into short ones; those without content are left out.
// A sample at the very beginning belongs to the first of them.
func slice(long sdk.Window, every time.Duration) []sdk.Window {
	c := cutter{long: long, at: make([]int, len(long.Series))}
	var out []sdk.Window
	for start := long.Start; start.Before(long.End) && len(out) < MaxWindows; start = start.Add(every) {
		end := start.Add(every)
		if end.After(long.End) {
			end = long.End
		}
		w := sdk.Window{Component: long.Component, Reason: sdk.ReasonHistory, Start: start, End: end}
		w.Series, w.Events = c.series(end.UnixMilli()), c.events(end)
		if len(w.Series)+len(w.Events) > 0 {
			out = append(out, w)
		}
	}
	return out
}

// cutter walks along a long window.
type cutter struct {
	long  sdk.Window
	at    []int // the next sample of each series
	event int
}

// series returns the samples up to an instant that were not returned before.
func (c *cutter) series(until int64) []sdk.Series {
	var out []sdk.Series
	for i, s := range c.long.Series {
		from := c.at[i]
		for c.at[i] < len(s.Times) && s.Times[c.at[i]] <= until {
			c.at[i]++
		}
		if c.at[i] > from {
			s.Times, s.Values = s.Times[from:c.at[i]], s.Values[from:c.at[i]]
			out = append(out, s)
		}
	}
	return out
}

func (c *cutter) events(until time.Time) []sdk.Event {
	from := c.event
	for c.event < len(c.long.Events) && !c.long.Events[c.event].Time.After(until) {
		c.event++
	}
	return c.long.Events[from:c.event]
}
