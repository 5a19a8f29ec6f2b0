package cli

import (
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/api"
)

type modeAnswer struct {
	Mode string `json:"mode"`
}

func modeCommand(g *globals) *cobra.Command {
	cmd := reader[modeAnswer]{g,
		func([]string) string { return api.Base + "/mode" },
		func(w io.Writer, m modeAnswer) { fmt.Fprintln(w, m.Mode) },
	}.attach(&cobra.Command{
		Use:   "mode",
		Short: "Show or change who decides: manual, supervised, automated or learning",
		Long: `manual       every recovery waits for your approval
supervised   low and medium severity are repaired at once, high and critical wait
automated    everything is repaired at once
learning     decide and record, do nothing

  homeostat mode
  homeostat mode set automated`,
		Args: cobra.NoArgs,
	})
	set := &cobra.Command{
		Use:       "set MODE",
		Short:     "Change the mode; it holds across restarts until it is set again",
		Args:      cobra.ExactArgs(1),
		ValidArgs: []string{"manual", "supervised", "automated", "learning"},
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.client()
			if err != nil {
				return err
			}
			if err := c.Do(cmd.Context(), http.MethodPut, api.Base+"/mode", modeAnswer{args[0]}, nil); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "mode is %s\n", args[0])
			return nil
		},
	}
	cmd.AddCommand(set)
	return cmd
}
