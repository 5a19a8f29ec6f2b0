// Package table is what the benchmarks of bench-detect have in common: a row of
// figures beside the reference's and the bar, and the sets that make rows.
//
// It owns the shapes and the printing, and measures nothing. Its values are
// plain data for one goroutine at a time.
package table

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
)

// Set is one benchmark over one public set of data, or over generated data.
type Set struct {
	// Name is what --only selects.
	Name string
	// Folder is where the set lies below the data folder; empty for generated
	// data.
	Folder string
	// Source is where the public can get the set.
	Source string
	// Run measures. It says on out what takes long.
	Run func(ctx context.Context, in Input) ([]Row, error)
}

// Input is what a set is run with.
type Input struct {
	// Folder is the set's own folder.
	Folder string
	// Range lets detectors know the least and the most of each series.
	Range bool
	// Out takes remarks for people.
	Out io.Writer
}

// Row is one figure.
type Row struct {
	Set string `json:"set"`
	// What says what was measured, with its unit.
	What string `json:"what"`
	// Got is the figure.
	Got float64 `json:"got"`
	// Reference is the best published or measured figure of others, with its
	// name, as text.
	Reference string `json:"reference,omitempty"`
	// Bar is what Got has to reach; zero with an empty Want means none.
	Bar  float64 `json:"bar,omitempty"`
	Want Want    `json:"want,omitempty"`
}

// Want says on which side of the bar a figure is good.
type Want string

// The two sides.
const (
	AtLeast Want = "at least"
	AtMost  Want = "at most"
)

// Verdict is "reached" or "missed", or empty where there is no bar.
func (r Row) Verdict() string {
	switch {
	case r.Want == "":
		return ""
	case r.Want == AtLeast && r.Got >= r.Bar, r.Want == AtMost && r.Got <= r.Bar:
		return "reached"
	}
	return "missed"
}

// Print writes the rows as a table.
func Print(out io.Writer, rows []Row) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "set\twhat\tgot\tbar\t\treference")
	for _, r := range rows {
		bar := ""
		if r.Want != "" {
			bar = fmt.Sprintf("%s %.4g", r.Want, r.Bar)
		}
		fmt.Fprintf(t, "%s\t%s\t%.4g\t%s\t%s\t%s\n", r.Set, r.What, r.Got, bar, r.Verdict(), r.Reference)
	}
	return t.Flush()
}
