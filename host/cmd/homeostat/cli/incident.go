package cli

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/cmd/homeostat/cli/listing"
)

func incidentCommand(g *globals) *cobra.Command {
	list := listing.List[api.Incident]{
		Daemon: g.daemon(), Path: api.Base + "/incidents", State: "all", States: "open, closed or all", None: "no incidents", Show: showIncidents,
	}.Attach(&cobra.Command{
		Use: "list", Short: "Incidents, newest first",
		Example: "  homeostat incident list --state open\n  homeostat incident list --since 7d --component web\n  homeostat incident list --all --json",
	})
	show := reader[api.Incident]{g,
		func(args []string) string { return api.Base + "/incidents/" + url.PathEscape(args[0]) },
		showIncident,
	}.attach(&cobra.Command{Use: "show ID", Short: "One incident: cause, evidence, what was done", Args: cobra.ExactArgs(1)})
	return group("incident", "What broke and what was done about it", list, show)
}

func showIncidents(w io.Writer, list []api.Incident, now time.Time) {
	rows := make([][]string, 0, len(list))
	for _, i := range list {
		note := i.CauseText
		if i.NextTryAt != nil && i.NextTryAt.After(now) {
			note = "next try at " + i.NextTryAt.Local().Format(time.TimeOnly) + "; " + note
		}
		rows = append(rows, []string{i.ID, i.Component, i.Severity.String(), i.State, ago(i.Opened, now), note})
	}
	table(w, []string{"incident", "component", "severity", "state", "opened", "cause"}, rows)
}

func showIncident(w io.Writer, i api.Incident) {
	now := time.Now()
	fmt.Fprintf(w, "%s: %s, severity %s, %s, opened %s\n", i.ID, i.Component, i.Severity, i.State, ago(i.Opened, now))
	fmt.Fprintf(w, "cause: %s\n", clean(i.CauseText))
	if len(i.Components) > 1 {
		fmt.Fprintf(w, "hit:   %s\n", strings.Join(i.Components, ", "))
	}
	fmt.Fprintln(w, "\nanomalies")
	for _, a := range i.Anomalies {
		state := "open"
		if !a.Open {
			state = "ended"
		}
		fmt.Fprintf(w, "  %s  %-5s %-8s %s: %s\n", a.FirstSeen.Local().Format(time.TimeOnly), state, a.Severity, a.Detector, clean(a.Summary))
	}
	showKnown(w, i.Known)
	fmt.Fprintln(w, "\nrecoveries")
	for _, r := range i.Recoveries {
		fmt.Fprintf(w, "  %s  %s: %s → %s\n", r.ProposedAt.Local().Format(time.TimeOnly), r.Strategy, actionsOf(r), r.Result)
		fmt.Fprintf(w, "            %s\n", clean(r.Reason))
		if r.Choice != nil {
			fmt.Fprintf(w, "            chosen: %s\n", clean(r.Choice.Why))
		}
		if r.Text != "" {
			fmt.Fprintf(w, "            %s\n", clean(r.Text))
		}
	}
	fmt.Fprintln(w, "\nhistory")
	for _, h := range i.History {
		fmt.Fprintf(w, "  %s  %-16s %s\n", h.At.Local().Format("15:04:05.000"), h.State, clean(h.Text))
	}
}

// showKnown prints what a person would look for first: what changed, whom the
// evidence speaks against, and the end of the log.
func showKnown(w io.Writer, k *api.Known) {
	if k == nil {
		return
	}
	if len(k.Suspects) > 1 {
		fmt.Fprintln(w, "\nsuspects")
		for n, s := range k.Suspects {
			fmt.Fprintf(w, "  %d. %-16s %.2f  %s\n", n+1, s.Component, s.Score, clean(s.Text))
		}
	}
	if len(k.Changes) > 0 {
		fmt.Fprintln(w, "\nchanged lately")
		for _, c := range k.Changes {
			fmt.Fprintf(w, "  %s  %-12s %s\n", c.Applied.Local().Format(time.TimeOnly), c.Component, clean(c.Text))
		}
	}
	if len(k.Logs) > 0 {
		fmt.Fprintln(w, "\nend of the log")
		for _, l := range k.Logs {
			fmt.Fprintf(w, "  %s\n", clean(l.Text))
		}
	}
}

func actionsOf(r api.Recovery) string {
	names := make([]string, 0, len(r.Proposal.Actions))
	for _, a := range r.Proposal.Actions {
		names = append(names, fmt.Sprintf("%s %s", a.Kind(), a.Target()))
	}
	return orDash(strings.Join(names, ", "))
}

func anomalyCommand(g *globals) *cobra.Command {
	list := listing.List[api.Anomaly]{
		Daemon: g.daemon(), Path: api.Base + "/anomalies", States: "open, closed or all", None: "no anomalies", Show: showAnomalies,
	}.Attach(&cobra.Command{Use: "list", Short: "What detectors reported, newest first"})
	return group("anomaly", "What detectors reported", list, markCommand(g))
}

func showAnomalies(w io.Writer, list []api.Anomaly, now time.Time) {
	rows := make([][]string, 0, len(list))
	for _, a := range list {
		state := "open"
		if !a.Open {
			state = "ended"
		}
		if a.Suppressed != "" {
			state += " (" + a.Suppressed + ")"
		}
		rows = append(rows, []string{a.ID, a.Component, a.Severity.String(), state, ago(a.FirstSeen, now), a.Detector, a.Summary})
	}
	table(w, []string{"anomaly", "component", "severity", "state", "first seen", "detector", "summary"}, rows)
}

func markCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "mark ID right|wrong",
		Short: "Tell the detector whether an anomaly was right",
		Long: "Tell the detector whether an anomaly was right. A wrong one makes it less\n" +
			"sensitive for that signal and pattern, a right one more; the one takes the\n" +
			"other back. What the detector knows of the component then is printed.",
		Example:   "  homeostat anomaly list\n  homeostat anomaly mark an_3 wrong\n  homeostat anomaly mark an_3 right   # takes it back",
		Args:      cobra.ExactArgs(2),
		ValidArgs: []string{"right", "wrong"},
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if args[1] != "right" && args[1] != "wrong" {
			return usageError(fmt.Errorf("mark %s: %q is neither right nor wrong", args[0], args[1]))
		}
		c, err := g.client()
		if err != nil {
			return err
		}
		var answer struct{ Text string }
		path := api.Base + "/anomalies/" + url.PathEscape(args[0]) + "/mark"
		if err := c.Do(cmd.Context(), http.MethodPost, path, map[string]bool{"right": args[1] == "right"}, &answer); err != nil {
			return err
		}
		back := map[string]string{"right": "wrong", "wrong": "right"}[args[1]]
		fmt.Fprintf(cmd.OutOrStdout(), "%s is marked %s; `homeostat anomaly mark %s %s` takes it back\n", args[0], args[1], args[0], back)
		if answer.Text != "" {
			fmt.Fprintf(cmd.OutOrStdout(), "the detector says now: %s\n", answer.Text)
		}
		return nil
	}
	return cmd
}
