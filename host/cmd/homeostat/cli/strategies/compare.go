package strategies

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/api/contest"
	"github.com/homeostat/homeostat/host/cmd/homeostat/howlong"
)

// comparing are the flags of compare.
type comparing struct {
	component string
	since     howlong.Moment
	longest   time.Duration
	rounds    int
	asJSON    bool
}

func compareCommand(connect Connect) *cobra.Command {
	f := &comparing{}
	cmd := &cobra.Command{
		Use: "compare A B", Short: "Which of two strategies ends trouble better", Args: cobra.ExactArgs(2),
		Long: `Compares two strategies by the incidents in which chance decided between them: in an
experiment ([healing.experiment]), or where [healing] choice is "thompson". A fixed
ladder takes each for the troubles that it comes first for, which says nothing of what
the other would have done there.

The intervals hold at every look with 95 %, both together, so ask as often as you
like. Where live numbers decide nothing, recorded incidents are replayed with either
strategy asked first, by the chances that were learned. That is the consequence of
what is believed already, and no evidence.

  homeostat strategy compare restart restart-once
  homeostat strategy compare restart restart-once --component web --since 30d
  homeostat strategy compare restart restart-once --replay 500 --json`,
	}
	set := cmd.Flags()
	set.StringVar(&f.component, "component", "", "only incidents of this component")
	set.Var(&f.since, "since", "only what was chosen since: 36h, 7d, 2026-01-02, \"2026-01-02 15:04\"")
	set.Var(howlong.Flag(&f.longest), "longest", "a longer downtime of one incident counts as this (default: as in the newest experiment between the two, else 5m)")
	set.IntVar(&f.rounds, "replay", 0, "replay so often, 1 to 1000 (default 100 times, only where live numbers decide nothing)")
	set.BoolVar(&f.asJSON, "json", false, "print as JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := connect()
		if err != nil {
			return err
		}
		var found contest.Comparison
		if err := c.Get(cmd.Context(), api.Base+"/strategies/compare?"+f.query(args).Encode(), &found); err != nil {
			return err
		}
		if f.asJSON {
			out := json.NewEncoder(cmd.OutOrStdout())
			out.SetIndent("", "  ")
			return out.Encode(found)
		}
		showComparison(cmd.OutOrStdout(), found)
		return nil
	}
	return cmd
}

func (f *comparing) query(args []string) url.Values {
	v := url.Values{"a": {args[0]}, "b": {args[1]}}
	if f.component != "" {
		v.Set("component", f.component)
	}
	if since := f.since.Before(time.Now()); !since.IsZero() {
		v.Set("since", since.UTC().Format(time.RFC3339Nano))
	}
	if f.longest != 0 {
		v.Set("longest", f.longest.String())
	}
	if f.rounds != 0 {
		v.Set("replay", fmt.Sprint(f.rounds))
	}
	return v
}

func showComparison(w io.Writer, c contest.Comparison) {
	for _, sentence := range strings.Split(c.Verdict, ". ") {
		fmt.Fprintln(w, sentence)
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "STRATEGY\tFIRST REMEDY\tENDED IT\tBY CHANCE\tEFFECTIVE\tMEAN DOWNTIME")
	for _, a := range []contest.Arm{c.A, c.B} {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%.1f\t%.1f s\n", a.Strategy, a.Chosen, a.Healed, a.Compared, a.Effective, a.Downtime)
	}
	_ = t.Flush() // nobody reads any more
	fmt.Fprintln(w)
	t = tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "%s LESS %s\tDOWNTIME, S\t\tHEALED, POINTS\n", strings.ToUpper(c.B.Strategy), strings.ToUpper(c.A.Strategy))
	fmt.Fprintf(t, "live, %d incidents\t%s\t%s\n", c.Compared, bounds(c.Downtime, 1), bounds(c.Healed, 100))
	if r := c.Replay; r != nil {
		fmt.Fprintf(t, "replay of a model\t%s\t%s\n", bounds(r.Downtime, 1), bounds(r.Healed, 100))
		fmt.Fprintf(t, "  middle 90 %% of plays\t\t[%.1f, %.1f]\t\t\n", r.Low, r.High)
	}
	_ = t.Flush() // nobody reads any more
	showRest(w, c)
}

func bounds(d contest.Difference, unit float64) string {
	return fmt.Sprintf("%+.1f\t[%.1f, %.1f]", unit*d.Difference, unit*d.Low, unit*d.High)
}

// showRest says what was not compared.
func showRest(w io.Writer, c contest.Comparison) {
	for _, line := range []struct {
		count int
		text  string
	}{
		{c.Certain, "not compared, because the choice was certain"},
		{c.Rare, "not compared, because one of them had a chance below 5 %"},
		{c.Pending, "not over yet, or later than one that is not"},
	} {
		if line.count > 0 {
			fmt.Fprintf(w, "%d %s\n", line.count, line.text)
		}
	}
	if c.Needed > c.Compared {
		fmt.Fprintf(w, "about %d more show a difference of 30 %%\n", c.Needed-c.Compared)
	}
	if c.Unplayed != "" {
		fmt.Fprintf(w, "no replay: %s\n", c.Unplayed)
	}
}

func experimentsCommand(connect Connect) *cobra.Command {
	return read(connect, "/strategies/experiments", showExperiments, &cobra.Command{
		Use: "experiments", Short: "Experiments between two strategies, newest first", Args: cobra.NoArgs,
		Long: `In an experiment chance decides which of two equally invasive strategies is the first
remedy of an incident. It is off unless the settings name two:

  [healing.experiment]
  strategies = ["restart", "restart-once"]

It ends by itself when the difference is clear, when the second one is likely to be
worse, or at its limits. Nothing is changed then: put the better one first in
[healing] ladder.

  homeostat strategy experiments
  homeostat strategy experiments --json     # with the seed, which repeats every draw`,
	})
}

func showExperiments(w io.Writer, list api.List[contest.Experiment]) {
	if list.Count == 0 {
		fmt.Fprintln(w, "no experiments: [healing.experiment] strategies names none")
		return
	}
	for _, e := range list.Items {
		state := "under way"
		if e.Ended != nil {
			state = "over (" + e.Outcome + ") since " + e.Ended.Local().Format("2006-01-02 15:04")
		}
		where := "all components"
		if len(e.Components) > 0 {
			where = strings.Join(e.Components, ", ")
		}
		fmt.Fprintf(w, "%s: %s against %s (%.0f %%), %s, begun %s: %s\n", e.ID, e.A, e.B, 100*e.Share, where, e.Begun.Local().Format("2006-01-02 15:04"), state)
		fmt.Fprintf(w, "  %d of at most %d incidents, until %s\n  %s\n", e.Compared, e.MaxIncidents, e.Until.Local().Format("2006-01-02 15:04"), e.Text)
	}
}
