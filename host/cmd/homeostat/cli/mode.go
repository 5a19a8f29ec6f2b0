package cli

import (
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/api"
)

func modeCommand(g *globals) *cobra.Command {
	cmd := reader[api.Modes]{g,
		func([]string) string { return api.Base + "/mode" }, showModes,
	}.attach(&cobra.Command{
		Use:   "mode",
		Short: "Show or change who decides: manual, supervised, automated or learning",
		Long: `manual       every recovery waits for your approval
supervised   low and medium severity are repaired at once, high and critical wait
automated    everything is repaired at once
learning     decide and record, do nothing

The stricter of the daemon's mode and a component's own holds, unless the
component's wins. What is set here holds across restarts, whatever the configuration
says, until it is unset.

  homeostat mode
  homeostat mode set automated
  homeostat mode set manual --component db
  homeostat mode set automated --component web --wins
  homeostat mode unset                    back to the configuration
  homeostat mode unset --component web`,
		Args: cobra.NoArgs,
	})
	cmd.AddCommand(modeSet(g), modeUnset(g))
	return cmd
}

func showModes(w io.Writer, m api.Modes) {
	fmt.Fprintln(w, inForce(m))
	if len(m.Components) == 0 {
		return
	}
	var rows [][]string
	for _, c := range m.Components {
		own, from := c.OwnMode.Mode, "configuration"
		if c.Wins {
			own += ", wins"
		}
		if c.Live {
			from = "set live"
		}
		rows = append(rows, []string{c.Component, c.Mode, own, from})
	}
	table(w, []string{"component", "in force", "its own", "from"}, rows)
}

// inForce says where another mode holds than the configuration's.
func inForce(m api.Modes) string {
	if m.Live && m.Mode != m.Configured {
		return fmt.Sprintf("%s, set live; the configuration says %s (`homeostat mode unset` goes back to it)", m.Mode, m.Configured)
	}
	return m.Mode
}

func modeSet(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use: "set MODE", Short: "Change the mode of the daemon or of one component", Args: cobra.ExactArgs(1),
		ValidArgs: []string{"manual", "supervised", "automated", "learning"},
	}
	component := cmd.Flags().String("component", "", "the component whose own mode is set")
	wins := cmd.Flags().Bool("wins", false, "let it hold even where the daemon's mode is stricter; needs --component")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *wins && *component == "" {
			return usageError(fmt.Errorf("--wins needs --component; see `%s --help`", cmd.CommandPath()))
		}
		c, err := g.client()
		if err != nil {
			return err
		}
		path, body := api.Base+"/mode", map[string]any{"mode": args[0]}
		if *component != "" {
			path, body["wins"] = ownModePath(*component), *wins
		}
		var modes api.Modes
		if err := c.Do(cmd.Context(), http.MethodPut, path, body, &modes); err != nil {
			return err
		}
		tellMode(cmd.OutOrStdout(), *component, modes)
		return nil
	}
	return cmd
}

func modeUnset(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "unset", Short: "Give the daemon, or a component, back the mode of the configuration", Args: cobra.NoArgs}
	component := cmd.Flags().String("component", "", "the component whose own mode is unset (default: the daemon's mode is)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		path := api.Base + "/mode"
		if *component != "" {
			path = ownModePath(*component)
		}
		c, err := g.client()
		if err != nil {
			return err
		}
		var modes api.Modes
		if err := c.Do(cmd.Context(), http.MethodDelete, path, nil, &modes); err != nil {
			return err
		}
		tellMode(cmd.OutOrStdout(), *component, modes)
		return nil
	}
	return cmd
}

func ownModePath(component string) string {
	return api.Base + "/components/" + url.PathEscape(component) + "/mode"
}

// tellMode says which mode is in force now.
func tellMode(w io.Writer, component string, modes api.Modes) {
	if component == "" {
		fmt.Fprintf(w, "mode is %s\n", modes.Mode)
		return
	}
	mode := modes.Mode
	for _, c := range modes.Components {
		if c.Component == component {
			mode = c.Mode
		}
	}
	fmt.Fprintf(w, "mode of %s is %s\n", component, mode)
}
