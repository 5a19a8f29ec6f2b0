// Package kpi measures the time-series recipe on ordinary metrics of services
// with labelled faults, which the Numenta Anomaly Benchmark says little about.
//
// It owns the generator, from fixed seeds, and the measure: at the one fixed
// threshold, which faults are found, how late, and how many alarms are wrong. No
// setting was tuned on it. Its functions are for one goroutine.
package kpi

import (
	"context"
	"fmt"

	"github.com/homeostat/homeostat/examples/bench-detect/table"
	"github.com/homeostat/homeostat/plugins/detector-timeseries/score"
)

// Set is the benchmark.
var Set = table.Set{Name: "kpi", Run: run}

const (
	series = 30 // of each fault
	// grace is how long after a fault an alarm is still owed to it: its end is a
	// change as well.
	grace = 2 * hour
)

func run(ctx context.Context, _ table.Input) ([]table.Row, error) {
	var all tally
	var rows []table.Row
	for f := range faults {
		var t tally
		for seed := range uint64(series) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			l := generate(f, seed)
			t.add(l, alarms(l.values, score.Threshold))
		}
		rows = append(rows, table.Row{Set: "kpi", What: fmt.Sprintf("%s found, share of %d; delay %s", faultNames[f], t.stretches, t.late()),
			Got: share(t.found, t.stretches)})
		all.join(t)
	}
	return append(rows,
		table.Row{Set: "kpi", What: fmt.Sprintf("recall at the fixed threshold %.2f", score.Threshold), Got: share(all.found, all.stretches)},
		table.Row{Set: "kpi", What: fmt.Sprintf("precision of %d alarms", all.right+all.wrong), Got: share(all.right, all.right+all.wrong)},
		table.Row{Set: "kpi", What: "false alarms a week and series", Got: float64(all.wrong) / (float64(all.quiet) / (7 * day))}), nil
}

// alarms are the rows that raise one.
func alarms(values []float64, threshold float64) []int {
	var s score.Series
	var out []int
	for i, v := range values {
		if s.Add(int64(i)*rowSeconds, v).New >= threshold && i >= learning {
			out = append(out, i)
		}
	}
	return out
}

// tally counts faults and alarms; quiet are rows in which none is owed, delay the
// rows until the first alarm of the found ones.
type tally struct{ stretches, found, right, wrong, quiet, delay int }

func (t *tally) add(l labelled, alarms []int) {
	t.stretches += len(l.stretches)
	t.quiet += len(l.values) - learning
	for _, s := range l.stretches {
		t.quiet -= s[1] - s[0] + 1 + grace
	}
	first := make([]int, len(l.stretches))
	for _, at := range alarms {
		k := -1
		for i, s := range l.stretches {
			if at >= s[0] && at <= s[1]+grace {
				k = i
			}
		}
		switch {
		case k < 0:
			t.wrong++
			continue
		case first[k] == 0:
			first[k] = at
			t.found++
			t.delay += at - l.stretches[k][0]
		}
		t.right++
	}
}

func (t *tally) join(u tally) {
	t.stretches, t.found, t.right = t.stretches+u.stretches, t.found+u.found, t.right+u.right
	t.wrong, t.quiet, t.delay = t.wrong+u.wrong, t.quiet+u.quiet, t.delay+u.delay
}

// late is the mean delay in words.
func (t *tally) late() string {
	if t.found == 0 {
		return "none"
	}
	return fmt.Sprintf("%d min", t.delay*rowSeconds/60/t.found)
}

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}
