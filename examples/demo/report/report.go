// Package report owns what the demo prints and writes: progress while it runs, a
// table at the end, and the same as JSON.
//
// A Report may be told of progress by several goroutines.
package report

import (
	"fmt"
	"io"
	"runtime"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/homeostat/homeostat/examples/demo/scenario"
)

// Report prints. New is the only way to one.
type Report struct {
	begun time.Time

	mu  sync.Mutex // guards what follows
	out io.Writer
}

// New begins a report on out.
func New(out io.Writer) *Report { return &Report{begun: time.Now(), out: out} }

// Say prints a line of progress with the seconds since the beginning. A
// terminal that went away does not stop the demo.
func (r *Report) Say(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = fmt.Fprintf(r.out, "%6.1f s  %s\n", time.Since(r.begun).Seconds(), line)
}

// Results are what is written as JSON. Durations are in nanoseconds.
type Results struct {
	Begun    time.Time       `json:"begun"`
	Took     time.Duration   `json:"took_ns"`
	CPUs     int             `json:"cpus"`
	Slack    int             `json:"slack"`
	Repaired bool            `json:"repaired"`
	Faults   []scenario.Line `json:"faults"`
}

// Finish prints the table and returns the results.
func (r *Report) Finish(lines []scenario.Line) Results {
	r.mu.Lock()
	defer r.mu.Unlock()
	results := Results{
		Begun: r.begun, Took: time.Since(r.begun), CPUs: runtime.NumCPU(),
		Slack: scenario.Slack, Repaired: true, Faults: lines,
	}
	_, _ = fmt.Fprintln(r.out)
	table := tabwriter.NewWriter(r.out, 0, 8, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "FAULT\tINJECTED\tSEEN AFTER\tACTION\tANSWERS AGAIN AFTER\tRESTART ORDERS\tVERDICT")
	repaired := 0
	for _, l := range lines {
		_, _ = fmt.Fprintln(table, row(l))
		results.Repaired = results.Repaired && l.Repaired()
		if l.Repaired() {
			repaired++
		}
	}
	_ = table.Flush() // see Say
	_, _ = fmt.Fprintf(r.out, "\n%d of %d within the limits, in %.0f s\n", repaired, len(lines), results.Took.Seconds())
	r.complain(lines)
	return results
}

func row(l scenario.Line) string {
	verdict := "repaired"
	if !l.Repaired() {
		verdict = "NOT REPAIRED"
	}
	if l.Repaired() && l.Limit == (scenario.Limit{}) {
		verdict = "left alone"
	}
	injected := "never"
	if !l.Injected.IsZero() {
		injected = l.Injected.Format("15:04:05.000")
	}
	return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%d (limit %d)\t%s", l.Fault, injected,
		within(l.SeenAfter, l.Limit.SeenWithin()), l.Action, within(l.BackAfter, l.Limit.BackWithin()),
		l.Orders+l.Stray, l.Limit.Orders, verdict)
}

func within(d *time.Duration, limit time.Duration) string {
	if limit == 0 {
		return ""
	}
	if d == nil {
		return fmt.Sprintf("never (limit %s)", seconds(limit))
	}
	return fmt.Sprintf("%s (limit %s)", seconds(*d), seconds(limit))
}

func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

func (r *Report) complain(lines []scenario.Line) {
	for _, l := range lines {
		for _, w := range l.Wrong {
			_, _ = fmt.Fprintf(r.out, "%s: %s\n", l.Fault, w)
		}
	}
}
