package health

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// defaults are the limits that hold unless the operator sets others. Disks and
// memory leave a person time to act; pressure is the share of time in which
// work stood still (the kernel's PSI, mean of ten seconds); one error a minute
// in a log is life, five a second for two seconds are a burst. A link that healing
// has opened is a degradation until it is closed again.
func defaults() []Threshold {
	host, saturation := sdk.HostComponent, sdk.AnomalySaturation
	return []Threshold{
		{Component: host, Signal: "memory_available_percent", Above: unset, Below: 5, For: 30 * time.Second, Clear: 8, Severity: sdk.SeverityMedium, Kind: sdk.AnomalyThreshold},
		{Component: host, Signal: "disk_used_percent/*", Above: 95, Below: -unset, For: 30 * time.Second, Clear: 93, Severity: sdk.SeverityMedium, Kind: sdk.AnomalyThreshold},
		{Component: host, Signal: "disk_inodes_used_percent/*", Above: 95, Below: -unset, For: 30 * time.Second, Clear: 93, Severity: sdk.SeverityMedium, Kind: sdk.AnomalyThreshold},
		{Component: host, Signal: "psi_cpu_some", Above: 80, Below: -unset, For: 15 * time.Second, Clear: 60, Severity: sdk.SeverityLow, Kind: saturation},
		{Component: host, Signal: "psi_memory_full", Above: 10, Below: -unset, For: 10 * time.Second, Clear: 5, Severity: sdk.SeverityMedium, Kind: saturation},
		{Component: host, Signal: "psi_io_full", Above: 60, Below: -unset, For: 30 * time.Second, Clear: 40, Severity: sdk.SeverityLow, Kind: saturation},
		{Component: "*", Signal: "link_isolated/*", Above: 0.25, Below: -unset, For: 10 * time.Second, Severity: sdk.SeverityLow, Kind: sdk.AnomalyThreshold, Clear: unset},
		{Component: "*", Signal: "log_errors_per_second", Above: 5, Below: -unset, For: 2 * time.Second, Clear: 1, Severity: sdk.SeverityLow, Kind: sdk.AnomalyThreshold},
	}
}

func (t Threshold) check() error {
	above, below := t.Above < unset, t.Below > -unset
	switch {
	case above == below:
		return errors.New("set one of above and below")
	case t.Clear < unset && above && t.Clear > t.Above:
		return fmt.Errorf("clear %v is higher than above %v: the anomaly would end while it lasts", t.Clear, t.Above)
	case t.Clear < unset && below && t.Clear < t.Below:
		return fmt.Errorf("clear %v is lower than below %v: the anomaly would end while it lasts", t.Clear, t.Below)
	case t.Severity == sdk.SeverityUnknown:
		return errors.New("severity: want low, medium, high or critical")
	}
	return nil
}

func (t Threshold) concerns(component, signal string) bool {
	if t.Component != component && (t.Component != "*" || component == sdk.HostComponent) {
		return false
	}
	if prefix, wild := strings.CutSuffix(t.Signal, "*"); wild {
		return strings.HasPrefix(signal, prefix)
	}
	return t.Signal == signal
}

// breached reports whether the value is beyond the limit.
func (t Threshold) breached(v float64) bool { return v > t.Above || v < t.Below }

// cleared reports whether the value is back far enough.
func (t Threshold) cleared(v float64) bool {
	if t.Clear >= unset {
		return !t.breached(v)
	}
	if t.Above < unset {
		return v <= t.Clear
	}
	return v >= t.Clear
}

// limit returns the bound that counts.
func (t Threshold) limit() (bound float64, word string) {
	if t.Above < unset {
		return t.Above, "above"
	}
	return t.Below, "below"
}

// limitState is where a signal stands with its threshold.
type limitState struct {
	// Since is when the value went beyond the limit, Unix milliseconds, 0 for
	// not beyond.
	Since int64 `json:"since,omitempty"`
	// LastAt and Last are the last sample of a counter.
	LastAt int64   `json:"last_at,omitempty"`
	Last   float64 `json:"last,omitempty"`
}

// signals judges the fresh samples of the component's own series.
func (j *judgement) signals() {
	for _, s := range j.w.Series {
		if s.Component != j.w.Component {
			continue
		}
		for _, t := range j.d.thresholds {
			if t.concerns(s.Component, s.Name) {
				j.series(s, t)
				break // the operator's own limits come before the defaults
			}
		}
		if s.Name == demandSignal {
			j.demand(s)
		}
	}
}

func (j *judgement) series(s sdk.Series, t Threshold) {
	id := s.Component + "\x00" + s.Name
	state := j.d.memory.Limits[id]
	for i := s.Fresh; i < len(s.Values); i++ {
		v, ok := s.Values[i], true
		if s.Kind == sdk.Counter {
			v, ok = state.rate(s.Times[i], s.Values[i])
		}
		if ok {
			j.sample(s, t, &state, point{s.Times[i], v})
		}
	}
	if state == (limitState{}) {
		delete(j.d.memory.Limits, id)
		return
	}
	j.d.memory.Limits[id] = state
}

// rate turns a counter's sample into growth per second; a reset says nothing.
func (l *limitState) rate(at int64, v float64) (float64, bool) {
	lastAt, last := l.LastAt, l.Last
	l.LastAt, l.Last = at, v
	if lastAt == 0 || at <= lastAt || v < last {
		return 0, false
	}
	return (v - last) / (float64(at-lastAt) / 1000), true
}

type point struct {
	at int64 // Unix milliseconds
	v  float64
}

func (j *judgement) sample(s sdk.Series, t Threshold, state *limitState, p point) {
	key := t.Kind + "/" + s.Name
	_, open := j.open[key]
	switch {
	case open && t.cleared(p.v):
		state.Since = 0
		j.end(key, fmt.Sprintf("%s of %s is back at %.4g", s.Name, s.Component, p.v))
	case !open && !t.breached(p.v):
		state.Since = 0
	case !open && state.Since == 0:
		state.Since = p.at
	}
	if state.Since == 0 || time.Duration(p.at-state.Since)*time.Millisecond < t.For || !open && !t.breached(p.v) {
		return
	}
	bound, word := t.limit()
	j.begin(sdk.Anomaly{
		Key: key, Kind: t.Kind, Signal: s.Name, Severity: t.Severity, Score: 1, Start: time.UnixMilli(state.Since),
		Summary:  fmt.Sprintf("%s of %s is %.4g %s, %s the limit of %.4g for %v", s.Name, s.Component, p.v, s.Unit, word, bound, t.For),
		Evidence: []sdk.Evidence{{Component: s.Component, Signal: s.Name, Value: p.v, Low: t.low(), High: t.high(), Unit: s.Unit}},
	})
}

// low and high are the allowed range for the evidence; an open side is shown
// as the bound itself.
func (t Threshold) low() float64 {
	if t.Below > -unset {
		return t.Below
	}
	return 0
}

func (t Threshold) high() float64 {
	if t.Above < unset {
		return t.Above
	}
	return t.Below
}
