package cli

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/cmd/homeostat/howlong"
)

func maintenanceCommand(g *globals) *cobra.Command {
	list := reader[api.List[api.Maintenance]]{g,
		func([]string) string { return api.Base + "/maintenance" },
		func(w io.Writer, l api.List[api.Maintenance]) {
			if l.Count == 0 {
				fmt.Fprintln(w, "no maintenance")
				return
			}
			rows := make([][]string, 0, l.Count)
			for _, m := range l.Items {
				rows = append(rows, []string{m.ID, scope(m), "until " + m.End.Local().Format(time.DateTime), m.By, m.Reason})
			}
			table(w, []string{"id", "component", "end", "by", "reason"}, rows)
		},
	}.attach(&cobra.Command{Use: "list", Short: "Windows in force", Args: cobra.NoArgs})
	cmd := group("maintenance", "Keep homeostat's hands off for a while", list, maintenanceStart(g), removal{"end ID", "End a window now", api.Base + "/maintenance/", "has ended"}.command(g))
	cmd.Long = `In a maintenance window anomalies are recorded, but nothing is repaired. It ends
by itself. Without --component it is one of the whole host.

  homeostat maintenance start --component web --for 30m --reason "kernel update"
  homeostat maintenance end mnt_1a2b`
	return cmd
}

// scope names what a window is of.
func scope(m api.Maintenance) string {
	if m.Component == "" {
		return "the whole host"
	}
	return m.Component
}

func maintenanceStart(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "start", Short: "Begin a window", Args: cobra.NoArgs}
	component := cmd.Flags().String("component", "", "only this component (default: the whole host)")
	length := howlong.Duration(30 * time.Minute)
	cmd.Flags().Var(&length, "for", "how long, as in 30m or 2d; at most 7d")
	reason := cmd.Flags().String("reason", "", "why")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := g.client()
		if err != nil {
			return err
		}
		in := map[string]string{"for": time.Duration(length).String()}
		if *component != "" {
			in["component"] = *component
		}
		if *reason != "" {
			in["reason"] = *reason
		}
		var m api.Maintenance
		if err := c.Do(cmd.Context(), http.MethodPost, api.Base+"/maintenance", in, &m); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s of %s lasts until %s; end it with `homeostat maintenance end %s`\n", m.ID, scope(m), m.End.Local().Format(time.DateTime), m.ID)
		return nil
	}
	return cmd
}
