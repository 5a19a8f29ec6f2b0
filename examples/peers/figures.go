package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/homeostat/homeostat/examples/peers/trial"
)

// figures are what is printed and written.
type figures struct {
	Begun   time.Time      `json:"begun"`
	Slip    trial.Slip     `json:"slip"`
	Results []trial.Result `json:"results"`
	LeftOut []string       `json:"left_out"`
	Faults  []trial.Fault  `json:"-"`
}

// say prints progress with the seconds since the beginning.
func (f figures) say(line string) {
	fmt.Printf("%6.1f s  %s\n", time.Since(f.Begun).Seconds(), line)
}

// print shows the table. The first result is homeostat's.
func (f figures) print(out io.Writer) {
	table := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	_, _ = fmt.Fprint(table, "\nMEDIAN DOWNTIME")
	for _, r := range f.Results {
		_, _ = fmt.Fprintf(table, "\t%s", r.Supervisor)
	}
	for i, fault := range f.Faults {
		_, _ = fmt.Fprintf(table, "\n%s: %s", fault.Name, fault.Shows)
		for _, r := range f.Results {
			_, _ = fmt.Fprintf(table, "\t%s", cell(r.Downs[i], f.Results[0].Downs[i]))
		}
	}
	_, _ = fmt.Fprint(table, "\nmemory")
	for _, r := range f.Results {
		_, _ = fmt.Fprintf(table, "\t%.1f MB", float64(r.Idle.RSS)/1e6)
	}
	_, _ = fmt.Fprint(table, "\nCPU, % of a core")
	for _, r := range f.Results {
		_, _ = fmt.Fprintf(table, "\t%.2f", r.Idle.CPU)
	}
	_, _ = fmt.Fprint(table, "\nwake-ups a second")
	for _, r := range f.Results {
		_, _ = fmt.Fprintf(table, "\t%.0f", r.Idle.Wakeups)
	}
	_, _ = fmt.Fprintln(table)
	_ = table.Flush() // a terminal that went away is no concern of the figures
	_, _ = fmt.Fprintf(out, "homeostat beside a probe that blocks for 30 s: %s\n", f.Slip)
	for _, l := range f.LeftOut {
		_, _ = fmt.Fprintln(out, "left out", l)
	}
}

// cell is a downtime and its ratio to ours.
func cell(d, ours trial.Down) string {
	median, repaired := d.Median()
	if !repaired {
		return fmt.Sprintf("never within %s (%d of %d)", d.Bound, len(d.Repaired), d.Times)
	}
	text := fmt.Sprintf("%.2f s", median.Seconds())
	if best, ok := ours.Median(); ok && best > 0 {
		text += fmt.Sprintf(" (%.1f ×)", float64(median)/float64(best))
	}
	return text
}
