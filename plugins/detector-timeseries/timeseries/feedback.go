package timeseries

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

const (
	// mostMarks bounds how far marks move a pattern: eight wrong ones in a row
	// leave a third of its sensitivity.
	mostMarks = 8
	// mostPatterns bounds how many patterns of a component have marks.
	mostPatterns = 1000
	// eachMark is what a wrong mark leaves of the sensitivity; a right one undoes it.
	eachMark = 0.875
)

// sensitivity is what the marks leave of the sensitivity for a pattern, which is
// the key of its anomalies.
func (c *component) sensitivity(pattern string) float64 {
	return math.Pow(eachMark, float64(c.marks[pattern]))
}

// Feedback takes an operator's judgement of an anomaly: a wrong one takes an
// eighth off the sensitivity for its signal and pattern and leaves other patterns
// of the signal alone, a right one gives that back. Marks of a forecast
// shorten or lengthen how far ahead it is made. Explain shows them.
func (d *Detector) Feedback(_ context.Context, m sdk.Mark) error {
	c, pattern := d.components[m.Anomaly.Component], m.Anomaly.Key
	if c == nil || !c.reports(m.Anomaly) {
		return fmt.Errorf("mark of %s: %q of %q is not known here", m.Anomaly.ID(), pattern, m.Anomaly.Component)
	}
	if _, marked := c.marks[pattern]; !marked && len(c.marks) >= mostPatterns {
		return fmt.Errorf("mark of %s: %d patterns of %s are marked already; mark some of them the other way first",
			m.Anomaly.ID(), mostPatterns, m.Anomaly.Component)
	}
	n := c.marks[pattern]
	if m.Right {
		n = max(n-1, -mostMarks/2)
	} else {
		n = min(n+1, mostMarks)
	}
	c.marks[pattern] = n
	if n == 0 {
		delete(c.marks, pattern)
	}
	return nil
}

// reports tells whether the component could have such an anomaly.
func (c *component) reports(a sdk.Anomaly) bool {
	switch {
	case a.Kind == KindVector:
		return a.Key == KindVector
	case c.signals[a.Signal] == nil:
		return false
	case a.Kind == KindForecast:
		return a.Key == KindForecast+"/"+a.Signal
	}
	return slices.ContainsFunc(patterns[:], func(p string) bool { return a.Key == unusualKey(a.Signal)+"/"+p })
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
		if total := s.Hits + s.Misses; total > 0 {
			fmt.Fprintf(&b, ", %d of %d forecasts came true", s.Hits, total)
		}
		b.WriteString(". ")
	}
	for _, pattern := range slices.Sorted(maps.Keys(c.marks)) {
		fmt.Fprintf(&b, "%s: sensitivity %.2f after marks of operators. ", pattern, c.sensitivity(pattern))
	}
	return strings.TrimSpace(b.String()), nil
}

func sortedNames(signals map[string]*signal) []string { return slices.Sorted(maps.Keys(signals)) }
