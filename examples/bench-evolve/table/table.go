// Package table holds the figures of bench-evolve and prints them. Its functions
// are pure but for what they print.
package table

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
)

// Row is one figure beside its bar.
type Row struct {
	Set    string  `json:"set"`
	Name   string  `json:"name"`
	Figure float64 `json:"figure"`
	Unit   string  `json:"unit"`
	// Bar is what was aimed at, in words; empty where there is no bar.
	Bar string `json:"bar,omitempty"`
	// Kept says that the figure is within its bar.
	Kept bool   `json:"kept"`
	Note string `json:"note,omitempty"`
}

// Print writes rows for people.
func Print(w io.Writer, rows []Row) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SET\tWHAT\tFIGURE\tBAR\t\tNOTE")
	for _, r := range rows {
		verdict := ""
		if r.Bar != "" {
			verdict = map[bool]string{true: "kept", false: "MISSED"}[r.Kept]
		}
		fmt.Fprintf(t, "%s\t%s\t%s %s\t%s\t%s\t%s\n", r.Set, r.Name, strconv.FormatFloat(r.Figure, 'g', 5, 64), r.Unit, r.Bar, verdict, r.Note)
	}
	return t.Flush()
}
