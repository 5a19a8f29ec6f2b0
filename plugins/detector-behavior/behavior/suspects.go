package behavior

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/homeostat/homeostat/plugins/detector-behavior/rootcause"
	"github.com/homeostat/homeostat/sdk"
)

// leastNormal is the fewest rows before an alarm that a component is compared
// with.
const leastNormal = 10

// suspects ranks all components by what the last half hour says, as evidence.
// Components without enough rows are left out.
func (d *Detector) suspects(since time.Time) []sdk.Evidence {
	var series []rootcause.Series
	for _, name := range slices.Sorted(maps.Keys(d.profiles)) {
		series = append(series, d.profiles[name].halves(since.UnixMilli())...)
	}
	ranked := rootcause.Rank(series, d.known())
	var out []sdk.Evidence
	for i, s := range ranked {
		if i == shown || s.Deviation <= rootcause.Usual {
			break
		}
		out = append(out, evidence(sdk.Evidence{
			Component: s.Component, Signal: s.Metric, Value: s.Value, Low: s.Low, High: s.High,
			Text: fmt.Sprintf("suspect %d: %.3g times its usual spread away", i+1, s.Deviation),
		}))
	}
	return out
}

// halves splits the component's own recent values at the alarm's start.
func (p *profile) halves(since int64) []rootcause.Series {
	at := slices.IndexFunc(p.Recent, func(r recent) bool { return r.At >= since })
	if at < leastNormal {
		return nil
	}
	var out []rootcause.Series
	for i, s := range p.Signals {
		if s.Component != p.Component {
			continue
		}
		one := rootcause.Series{Component: s.Component, Metric: s.Name}
		for n, r := range p.Recent {
			if i >= len(r.Values) {
				continue
			}
			if n < at {
				one.Normal = append(one.Normal, float64(r.Values[i]))
			} else {
				one.Abnormal = append(one.Abnormal, float64(r.Values[i]))
			}
		}
		out = append(out, one)
	}
	return out
}

func (d *Detector) known() []rootcause.Call {
	return slices.SortedFunc(maps.Keys(d.calls), func(a, b rootcause.Call) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
}

// mostNormal bounds what the ranking keeps of each signal's training.
const mostNormal = 10_000

// trainRank keeps the newest samples of every signal as the normal state.
func (d *Detector) trainRank(history []sdk.Window) {
	for _, w := range history {
		for _, s := range w.Series {
			id := signal{s.Component, s.Name}
			kept := append(d.normal[id], s.Values...)
			d.normal[id] = kept[max(0, len(kept)-mostNormal):]
		}
	}
}

// suspectsOf ranks the components of one window against the training.
func (d *Detector) suspectsOf(w sdk.Window) []sdk.Anomaly {
	var series []rootcause.Series
	for _, s := range w.Series {
		series = append(series, rootcause.Series{
			Component: s.Component, Metric: s.Name, Normal: d.normal[signal{s.Component, s.Name}], Abnormal: s.Values,
		})
	}
	d.note(w.Links)
	var out []sdk.Anomaly
	for i, s := range rootcause.Rank(series, d.known()) {
		if i == sdk.MaxAnomalies {
			break
		}
		out = append(out, sdk.Anomaly{
			Component: s.Component, Key: kindSuspect, Kind: kindSuspect, Signal: s.Metric, Ended: true,
			Score:    s.Deviation / (s.Deviation + rootcause.Usual),
			Summary:  fmt.Sprintf("suspect %d: %s of %s is %.4g where %.4g to %.4g is usual", i+1, s.Metric, s.Component, s.Value, s.Low, s.High),
			Evidence: []sdk.Evidence{evidence(sdk.Evidence{Component: s.Component, Signal: s.Metric, Value: s.Value, Low: s.Low, High: s.High})},
		}.WithDefaults(w))
	}
	return out
}
