package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

func versionCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "version", Short: "Print the version", Args: cobra.NoArgs}
	asJSON := cmd.Flags().Bool("json", false, "print as JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *asJSON {
			return printJSON(cmd.OutOrStdout(), map[string]string{"version": g.version, "go": runtime.Version()})
		}
		fmt.Fprintf(cmd.OutOrStdout(), "homeostat %s (%s)\n", g.version, runtime.Version())
		return nil
	}
	return cmd
}
