// Package strategies is the command `homeostat strategy`: the ladder, the
// scoreboard, and who may act unasked.
//
// It owns what is asked of the daemon and how the answer is printed. It keeps
// nothing and runs in the process that called it.
package strategies

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/api/client"
)

// Connect connects to the daemon.
type Connect func() (*client.Client, error)

// Command returns the command with its subcommands.
func Command(connect Connect) *cobra.Command {
	cmd := &cobra.Command{
		Use: "strategy", Short: "What proposes remedies, and how well", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
		Long: `Strategies propose remedies; the host decides by mode and severity whether a person is
asked, and carries them out. [healing] ladder is their order.

  homeostat strategy list
  homeostat strategy scoreboard
  homeostat strategy compare restart restart-once
  homeostat strategy experiments
  homeostat strategy promote restart web    # act unasked on web from now on
  homeostat strategy demote restart web`,
	}
	cmd.AddCommand(
		read(connect, "/strategies", showLadder, &cobra.Command{
			Use: "list", Short: "The rungs of the ladder, in the order in which they are asked", Args: cobra.NoArgs,
		}),
		read(connect, "/strategies/scoreboard", showScoreboard, &cobra.Command{
			Use: "scoreboard", Short: "How each strategy has done with each component", Args: cobra.NoArgs,
			Long: `One row for each strategy and component. RECORDED are decisions of learning mode and
such as the end of the trouble overtook; FALSE are those that were not needed or did
harm; MIN SAVED is by how much shorter trouble was than it is without a remedy, and
+ what the recorded ones would have saved.

  homeostat strategy scoreboard
  homeostat strategy scoreboard --json`,
		}),
		answer(connect, "promote", "Let a strategy act unasked on a component, in the modes supervised and learning"),
		answer(connect, "demote", "End a promotion"),
		compareCommand(connect), experimentsCommand(connect),
	)
	return cmd
}

// read makes cmd print what the daemon answers, for people or as JSON.
func read[T any](connect Connect, path string, show func(io.Writer, T), cmd *cobra.Command) *cobra.Command {
	asJSON := cmd.Flags().Bool("json", false, "print as JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := connect()
		if err != nil {
			return err
		}
		var item T
		if err := c.Get(cmd.Context(), api.Base+path, &item); err != nil {
			return err
		}
		if *asJSON {
			out := json.NewEncoder(cmd.OutOrStdout())
			out.SetIndent("", "  ")
			return out.Encode(item)
		}
		show(cmd.OutOrStdout(), item)
		return nil
	}
	return cmd
}

// answer is a person's word on a strategy.
func answer(connect Connect, verb, short string) *cobra.Command {
	cmd := &cobra.Command{Use: verb + " STRATEGY COMPONENT", Short: short, Args: cobra.ExactArgs(2)}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := connect()
		if err != nil {
			return err
		}
		path := api.Base + "/strategies/" + url.PathEscape(args[0]) + "/" + verb
		if err := c.Do(cmd.Context(), http.MethodPost, path, map[string]string{"component": args[1]}, nil); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s is %sd for %s\n", args[0], verb, args[1])
		return nil
	}
	return cmd
}

func showLadder(w io.Writer, list api.List[api.Strategy]) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RUNG\tSTRATEGY\tSTATE\tOWN LADDER OF\tRESTS ON")
	for _, s := range list.Items {
		rung, state, rests := "-", "not ready", []string{}
		if s.Rung > 0 {
			rung = fmt.Sprint(s.Rung)
		}
		if s.Ready {
			state = "ready"
		}
		if s.BuiltIn {
			state += ", built in"
		}
		for _, r := range s.Resting {
			rests = append(rests, fmt.Sprintf("%s until %s", r.Component, r.Until.Local().Format(time.TimeOnly)))
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", rung, s.Name, state, joined(s.Ladders), joined(rests))
	}
	_ = t.Flush() // nobody reads any more
}

func joined(list []string) string {
	if len(list) == 0 {
		return "-"
	}
	return strings.Join(list, ", ")
}

func showScoreboard(w io.Writer, b api.Scoreboard) {
	if len(b.Items) == 0 {
		fmt.Fprintln(w, "no decisions yet")
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "COMPONENT\tSTRATEGY\tTRIED\tHEALED\tFAILED\tRECORDED\tFALSE\tMIN SAVED\tUNASKED")
	for _, s := range b.Items {
		saved := fmt.Sprintf("%.1f", s.MinutesSaved)
		if s.MinutesSaveable > 0 {
			saved += fmt.Sprintf(" +%.1f", s.MinutesSaveable)
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%s\t%s\n",
			s.Component, s.Strategy, s.Tried, s.Healed, s.Failed, s.Recorded, s.False, saved, standing(s))
	}
	_ = t.Flush() // nobody reads any more
	fmt.Fprintf(w, "the bar: %s\n", b.Bar)
}

func standing(s api.Score) string {
	switch {
	case s.PromotedBy != "" && s.Passes:
		return "by " + s.PromotedBy
	case s.PromotedBy != "":
		return "by " + s.PromotedBy + "; lacks " + s.Lacks
	case s.Passes:
		return "passes: homeostat strategy promote " + s.Strategy + " " + s.Component
	}
	return "lacks " + s.Lacks
}
