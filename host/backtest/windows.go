package backtest

import (
	"math"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// maker turns rows into windows, each with one fresh sample of every signal and
// the look-back before it.
type maker struct {
	lookBack time.Duration
	series   []sdk.Series
	last     time.Time
}

func newMaker(t *table, lookBack time.Duration) *maker {
	m := &maker{lookBack: lookBack}
	for _, i := range t.signals() {
		s := sdk.Series{Component: Component, Name: t.names[i], Kind: sdk.Gauge}
		if r, known := t.form.Ranges[s.Name]; known {
			s.Range = &r
		} else if r, known := t.form.Ranges[""]; known {
			s.Range = &r
		}
		m.series = append(m.series, s)
	}
	return m
}

// window returns the window that ends with the row. It is valid until the next
// call.
func (m *maker) window(r tableRow) sdk.Window {
	w := sdk.Window{
		Component: Component, Reason: sdk.ReasonHistory, Start: m.last, End: r.time,
		Status: sdk.ComponentStatus{Name: Component, Kind: "command", State: sdk.StateUp, Generation: 1},
		Series: make([]sdk.Series, 0, len(m.series)),
	}
	if w.Start.IsZero() {
		w.Start = r.time.Add(-time.Second)
	}
	m.last = r.time
	for i := range m.series {
		s := &m.series[i]
		m.forget(s, r.time)
		s.Fresh = len(s.Times)
		if v := r.values[i]; !math.IsNaN(v) {
			s.Times, s.Values = append(s.Times, r.time.UnixMilli()), append(s.Values, v)
		}
		if len(s.Times) > 0 {
			w.Series = append(w.Series, *s)
		}
	}
	return w
}

// forget drops what is older than the look-back. Columns are never written in
// place: earlier windows may still be in use.
func (m *maker) forget(s *sdk.Series, now time.Time) {
	oldest := now.Add(-m.lookBack).UnixMilli()
	drop := 0
	for drop < len(s.Times) && (s.Times[drop] < oldest || m.lookBack == 0) {
		drop++
	}
	s.Times, s.Values = s.Times[drop:], s.Values[drop:]
}
