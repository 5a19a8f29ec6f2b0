// Package load turns recorded signals into what a model is given as load: whole
// hours, a number for each minute.
//
// It reads the metrics history and owns nothing. Its values are safe for concurrent
// use as far as the store is.
package load

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/homeostat/homeostat/host/evolve"
	"github.com/homeostat/homeostat/host/history"
	"github.com/homeostat/homeostat/sdk"
)

// Store holds recorded signals; history.Metrics is one.
type Store interface {
	Signals(ctx context.Context, component string) ([]sdk.Series, error)
	Series(ctx context.Context, q history.Query) ([]sdk.Series, error)
}

// History answers evolve.Recorded from a store.
type History struct {
	Store Store
	// Now is the time.
	Now func() time.Time
}

const (
	// lookBack is how old an hour may be: a week has every day in it.
	lookBack = 7 * 24
	// minutes is how many numbers an hour has.
	minutes = 60
)

// Hours returns the whole hours of the last week in which every minute has a sample.
func (h History) Hours(ctx context.Context, t evolve.Target) ([]time.Time, error) {
	names, err := h.names(ctx, t)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	last := h.Now().UTC().Truncate(time.Hour)
	var out []time.Time
	for n := lookBack; n > 0; n-- {
		hour := last.Add(-time.Duration(n) * time.Hour)
		_, whole, err := h.hour(ctx, t.Component, names, hour)
		if err != nil {
			return nil, err
		}
		if whole {
			out = append(out, hour)
		}
	}
	return out, nil
}

// Load returns one of the hours: the mean of a gauge in each minute, and of a counter
// its growth a second. Signals of the same name with different labels are added up.
func (h History) Load(ctx context.Context, t evolve.Target, hour time.Time) ([]float64, error) {
	names, err := h.names(ctx, t)
	if err != nil {
		return nil, err
	}
	load, whole, err := h.hour(ctx, t.Component, names, hour)
	if err == nil && !whole {
		err = fmt.Errorf("it is not whole any more")
	}
	return load, err
}

// names are the signals that the target's is made of.
func (h History) names(ctx context.Context, t evolve.Target) ([]string, error) {
	all, err := h.Store.Signals(ctx, t.Component)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, s := range all {
		if s.Name == t.Replay || strings.HasPrefix(s.Name, t.Replay+"{") {
			out = append(out, s.Name)
		}
	}
	return out, nil
}

func (h History) hour(ctx context.Context, component string, names []string, hour time.Time) (load []float64, whole bool, err error) {
	load = make([]float64, minutes)
	seen := make([]bool, minutes)
	for _, name := range names {
		// the sample before the hour says what a counter has grown since
		q := history.Query{Component: component, Name: name, From: hour.Add(-time.Minute), To: hour.Add(time.Hour - time.Millisecond)}
		list, err := h.Store.Series(ctx, q)
		if err != nil {
			return nil, false, err
		}
		for _, s := range list {
			add(load, seen, s, hour)
		}
	}
	for _, s := range seen {
		if !s {
			return nil, false, nil
		}
	}
	return load, true, nil
}

// add adds a series to the load of an hour.
func add(load []float64, seen []bool, s sdk.Series, hour time.Time) {
	counts := make([]float64, minutes)
	sums := make([]float64, minutes)
	for i, at := range s.Times {
		m := at - hour.UnixMilli()
		if m < 0 {
			continue
		}
		minute := m / time.Minute.Milliseconds()
		seen[minute] = true
		switch {
		case s.Kind != sdk.Counter:
			counts[minute]++
			sums[minute] += s.Values[i]
		case i > 0:
			counts[minute] = time.Minute.Seconds()
			sums[minute] += growth(s.Values[i-1], s.Values[i])
		}
	}
	for m := range load {
		if counts[m] > 0 {
			load[m] += sums[m] / counts[m]
		}
	}
}

// growth is by how much a counter has grown; one that fell began anew at zero.
func growth(before, now float64) float64 {
	if now < before {
		return now
	}
	return now - before
}
