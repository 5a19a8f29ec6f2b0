package timeseries

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// mostMarks bounds how far marks can move a signal: eight wrong ones in a row
// leave a third of its sensitivity.
const mostMarks = 8

// Feedback takes an operator's judgement of an anomaly of one signal: a wrong
// one lowers the signal's sensitivity by an eighth, a right one undoes that.
// Explain shows it.
func (d *Detector) Feedback(_ context.Context, m sdk.Mark) error {
	c := d.components[m.Anomaly.Component]
	if c == nil || c.signals[m.Anomaly.Signal] == nil {
		return fmt.Errorf("mark of %s: the signal %q of %q is not known here", m.Anomaly.ID(), m.Anomaly.Signal, m.Anomaly.Component)
	}
	s := c.signals[m.Anomaly.Signal]
	if m.Right {
		s.Marks = max(s.Marks-1, -mostMarks/2)
	} else {
		s.Marks = min(s.Marks+1, mostMarks)
	}
	return nil
}

// Explain says what was learnt about a component: how long each signal was
// learnt, what is usual about now, what marks changed, how forecasts did.
func (d *Detector) Explain(_ context.Context, name string) (string, error) {
	c := d.components[name]
	if c == nil {
		return "nothing was learnt about " + name + " yet", nil
	}
	var b strings.Builder
	for _, n := range sortedNames(c.signals) {
		s := c.signals[n]
		learnt := time.Duration(s.Seen) * time.Millisecond
		if learnt < d.config.WarmUp {
			fmt.Fprintf(&b, "%s: learning, %s of %s. ", n, span(learnt), span(d.config.WarmUp))
			continue
		}
		fmt.Fprintf(&b, "%s: learnt for %s", n, span(learnt))
		if low, high, known := s.series.Usual(s.Last / 1000); known {
			fmt.Fprintf(&b, ", at this hour %s to %s", amount(low, s.unit), amount(high, s.unit))
		}
		if s.Marks != 0 {
			fmt.Fprintf(&b, ", sensitivity %.2f after marks", s.sensitivity())
		}
		if total := s.Hits + s.Misses; total > 0 {
			fmt.Fprintf(&b, ", %d of %d forecasts came true", s.Hits, total)
		}
		b.WriteString(". ")
	}
	return strings.TrimSpace(b.String()), nil
}

func sortedNames(signals map[string]*signal) []string { return slices.Sorted(maps.Keys(signals)) }
