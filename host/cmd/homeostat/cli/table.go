package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/homeostat/homeostat/host/cmd/homeostat/cli/plain"
)

// table prints rows in aligned columns under a head.
func table(w io.Writer, head []string, rows [][]string) {
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, strings.ToUpper(strings.Join(head, "\t")))
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = clean(cell)
		}
		fmt.Fprintln(tw, strings.Join(cells, "\t"))
	}
	if err := tw.Flush(); err != nil {
		fmt.Fprintln(w, "…")
	}
}

// clean keeps a stranger's text from steering the terminal.
func clean(text string) string { return plain.Text(text) }

// ago tells a time relative to now, the way people say it.
func ago(t, now time.Time) string { return plain.Ago(t, now) }

func span(d time.Duration) string { return plain.Span(d) }

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
