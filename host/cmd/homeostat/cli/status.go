package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/api/client"
	"github.com/homeostat/homeostat/host/cmd/homeostat/cli/messages"
)

// redraw is how often `status --watch` looks again when nothing happens.
const redraw = 2 * time.Second

// overview is what the status page shows, gathered in one go.
type overview struct {
	Status     api.Status      `json:"status"`
	Components []api.Component `json:"components"`
	Incidents  []api.Incident  `json:"incidents"`
	Approvals  []api.Approval  `json:"approvals"`
}

func statusCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "What is going on, at a glance",
		Long: `Shows the components, open incidents and what waits for an answer.

  homeostat status            once
  homeostat status --watch    again and again, until Ctrl-C
  homeostat status --json     for programs`,
		Args: cobra.NoArgs,
	}
	watch := cmd.Flags().Bool("watch", false, "redraw when something happens")
	asJSON := cmd.Flags().Bool("json", false, "print as JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := g.client()
		if err != nil {
			return err
		}
		if *watch {
			return watchStatus(cmd.Context(), cmd.OutOrStdout(), c)
		}
		o, err := fetchOverview(cmd.Context(), c)
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(cmd.OutOrStdout(), o)
		}
		showOverview(cmd.OutOrStdout(), o, time.Now())
		return nil
	}
	return cmd
}

func fetchOverview(ctx context.Context, c *client.Client) (overview, error) {
	var o overview
	var components api.List[api.Component]
	var incidents api.List[api.Incident]
	var approvals api.List[api.Approval]
	for path, out := range map[string]any{
		"/status":                  &o.Status,
		"/components":              &components,
		"/incidents?state=open":    &incidents,
		"/approvals?state=pending": &approvals,
	} {
		if err := c.Get(ctx, api.Base+path, out); err != nil {
			return overview{}, err
		}
	}
	o.Components, o.Incidents, o.Approvals = components.Items, incidents.Items, approvals.Items
	return o, nil
}

func watchStatus(ctx context.Context, w io.Writer, c *client.Client) error {
	changed := make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(ctx)
	var stream sync.WaitGroup
	stream.Go(func() { followChanges(ctx, c, changed) })
	err := drawLoop(ctx, w, c, changed)
	cancel()
	stream.Wait()
	return err
}

// followChanges pokes the drawing whenever something happens. Without a stream
// the page is still redrawn now and then, so its end is no error.
func followChanges(ctx context.Context, c *client.Client, changed chan<- struct{}) {
	_ = c.Events(ctx, api.Base+"/events", func(client.Event) error {
		select {
		case changed <- struct{}{}:
		default:
		}
		return nil
	})
}

func drawLoop(ctx context.Context, w io.Writer, c *client.Client, changed <-chan struct{}) error {
	ticker := time.NewTicker(redraw)
	defer ticker.Stop()
	for {
		o, err := fetchOverview(ctx, c)
		if ctx.Err() != nil {
			return nil
		}
		clearScreen(w)
		if err != nil {
			fmt.Fprintln(w, clean(err.Error()))
		} else {
			showOverview(w, o, time.Now())
			fmt.Fprintln(w, "\nCtrl-C ends this view.")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-changed:
		}
	}
}

// clearScreen moves home and wipes, on a terminal only.
func clearScreen(w io.Writer) {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprint(w, "\x1b[H\x1b[2J")
	}
}

func showOverview(w io.Writer, o overview, now time.Time) {
	s := o.Status
	healing := "healing is on"
	if !s.Active {
		healing = "healing is off"
	}
	fmt.Fprintf(w, "homeostat %s · %s, mode %s · running for %s\n", s.Version, healing, s.Mode, span(now.Sub(s.StartedAt)))
	fmt.Fprintln(w, verdictLine(o))
	if s.ConfigError != "" {
		fmt.Fprintf(w, "! the last reload was refused, the settings before it hold: %s\n", clean(s.ConfigError))
	}
	for _, m := range s.Maintenance {
		fmt.Fprintf(w, "! maintenance of %s until %s: %s\n", orDash(m.Component), m.End.Local().Format("15:04"), clean(orDash(m.Reason)))
	}
	if n := s.Notify; n != nil && n.LastError != "" {
		fmt.Fprintf(w, "! messages to %s: %d wait; %s\n", n.Receiver, n.Queued, messages.Trouble(n, now))
	}
	for _, c := range o.Components {
		if c.KeptDown != "" {
			fmt.Fprintf(w, "! %s is kept down: %s\n", c.Name, clean(c.KeptDown))
		}
	}
	for _, p := range s.Plugins {
		if p.State != "ready" {
			fmt.Fprintf(w, "! plugin %s is %s: %s\n", p.Name, p.State, clean(orDash(p.LastError)))
		}
		if len(p.Learning) > 0 {
			fmt.Fprintf(w, "  %s still learns what is usual of %s\n", p.Name, clean(strings.Join(p.Learning, ", ")))
		}
	}
	fmt.Fprintln(w)
	showComponents(w, o.Components, now)
	if len(o.Incidents) > 0 {
		fmt.Fprintln(w)
		showIncidents(w, o.Incidents, now)
	}
	if len(o.Approvals) > 0 {
		fmt.Fprintln(w)
		showApprovals(w, o.Approvals, now)
	}
}

func verdictLine(o overview) string {
	c := o.Status.Components
	var parts []string
	if c.Failing > 0 {
		parts = append(parts, fmt.Sprintf("%d failing", c.Failing))
	}
	if c.Down > 0 {
		parts = append(parts, fmt.Sprintf("%d down", c.Down))
	}
	if n := o.Status.OpenIncidents; n > 0 {
		parts = append(parts, fmt.Sprintf("%d open incidents", n))
	}
	if n := o.Status.PendingApprovals; n > 0 {
		parts = append(parts, fmt.Sprintf("%d waiting for your answer (homeostat approval list)", n))
	}
	switch {
	case len(parts) > 0:
		return strings.Join(parts, ", ")
	case c.Total == 0:
		return "nothing is watched yet: add a [[component]] to the configuration and send SIGHUP"
	case c.Up == c.Total:
		return fmt.Sprintf("all is well: %d of %d components up, nothing waits for you", c.Up, c.Total)
	}
	return fmt.Sprintf("%d of %d components up, no open incident", c.Up, c.Total)
}
