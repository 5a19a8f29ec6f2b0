// Package simulation is the command `homeostat simulate`: it owns flags, the table
// and the plot, and leaves the playing to host/simulate. Its functions run on the
// command's own goroutine.
package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/simulate"
	"github.com/homeostat/homeostat/host/simulate/plot"
	"github.com/homeostat/homeostat/host/simulate/tuning"
)

// flags are what the command line says.
type flags struct {
	config   simulate.Config
	policies []string
	parts    []string
	plugins  string
	asJSON   bool
	bars     bool
	svg      string
}

// The parts of a simulation.
const (
	remedies = "remedies"
	settings = "settings"
)

// report is what is printed as JSON.
type report struct {
	*simulate.Report
	Settings []tuning.Score `json:"settings,omitempty"`
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

The second part plays incidents that bad settings cause, under the guarded ladder:
the plugin strategy-genetic, run as the daemon runs it, evolves settings on a model
that is wrong by some error, and live incidents choose among the best of them and
the default. Beside it stand the default settings, those that the model alone finds
best, and the best there are (oracle). Behind ± stands the standard error of a ratio: so
much worlds differ by chance, and the more --worlds, the less.

  homeostat simulate
  homeostat simulate --part settings --plugins bin/plugins
  homeostat simulate --worlds 100 --drift 6 --policy guarded,ladder
  homeostat simulate --json > report.json
  homeostat simulate --svg downtime.svg`,
	}
	set := cmd.Flags()
	set.IntVar(&f.config.Worlds, "worlds", simulate.DefaultWorlds, "how many worlds to play")
	set.IntVar(&f.config.Incidents, "incidents", simulate.DefaultIncidents, "incidents in each world of the part remedies; those of settings have "+strconv.Itoa(tuning.Incidents))
	set.IntVar(&f.config.Drift, "drift", simulate.DefaultDrift, "how often in a world what helps changes; 0 for never")
	set.Uint64Var(&f.config.Seed, "seed", 1, "the first world; the same seed gives the same report")
	set.StringSliceVar(&f.policies, "policy", nil, "ways to compare (default all): "+names())
	set.StringSliceVar(&f.parts, "part", []string{remedies, settings}, "what to play")
	set.StringVar(&f.plugins, "plugins", "", "folder of plugins (default: as for run)")
	set.BoolVar(&f.asJSON, "json", false, "print JSON, with the curves")
	set.BoolVar(&f.bars, "bars", false, "fail unless all bars are held: the guarded ladder at most 1.15 times the oracle and in no world over 2 % worse than the ladder; evolved settings at most 0.50 times the default's downtime at model error 0.08 and 1.02 times at 0.60")
	set.StringVar(&f.svg, "svg", "", "also write a plot of the cumulative downtime to this file")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := f.check(); err != nil {
			return usage(err)
		}
		return f.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
	}
	return cmd
}

// check completes the configuration and refuses what cannot be played, before
// anything is. What simulate.Config takes a zero for has a default here already.
func (f *flags) check() error {
	for _, p := range f.policies {
		f.config.Policies = append(f.config.Policies, simulate.Policy(p))
	}
	for _, part := range f.parts {
		if part != remedies && part != settings {
			return fmt.Errorf("simulate part %q: want %s or %s", part, remedies, settings)
		}
	}
	switch c := f.config; {
	case len(f.parts) == 0:
		return fmt.Errorf("simulate no part: want %s, %s or both", remedies, settings)
	case c.Worlds < 1:
		return fmt.Errorf("simulate %d worlds: want 1 to %d", c.Worlds, simulate.MaxWorlds)
	case c.Incidents < 1:
		return fmt.Errorf("simulate %d incidents: want 1 to %d", c.Incidents, simulate.MaxIncidents)
	case c.Drift < 0:
		return fmt.Errorf("simulate %d drifts: want 0 for never, or more", c.Drift)
	case f.bars && slices.Contains(f.parts, remedies) && len(f.policies) > 0 && !slices.Contains(f.policies, string(simulate.Guarded)):
		return fmt.Errorf("judge a simulation without the policy %s: play it too", simulate.Guarded)
	case f.config.Drift == 0:
		f.config.Drift = never
	}
	return f.config.Check()
}

// never is what simulate.Config has for no drift at all.
const never = -1

func names() string {
	var all []string
	for _, p := range simulate.Policies() {
		all = append(all, string(p))
	}
	return strings.Join(all, ", ")
}

func (f *flags) run(ctx context.Context, out, errs io.Writer) error {
	r, err := f.play(ctx, errs)
	if err != nil {
		return err
	}
	if f.svg != "" {
		if err := atomicfile.WriteFile(f.svg, plot.SVG(r.Report, r.Settings), 0o644); err != nil {
			return fmt.Errorf("write the plot: %w", err)
		}
	}
	if err := f.print(out, r); err != nil || !f.bars {
		return err
	}
	if r.Report != nil {
		err = simulate.Judge(*r.Report)
	}
	return errors.Join(err, tuning.Judge(r.Settings))
}

// play plays the parts that are wanted. Without the plugin the second one is left
// out and said, unless it was asked for.
func (f *flags) play(ctx context.Context, errs io.Writer) (report, error) {
	var out report
	if slices.Contains(f.parts, remedies) {
		f.config.Progress = progress(errs, "remedies")
		r, err := simulate.Run(ctx, f.config)
		if err != nil {
			return out, err
		}
		out.Report = &r
	}
	if !slices.Contains(f.parts, settings) {
		return out, nil
	}
	_, err := f.program()
	if err == nil {
		out.Settings, err = tuning.Run(ctx, tuning.Config{Worlds: f.config.Worlds, Seed: f.config.Seed, Start: f.evolving, Progress: progress(errs, "settings")})
	}
	if errors.Is(err, errNoPlugin) && out.Report != nil && !f.bars {
		fmt.Fprintln(errs, "left out the part settings:", err)
		return out, nil
	}
	return out, err
}

// progress tells now and then how far a part is.
func progress(errs io.Writer, part string) func(done, of int) {
	begun := time.Now()
	return func(done, of int) {
		if time.Since(begun) > 10*time.Second && done < of {
			fmt.Fprintf(errs, "%s: played %d of %d worlds\n", part, done, of)
			begun = time.Now()
		}
	}
}

func (f *flags) print(out io.Writer, r report) error {
	if f.asJSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	}
	if r.Report != nil {
		if err := printTable(out, *r.Report); err != nil {
			return err
		}
	}
	return printSettings(out, r.Settings)
}

func printSettings(out io.Writer, scores []tuning.Score) error {
	if len(scores) == 0 {
		return nil
	}
	fmt.Fprintf(out, "\nincidents that bad settings cause: %d in each world, mean downtime of one in seconds\n", tuning.Incidents)
	tw := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "MODEL ERROR\tRECORDED\tORACLE\tDEFAULT\tMODEL ONLY\tGENETIC\tTO DEFAULT\tWITH REPLAY\tTO DEFAULT\tWORST\tUNDECLARED\tBAR")
	for _, s := range scores {
		bar := "-"
		if s.Bar() > 0 {
			bar = fmt.Sprintf("%.2f %s", s.Bar(), map[bool]string{true: "kept", false: "MISSED"}[s.ToDefault() <= s.Bar()])
		}
		fmt.Fprintf(tw, "%.2f\t%.2f\t%.1f\t%.1f\t%.1f\t%.1f\t%.3f ± %.3f\t%.1f\t%.3f ± %.3f\t%.3f\t%d\t%s\n",
			s.ModelError, s.RecordedError, s.Oracle, s.Default, s.ModelOnly, s.Genetic, s.ToDefault(), s.GeneticError, s.Replay, s.Replay/s.Default, s.ReplayError, s.Worst, s.Outside, bar)
	}
	return tw.Flush()
}

func printTable(out io.Writer, r simulate.Report) error {
	fmt.Fprintf(out, "%d worlds of %d incidents, what helps changes %d times; seeds from %d\n", r.Worlds, r.Incidents, r.Drift, r.Seed)
	tw := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "POLICY\tDOWNTIME\tTO ORACLE\tWORST\tTO LADDER, WORST\tWORSE\tTRIES\tTO A PERSON")
	for _, s := range r.Scores {
		fmt.Fprintf(tw, "%s\t%v\t%.3f\t%.3f\t%.3f\t%d\t%.2f\t%.1f %%\n", s.Policy,
			time.Duration(s.Downtime*float64(time.Second)).Round(time.Second), s.Ratio, s.Worst, s.WorstToLadder, s.WorseThanLadder, s.Tries, 100*s.Handed)
	}
	return tw.Flush()
}
