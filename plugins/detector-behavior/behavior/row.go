package behavior

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/homeostat/homeostat/plugins/detector-behavior/pca"
	"github.com/homeostat/homeostat/sdk"
)

// signal names a series.
type signal struct{ Component, Name string }

// row collects the samples of one step.
type row struct {
	// Begin is the start of the first window in the row, zero for none.
	Begin time.Time
	Sum   []float64
	Count []int
}

// counted is the last sample of a counter.
type counted struct {
	At    int64
	Value float64
}

// gather adds a window's fresh samples to the row. It returns the values when the
// row is whole, NaN where a signal is missing. Rows around a start, a step of the
// clock or a gap are dropped: they say nothing of usual behavior.
func (p *profile) gather(w sdk.Window, c Config) ([]float64, bool) {
	p.upset(w, c)
	if w.End.Before(p.Quiet) || !running(w.Status.State) {
		p.row = row{}
		return nil, false
	}
	if p.row.Begin.IsZero() {
		p.row.Begin = w.Start
	}
	linked := neighbours(w, c)
	for _, s := range ordered(w.Series, w.Component) {
		if s.Component == w.Component || linked[s.Component] {
			p.samples(s)
		}
	}
	if w.Reason != sdk.ReasonHistory && w.End.Sub(p.row.Begin) < c.Step {
		return nil, false
	}
	values := p.row.means()
	p.row = row{}
	return values, slices.ContainsFunc(values, func(v float64) bool { return !math.IsNaN(v) })
}

// running reports whether a component in this state has behavior to judge;
// windows of history carry no state.
func running(s sdk.ComponentState) bool {
	return s == sdk.StateUp || s == sdk.StateFailing || s == sdk.StateUnknown || s == ""
}

// upset looks for what makes behavior unusual for a known reason.
func (p *profile) upset(w sdk.Window, c Config) {
	if w.Status.Generation != p.Generation {
		if p.Generation != 0 {
			p.Quiet = w.End.Add(c.Settle)
		}
		p.Generation = w.Status.Generation
	}
	for _, e := range w.Events {
		switch e.Type {
		case sdk.EventStarted, sdk.EventExited, sdk.EventStopped, sdk.EventAction, sdk.EventMaintenance, sdk.EventMaintainEnd:
			p.Quiet = e.Time.Add(c.Settle)
		case sdk.EventClockStep, sdk.EventGap:
			p.row, p.Counters = row{}, map[signal]counted{}
		}
	}
}

func neighbours(w sdk.Window, c Config) map[string]bool {
	linked := map[string]bool{}
	for _, l := range w.Links {
		if c.Neighbours && l.From != sdk.HostComponent && l.To != sdk.HostComponent {
			linked[l.From], linked[l.To] = true, true
		}
	}
	return linked
}

// ordered puts the component's own series first: where there are too many, the
// neighbours' are left out.
func ordered(series []sdk.Series, own string) []sdk.Series {
	out := slices.Clone(series)
	slices.SortStableFunc(out, func(a, b sdk.Series) int {
		return cmp.Compare(foreign(a.Component, own), foreign(b.Component, own))
	})
	return out
}

func foreign(component, own string) int {
	if component == own {
		return 0
	}
	return 1
}

// samples adds the fresh samples of one series; counters become growth per second.
func (p *profile) samples(s sdk.Series) {
	id := signal{s.Component, s.Name}
	at, known := p.index[id]
	if !known {
		if len(p.Signals) == pca.MaxSignals {
			return
		}
		at = len(p.Signals)
		p.Signals, p.index[id] = append(p.Signals, id), at
		p.Units = append(p.Units, s.Unit)
		p.Moments.Grow(len(p.Signals))
	}
	p.row.grow(len(p.Signals))
	for i := s.Fresh; i < len(s.Values); i++ {
		v, ok := s.Values[i], true
		if s.Kind == sdk.Counter {
			v, ok = p.rate(id, counted{s.Times[i], s.Values[i]})
		}
		if ok {
			p.row.Sum[at] += v
			p.row.Count[at]++
		}
	}
}

// rate is a counter's growth per second; after a reset it says nothing.
func (p *profile) rate(id signal, now counted) (float64, bool) {
	last, seen := p.Counters[id]
	p.Counters[id] = now
	if !seen || now.At <= last.At || now.Value < last.Value {
		return 0, false
	}
	return (now.Value - last.Value) / (float64(now.At-last.At) / 1000), true
}

func (r *row) grow(n int) {
	for len(r.Sum) < n {
		r.Sum, r.Count = append(r.Sum, 0), append(r.Count, 0)
	}
}

func (r *row) means() []float64 {
	out := make([]float64, len(r.Sum))
	for i, n := range r.Count {
		out[i] = math.NaN()
		if n > 0 {
			out[i] = r.Sum[i] / float64(n)
		}
	}
	return out
}
