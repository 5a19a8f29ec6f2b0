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
	"github.com/homeostat/homeostat/sdk"
)

func componentCommand(g *globals) *cobra.Command {
	list := reader[api.List[api.Component]]{g,
		func([]string) string { return api.Base + "/components" },
		func(w io.Writer, l api.List[api.Component]) { showComponents(w, l.Items, time.Now()) },
	}.attach(&cobra.Command{Use: "list", Short: "All components and their states", Args: cobra.NoArgs})
	show := reader[api.Component]{g,
		func(args []string) string { return api.Base + "/components/" + url.PathEscape(args[0]) },
		showComponent,
	}.attach(&cobra.Command{Use: "show NAME", Short: "One component with its probes", Args: cobra.ExactArgs(1)})
	cmd := group("component", "List, start, stop and restart components", list, show, parametersCommand(g), searchesCommand(g))
	cmd.Long = `Components are what is watched and healed; they are declared in the configuration.
A component that you stop stays stopped until you start it.

  homeostat component list
  homeostat component parameters web
  homeostat component searches
  homeostat component restart web --reason "new certificate"`
	for _, order := range []api.Order{api.OrderStart, api.OrderStop, api.OrderRestart, api.OrderReload} {
		cmd.AddCommand(orderCommand(g, order))
	}
	return cmd
}

func orderCommand(g *globals, order api.Order) *cobra.Command {
	word := string(order)
	cmd := &cobra.Command{
		Use:   word + " NAME",
		Short: strings.ToUpper(word[:1]) + word[1:] + " a component and wait until that is proved",
		Args:  cobra.ExactArgs(1),
	}
	reason := cmd.Flags().String("reason", "", "why, for the audit log")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := g.client()
		if err != nil {
			return err
		}
		var answer struct {
			Text string `json:"text"`
		}
		path := api.Base + "/components/" + url.PathEscape(args[0]) + "/" + word
		if err := c.Do(cmd.Context(), http.MethodPost, path, map[string]string{"reason": *reason}, &answer); err != nil {
			return err
		}
		fmt.Fprintln(cmd.OutOrStdout(), clean(answer.Text))
		return nil
	}
	return cmd
}

func showComponents(w io.Writer, list []api.Component, now time.Time) {
	rows := make([][]string, 0, len(list))
	for _, c := range list {
		pid := "-"
		if c.PID > 0 {
			pid = fmt.Sprint(c.PID)
		}
		note := probesInShort(c)
		if c.NextTryAt != nil && c.NextTryAt.After(now) {
			note += ", next try at " + c.NextTryAt.Local().Format("15:04:05")
		}
		if c.KeptDown != "" {
			note = "kept down, see homeostat component show " + c.Name
		}
		rows = append(rows, []string{c.Name, string(c.State), ago(c.Since, now), pid, fmt.Sprint(c.RestartOrders), orDash(c.OpenIncident), note})
	}
	table(w, []string{"component", "state", "since", "pid", "restarts", "incident", "probes"}, rows)
}

func probesInShort(c api.Component) string {
	if len(c.Probes) == 0 {
		return "none declared"
	}
	parts := make([]string, len(c.Probes))
	for i, p := range c.Probes {
		parts[i] = fmt.Sprintf("%s %s", p.Name, p.Verdict)
		if p.Latency > 0 {
			parts[i] += " " + span(p.Latency)
		}
	}
	return strings.Join(parts, ", ")
}

// exited says how a process ended; a code below 0 is none.
func exited(e sdk.Exit) string {
	switch {
	case e.Signal != "":
		return "by " + e.Signal
	case e.Code < 0:
		return "with an unknown code: it was not the child of this daemon"
	}
	return fmt.Sprintf("with code %d", e.Code)
}

func showComponent(w io.Writer, c api.Component) {
	now := time.Now()
	fmt.Fprintf(w, "%s (%s) is %s since %s", c.Name, c.Kind, c.State, ago(c.Since, now))
	if c.PID > 0 {
		fmt.Fprintf(w, ", pid %d", c.PID)
	}
	fmt.Fprintf(w, "\n  mode            %s\n  depends on      %s\n  restart orders  %d\n", c.Mode, orDash(strings.Join(c.DependsOn, ", ")), c.RestartOrders)
	if e := c.LastExit; e != nil {
		fmt.Fprintf(w, "  last exit       %s\n", exited(*e))
	}
	if c.KeptDown != "" {
		fmt.Fprintf(w, "  kept down       %s\n", clean(c.KeptDown))
	}
	if c.NextTryAt != nil {
		fmt.Fprintf(w, "  next try at     %s\n", c.NextTryAt.Local().Format(time.TimeOnly))
	}
	if c.OpenIncident != "" {
		fmt.Fprintf(w, "  incident        %s (homeostat incident show %s)\n", c.OpenIncident, c.OpenIncident)
	}
	for _, p := range c.Probes {
		fmt.Fprintf(w, "  probe %-9s %s in %s since %s  %s\n", p.Name, p.Verdict, span(p.Latency), ago(p.Since, now), clean(p.Text))
	}
}
