// Package report owns what the trial of the proof engine prints and writes: bars
// of proofs a minute before, during and after each fault, and the same as JSON. It
// is pure but for the writer that it is given.
package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/homeostat/homeostat/examples/theorem-prover/trial"
)

// width is that of the longest bar.
const width = 32

// Bars prints the rows. Bars are relative to the longest of their row, for the
// machine may have been busier at one time than at another.
func Bars(out io.Writer, rows []trial.Row) {
	for _, r := range rows {
		longest := max(r.Before, r.During, r.After)
		fmt.Fprintf(out, "\n%s: %s\n", r.Fault, r.Shows)
		line(out, "before", r.Before, longest, "")
		line(out, "during", r.During, longest, fmt.Sprintf("for %.1f s, until %s: %s", r.Seconds, r.Healer, r.Action))
		line(out, "after", r.After, longest, "")
		if e := r.Evolved; e != nil {
			evolved(out, *e)
		}
		for _, wrong := range r.Wrong {
			fmt.Fprintf(out, "  WRONG    %s\n", wrong)
		}
	}
}

func evolved(out io.Writer, e trial.Evolved) {
	longest := max(e.Default.Rate, e.Found.Rate, e.Best.Rate)
	fmt.Fprintf(out, "  %d settings tried on the model, %d incidents, %d settings measured:\n", e.Evaluations, e.Incidents, e.Measured)
	line(out, "default", e.Default.Rate, longest, e.Default.Setting.String())
	line(out, "evolved", e.Found.Rate, longest, e.Found.Setting.String())
	line(out, "best", e.Best.Rate, longest, e.Best.Setting.String())
}

func line(out io.Writer, name string, rate, longest float64, text string) {
	n := 0
	if longest > 0 {
		n = int(width*rate/longest + 0.5) // rounded
	}
	bar := fmt.Sprintf("%-*s", width, strings.Repeat("#", n))
	fmt.Fprintln(out, strings.TrimRight(fmt.Sprintf("  %-8s %s %5.0f a minute  %s", name, bar, rate, text), " "))
}
