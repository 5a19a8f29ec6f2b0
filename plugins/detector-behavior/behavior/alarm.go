package behavior

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// alarm is where a component stands with its threshold.
type alarm struct {
	// Since is when the level went above the threshold, zero for not above.
	Since time.Time
	// Below counts the rows in a row that were below it again.
	Below int
	Open  bool
	// Last is the anomaly as it was reported last.
	Last sdk.Anomaly
}

// calm is how many rows in a row must be below the threshold to end an alarm.
const calm = 3

func (a *alarm) update(above bool, now time.Time) {
	switch {
	case above:
		a.Below = 0
		if a.Since.IsZero() {
			a.Since = now
		}
	case !a.Since.IsZero():
		if a.Below++; a.Below >= calm || !a.Open {
			a.Since = time.Time{}
		}
	}
}

// ownShare is the least part of the misfit that must lie in the component's own
// signals: otherwise the neighbour's own window reports it.
const ownShare = 0.25

// alarm begins, keeps or ends the component's anomaly after a row.
func (d *Detector) alarm(p *profile, w sdk.Window) []sdk.Anomaly {
	a := &p.Alarm
	switch {
	case a.Since.IsZero():
		return p.end(w, fmt.Sprintf("the signals of %s fit together again", p.Component))
	case !a.Open && (w.End.Sub(a.Since) < d.config.For || p.own() < ownShare):
		return nil
	case w.End.Sub(a.Since) >= d.config.Accept:
		return p.end(w, fmt.Sprintf("%s has behaved like this for %v, which is taken as usual from now on", p.Component, d.config.Accept))
	}
	a.Open = true
	a.Last = d.describe(p, w)
	return p.report(w)
}

func (p *profile) own() float64 {
	sum := 0.0
	for i, share := range p.score.Share {
		if i < len(p.Signals) && p.Signals[i].Component == p.Component {
			sum += share
		}
	}
	return sum
}

// shown is how many signals and suspects an anomaly names.
const shown = 3

func (d *Detector) describe(p *profile, w sdk.Window) sdk.Anomaly {
	out := sdk.Anomaly{
		Component: p.Component, Key: key, Kind: kindBehavior, Severity: d.config.Severity, TTL: openTTL,
		Score: p.score.Level / (p.score.Level + half), Start: p.Alarm.Since,
	}
	var parts []string
	for _, i := range p.foremost(shown) {
		s, value := p.Signals[i], p.values[i]
		low, high := p.score.Expected[i]-2*p.score.Tolerance[i], p.score.Expected[i]+2*p.score.Tolerance[i]
		if len(parts) == 0 {
			out.Signal = s.Name
		}
		parts = append(parts, fmt.Sprintf("%s of %s is %.4g %s where %.4g to %.4g fits the other signals", s.Name, s.Component, value, p.Units[i], low, high))
		out.Evidence = append(out.Evidence, evidence(sdk.Evidence{
			Component: s.Component, Signal: s.Name, Value: value, Low: low, High: high, Unit: p.Units[i],
			Text: fmt.Sprintf("%.0f %% of the misfit", 100*p.score.Share[i]),
		}))
	}
	suspects := d.suspects(p.Alarm.Since)
	out.Evidence = append(out.Evidence, suspects...)
	out.Summary = fmt.Sprintf("the signals of %s have not fitted together for %v, %.0f times worse than usual (alarm at %.0f): %s",
		p.Component, w.End.Sub(p.Alarm.Since).Round(time.Second), p.score.Level, p.threshold(d.config), strings.Join(parts, "; "))
	if len(suspects) > 0 && suspects[0].Component != p.Component {
		out.Summary += fmt.Sprintf("; the likely cause is %s", suspects[0].Component)
	}
	return out
}

// evidence keeps numbers finite: a misfit can be beyond all bounds.
func evidence(e sdk.Evidence) sdk.Evidence {
	for _, x := range []*float64{&e.Value, &e.Low, &e.High} {
		*x = max(-math.MaxFloat64, min(math.MaxFloat64, *x))
	}
	return e
}

// report repeats the open anomaly.
func (p *profile) report(w sdk.Window) []sdk.Anomaly {
	if !p.Alarm.Open {
		return nil
	}
	a := p.Alarm.Last
	a.End = w.End
	return []sdk.Anomaly{a}
}

func (p *profile) end(w sdk.Window, why string) []sdk.Anomaly {
	if !p.Alarm.Open {
		return nil
	}
	a := p.Alarm.Last
	a.Ended, a.End, a.Summary = true, w.End, why
	p.Alarm = alarm{Since: p.Alarm.Since, Below: p.Alarm.Below}
	return []sdk.Anomaly{a}
}

// The steps and bounds of what an operator's mark does to the threshold.
const (
	leastTolerated, mostTolerated = 0.5, 8.0
	markStep                      = 1.5
)

// Feedback raises the threshold for the signal and component of a false alarm by
// half, and lowers it by as much for a right one. A mark the other way undoes it;
// Explain shows it.
func (d *Detector) Feedback(_ context.Context, m sdk.Mark) error {
	p := d.profiles[m.Anomaly.Component]
	if p == nil || m.Anomaly.Kind != kindBehavior {
		return fmt.Errorf("mark %s: no profile of component %q has such an anomaly", m.Anomaly.ID(), m.Anomaly.Component)
	}
	factor, marked := p.Tolerated[m.Anomaly.Signal]
	if !marked {
		factor = 1
	}
	if m.Right {
		factor /= markStep
	} else {
		factor *= markStep
	}
	factor = max(leastTolerated, min(mostTolerated, factor))
	p.Tolerated[m.Anomaly.Signal] = factor
	if math.Abs(factor-1) < 1e-9 {
		delete(p.Tolerated, m.Anomaly.Signal)
	}
	return nil
}
