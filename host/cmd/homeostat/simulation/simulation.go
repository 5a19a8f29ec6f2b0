// Package simulation is the command `homeostat simulate`: it owns flags, the table
// and the plot, and leaves the playing to host/simulate. Its functions run on the
// command's own goroutine.
package simulation

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/simulate"
)

// flags are what the command line says.
type flags struct {
	config   simulate.Config
	policies []string
	asJSON   bool
	bars     bool
	svg      string
}

// Command returns the subcommand. usage marks an error as one of usage.
func Command(usage func(error) error) *cobra.Command {
	f := &flags{}
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Play streams of incidents and compare ways to choose a remedy",
		Args:  cobra.NoArgs,
		Long: `Plays seeded streams of incidents through the coordinator in accelerated time,
with faults whose remedies are unknown at first and change on the way, and
compares the downtime that each way to choose a remedy leaves. The code that
decides is the daemon's own; no daemon is needed and nothing is touched.

The oracle knows what helps; ratio 1.10 means 10 % more downtime than that.
"worse" counts the worlds in which a way was over 2 % worse than the ladder.

  homeostat simulate
  homeostat simulate --worlds 100 --drift 6 --policy guarded,ladder
  homeostat simulate --json > report.json
  homeostat simulate --svg downtime.svg`,
	}
	set := cmd.Flags()
	set.IntVar(&f.config.Worlds, "worlds", simulate.DefaultWorlds, "how many worlds to play")
	set.IntVar(&f.config.Incidents, "incidents", simulate.DefaultIncidents, "incidents in each world")
	set.IntVar(&f.config.Drift, "drift", simulate.DefaultDrift, "how often in a world what helps changes; -1 for never")
	set.Uint64Var(&f.config.Seed, "seed", 1, "the first world; the same seed gives the same report")
	set.StringSliceVar(&f.policies, "policy", nil, "ways to compare (default all): "+names())
	set.BoolVar(&f.asJSON, "json", false, "print JSON, with the curves")
	set.BoolVar(&f.bars, "bars", false, "fail unless the guarded ladder holds its bars: at most 1.15 times the oracle, in no world over 2 % worse than the ladder")
	set.StringVar(&f.svg, "svg", "", "also write a plot of the cumulative downtime to this file")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		for _, p := range f.policies {
			f.config.Policies = append(f.config.Policies, simulate.Policy(p))
		}
		if err := f.config.Check(); err != nil {
			return usage(err)
		}
		return f.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
	}
	return cmd
}

func names() string {
	var all []string
	for _, p := range simulate.Policies() {
		all = append(all, string(p))
	}
	return strings.Join(all, ", ")
}

func (f *flags) run(ctx context.Context, out, errs io.Writer) error {
	begun := time.Now()
	f.config.Progress = func(done, of int) {
		if time.Since(begun) > 2*time.Second && done < of {
			fmt.Fprintf(errs, "played %d of %d worlds\n", done, of)
			begun = time.Now()
		}
	}
	report, err := simulate.Run(ctx, f.config)
	if err != nil {
		return err
	}
	if f.svg != "" {
		if err := atomicfile.WriteFile(f.svg, simulate.SVG(report), 0o644); err != nil {
			return fmt.Errorf("write the plot: %w", err)
		}
	}
	if err := f.print(out, report); err != nil || !f.bars {
		return err
	}
	return simulate.Judge(report)
}

func (f *flags) print(out io.Writer, report simulate.Report) error {
	if !f.asJSON {
		return printTable(out, report)
	}
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(report)
}

func printTable(out io.Writer, r simulate.Report) error {
	fmt.Fprintf(out, "%d worlds of %d incidents, what helps changes %d times; seeds from %d\n", r.Worlds, r.Incidents, r.Drift, r.Seed)
	tw := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "POLICY\tDOWNTIME\tTO ORACLE\tWORST\tTO LADDER, WORST\tWORSE\tTRIES\tTO A PERSON")
	for _, s := range r.Scores {
		fmt.Fprintf(tw, "%s\t%v\t%.3f\t%.3f\t%.3f\t%d\t%.2f\t%.1f %%\n", s.Policy,
			time.Duration(s.Downtime*float64(time.Second)).Round(time.Second), s.Ratio, s.Worst, s.WorstToLadder, s.WorseThanLadder, s.Tries, 100*s.Handed)
	}
	if err := tw.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, "print the table:", err)
		return err
	}
	return nil
}
