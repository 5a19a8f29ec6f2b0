package history

import (
	"context"
	"slices"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// MaxWindows is the most windows that one replay returns.
const MaxWindows = 100_000

// Windows returns the history of a component as the windows that a detector
// would have seen at the given interval, each with the component's own signals,
// those of the host, and the component's events. All samples are fresh.
func (s *Store) Windows(ctx context.Context, q Query, every time.Duration) ([]sdk.Window, error) {
	series, err := s.Series(ctx, q)
	if err != nil {
		return nil, err
	}
	if q.Component != sdk.HostComponent {
		host, err := s.Series(ctx, Query{Component: sdk.HostComponent, From: q.From, To: q.To})
		if err != nil {
			return nil, err
		}
		series = append(series, host...)
	}
	events, err := s.Events(ctx, q.Component, Filter{From: q.From, To: q.To.Add(1), OldestFirst: true, Limit: MaxWindows})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(series, func(a, b sdk.Series) int { return compareNames(a, b) })
	return slice(sdk.Window{Component: q.Component, Start: q.From, End: q.To, Series: series, Events: events}, every), nil
}

func compareNames(a, b sdk.Series) int {
	if a.Component != b.Component {
		if a.Component < b.Component {
			return -1
		}
		return 1
	}
	if a.Name < b.Name {
		return -1
	}
	return 1
}

// slice cuts a long window into short ones; those without content are left out.
func slice(long sdk.Window, every time.Duration) []sdk.Window {
	at := make([]int, len(long.Series))
	event := 0
	var out []sdk.Window
	end := long.Start
	for end.Before(long.End) && len(out) < MaxWindows {
		w := sdk.Window{Component: long.Component, Reason: sdk.ReasonHistory, Start: end, End: end.Add(every)}
		if w.End.After(long.End) {
			w.End = long.End
		}
		end = w.End
		for i, s := range long.Series {
			from := at[i]
			for at[i] < len(s.Times) && s.Times[at[i]] <= end.UnixMilli() {
				at[i]++
			}
			if at[i] > from {
				s.Times, s.Values = s.Times[from:at[i]], s.Values[from:at[i]]
				w.Series = append(w.Series, s)
			}
		}
		from := event
		for event < len(long.Events) && !long.Events[event].Time.After(end) {
			event++
		}
		w.Events = long.Events[from:event]
		if len(w.Series)+len(w.Events) > 0 {
			out = append(out, w)
		}
	}
	return out
}
