package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/config"
)

func configCommand(g *globals) *cobra.Command {
	check := &cobra.Command{
		Use: "check", Short: "Read the configuration and name all that is wrong with it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			settings, err := g.settings()
			if err != nil {
				return usageError(err)
			}
			for _, p := range settings.Warnings {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s:%d: warning: %s\n", settings.File, p.Line, p)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is good: %d components, %d links, %d roots, %d plugins\n",
				settings.File, len(settings.Components), len(settings.Links), len(settings.Roots), len(settings.Plugins.Named))
			return nil
		},
	}
	cmd := group("config", "Check, show and explain the configuration", check, configShow(g), configReference())
	cmd.Long = `  homeostat config check                 exit 0 if it is good, 2 if not
  homeostat config show                  with all defaults filled in
  homeostat config reference             every key with its default`
	return cmd
}

func configShow(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "show", Short: "The configuration with all defaults filled in", Args: cobra.NoArgs}
	asJSON := cmd.Flags().Bool("json", false, "print as JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		settings, err := g.settings()
		if err != nil {
			return usageError(err)
		}
		if *asJSON {
			return printJSON(cmd.OutOrStdout(), settings.Tree())
		}
		text, err := settings.TOML()
		if err != nil {
			return err
		}
		fmt.Fprint(cmd.OutOrStdout(), text)
		return nil
	}
	return cmd
}

func configReference() *cobra.Command {
	cmd := &cobra.Command{Use: "reference", Short: "Every key with its meaning, default and range", Args: cobra.NoArgs}
	format := cmd.Flags().String("format", "toml", "toml or markdown")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		switch *format {
		case "toml":
			fmt.Fprint(cmd.OutOrStdout(), config.ReferenceTOML())
		case "markdown":
			fmt.Fprint(cmd.OutOrStdout(), config.ReferenceMarkdown())
		default:
			return usageError(fmt.Errorf("format %q: want toml or markdown", *format))
		}
		return nil
	}
	return cmd
}
