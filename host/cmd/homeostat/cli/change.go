package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/cmd/homeostat/cli/listing"
)

const changesPath = api.ModificationBase + "/changes"

func changeCommand(g *globals) *cobra.Command {
	cmd := group("change", "Change files so that it can be undone", changeSubmit(g), changeList(g), changeShow(g),
		changeOrder(g, "confirm", "Say that a watched change is good"), changeRollback(g), changeLift(g))
	cmd.Long = `A change of a declared root is backed up, checked, applied as a whole, and watched:
what breaks its component is undone. A folder mirrors the root; change.toml in it
can name deletions, modes, links and bases; *.diff files are unified diffs.

  homeostat change submit ./my-change --wait
  homeostat change submit nginx.conf --root nginx --path nginx.conf --dry-run
  homeostat change show mod_1a2b3c4d5e6f
  homeostat change confirm mod_1a2b3c4d5e6f
  homeostat change rollback mod_1a2b3c4d5e6f

Exit codes: 0 kept or still watched, 3 refused or failed a check, 4 rolled back,
5 waits for approval.`
	return cmd
}

func changeList(g *globals) *cobra.Command {
	return listing.List[api.Change]{
		Daemon: g.daemon(), Path: changesPath, State: "all", States: "open, closed, all, or one of the states", None: "no changes", Show: showChanges,
	}.Attach(&cobra.Command{Use: "list", Short: "Changes, newest first"})
}

func showChanges(w io.Writer, list []api.Change, now time.Time) {
	rows := make([][]string, 0, len(list))
	for _, c := range list {
		rows = append(rows, []string{c.ID, c.Root, string(c.State), string(c.Risk), ago(c.Created, now), c.Author, orDash(c.Why)})
	}
	table(w, []string{"change", "root", "state", "risk", "when", "author", "why"}, rows)
}

func changeShow(g *globals) *cobra.Command {
	return reader[api.Change]{g,
		func(args []string) string { return changesPath + "/" + url.PathEscape(args[0]) }, showChange,
	}.attach(&cobra.Command{Use: "show ID", Short: "What a change does, and what each stage said", Args: cobra.ExactArgs(1)})
}

// showChange prints a change with the story of its stages.
func showChange(w io.Writer, c api.Change) {
	fmt.Fprintf(w, "%s in %s: %s, risk %s\n", c.ID, c.Root, stateLine(c), c.Risk)
	fmt.Fprintf(w, "  by      %s (%s)\n", clean(c.Author), clean(c.By))
	if c.Reason != "" {
		fmt.Fprintf(w, "  reason  %s\n", clean(c.Reason))
	}
	if c.Why != "" {
		fmt.Fprintf(w, "  why     %s\n", clean(c.Why))
	}
	if c.Backup != "" {
		fmt.Fprintf(w, "  backup  %s\n", c.Backup)
	}
	if c.State == record.Watching && c.Deadline != nil {
		fmt.Fprintf(w, "  watched until %s\n", c.Deadline.Local().Format(time.DateTime))
	}
	fmt.Fprintln(w)
	for _, s := range c.Steps {
		fmt.Fprintf(w, "  %-9s  %-12s  %s\n", s.Stage, s.Verdict, clean(s.Text))
		for _, d := range s.Details {
			fmt.Fprintf(w, "                           %s\n", clean(d))
		}
	}
	for _, k := range c.Conflicts {
		fmt.Fprintf(w, "  edited by somebody else: %s: %s %s\n", clean(k.Path), clean(k.Found), k.Kept)
	}
	if c.Diff != "" {
		fmt.Fprintln(w)
		for line := range strings.Lines(c.Diff) {
			fmt.Fprintln(w, clean(strings.TrimSuffix(line, "\n")))
		}
	}
}

func stateLine(c api.Change) string {
	if c.DryRun {
		return "dry run, nothing was touched"
	}
	return strings.ReplaceAll(string(c.State), "_", " ")
}

// changeOrder is a command that posts an order without more words.
func changeOrder(g *globals, verb, short string) *cobra.Command {
	return &cobra.Command{Use: verb + " ID", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.client()
			if err != nil {
				return err
			}
			var out api.Change
			if err := c.Do(cmd.Context(), http.MethodPost, changesPath+"/"+url.PathEscape(args[0])+"/"+verb, nil, &out); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is %s\n", out.ID, stateLine(out))
			return nil
		}}
}

func changeRollback(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "rollback ID", Short: "Undo a change", Args: cobra.ExactArgs(1),
		Long: `A change that is still watched is undone at once. One that was kept is undone by
restoring its backup, as a change of its own: files that somebody edited since are
left, and the rollback is refused.`}
	reason := cmd.Flags().String("reason", "", "why")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := g.client()
		if err != nil {
			return err
		}
		body := map[string]string{}
		if *reason != "" {
			body["reason"] = *reason
		}
		var out api.Change
		if err := c.Do(cmd.Context(), http.MethodPost, changesPath+"/"+url.PathEscape(args[0])+"/rollback", body, &out); err != nil {
			return err
		}
		if out.ID != args[0] {
			fmt.Fprintf(cmd.OutOrStdout(), "%s is undone by %s, which is %s\n", args[0], out.ID, stateLine(out))
			return changeEnd(out)
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s is %s\n", out.ID, stateLine(out))
		if out.State == record.Stuck {
			return errors.New(out.Why)
		}
		return nil
	}
	return cmd
}

func changeLift(g *globals) *cobra.Command {
	return &cobra.Command{Use: "lift ID", Short: "Let a rejected change be tried again", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.client()
			if err != nil {
				return err
			}
			if err := c.Do(cmd.Context(), http.MethodPost, changesPath+"/"+url.PathEscape(args[0])+"/lift", nil, nil); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s may be tried again\n", args[0])
			return nil
		}}
}

// changeEnd turns the state of a change into the exit code of the command.
func changeEnd(c api.Change) error {
	code := map[record.State]int{
		record.Refused: exitRefused, record.Rejected: exitRefused, record.RolledBack: exitRollback,
		record.WaitingApproval: exitApproval, record.Stuck: exitError,
	}[c.State]
	if c.State == record.Failed {
		code = exitRefused
		if c.Stage == "apply" {
			code = exitRollback
		}
	}
	if code == 0 {
		return nil
	}
	text := fmt.Sprintf("%s is %s: %s", c.ID, stateLine(c), clean(c.Why))
	for _, one := range c.Refusals {
		text += fmt.Sprintf("\n  %s: limit %s, value %s; %s", one.Rule, clean(one.Limit), clean(one.Value), clean(one.Hint))
		if one.RetryAfter > 0 {
			text += fmt.Sprintf("; retry after %ds", one.RetryAfter)
		}
	}
	if c.State == record.WaitingApproval {
		text += fmt.Sprintf("\n  answer with `homeostat approval approve %s` or `homeostat approval reject %s --reason TEXT`", c.ID, c.ID)
	}
	return &codedError{code: code, err: errors.New(text)}
}
