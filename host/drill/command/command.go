// Package command is `homeostat drill` on the command line: its flags, its table and its exit codes. It owns nothing
// else, and runs once in a process.
package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/drill"
)

// usage is an error of the command line.
type usage struct{ error }

// ExitCode is that of wrong arguments.
func (usage) ExitCode() int { return 2 }

// New returns the command.
func New() *cobra.Command {
	cmd := &cobra.Command{
		Use: "drill", Short: "Break changes on scratch files and show that each is undone", Args: cobra.NoArgs,
		Long: `Breaks changes in every way that is known to have broken rollbacks elsewhere, here
on your own host: kill -9, a full disk, input/output errors, edits by others, bad
files, wrong inputs. It uses scratch files, scratch services on the loopback and a
scratch daemon for each row; your daemon and your files are not touched. Nothing is
left behind, also after Ctrl-C. It takes a minute or two.

  homeostat drill
  homeostat drill --only R01,R07
  homeostat drill --json > drill.json

R01 to R20 are invariants of rollback, F rows are faults and wrong inputs. In the C
rows homeostat is kept from doing its work: the drill must notice. A row that this
host does not allow is "not run" and does not count as ok. Exit codes: 0 when no
row failed, 1 when one did, 2 for an unknown row.`,
	}
	only := cmd.Flags().StringSlice("only", nil, "run these `rows` alone, separated by commas")
	asJSON := cmd.Flags().Bool("json", false, "print as JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if _, err := drill.Choose(*only); err != nil {
			return usage{err}
		}
		exe, err := os.Executable()
		if err != nil {
			return err
		}
		results, err := drill.Run(cmd.Context(), drill.Options{Program: exe, Only: *only, Tell: func(r drill.Row) {
			fmt.Fprintf(cmd.ErrOrStderr(), "%-8s%s  %s (%.1f s)\n", r.Verdict, r.ID, r.Title, r.Seconds)
		}})
		if err != nil {
			return err
		}
		if *asJSON {
			enc := json.NewEncoder(cmd.OutOrStdout())
			enc.SetIndent("", "  ")
			err = enc.Encode(results)
		} else {
			show(cmd.OutOrStdout(), results)
		}
		if err == nil && results.Failed > 0 {
			err = errors.New("the drill found something that does not hold; see the rows that failed")
		}
		return err
	}
	return cmd
}

func show(w io.Writer, r drill.Results) {
	fmt.Fprintln(w)
	for _, row := range r.Rows {
		fmt.Fprintf(w, "%s  %s: %s\n", row.ID, row.Title, row.Verdict)
		for _, line := range [][2]string{{"done", row.Done}, {"expected", row.Expected}, {"seen", row.Seen}} {
			fmt.Fprintf(w, "     %-9s %s\n", line[0], line[1])
		}
	}
	fmt.Fprintf(w, "\n%d rows: %d ok, %d failed, %d not run; %.0f s\n", len(r.Rows), r.OK, r.Failed, r.NotRun, r.Seconds)
}
