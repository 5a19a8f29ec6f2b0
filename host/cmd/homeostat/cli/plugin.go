package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/app"
	"github.com/homeostat/homeostat/host/plugin"
	"github.com/homeostat/homeostat/host/plugin/scaffold"
)

// checkTimeout bounds one trial start of a plugin.
const checkTimeout = 30 * time.Second

func pluginCommand(g *globals) *cobra.Command {
	list := reader[api.List[api.Plugin]]{g,
		func([]string) string { return api.Base + "/plugins" },
		showPlugins,
	}.attach(&cobra.Command{Use: "list", Short: "Plugins and their health", Args: cobra.NoArgs})
	cmd := group("plugin", "List, try, make and pin plugins", list, pluginCheck(g), pluginNew(), pluginPin())
	cmd.Long = `Detectors and strategies are programs of their own. Those outside the plugin
folder are pinned by the SHA-256 of their program.

  homeostat plugin new oomwatch --kind detector ./oomwatch
  homeostat plugin check ./oomwatch/oomwatch     start it once, show its settings
  homeostat plugin pin ./oomwatch/oomwatch       the line for config.toml`
	return cmd
}

func showPlugins(w io.Writer, l api.List[api.Plugin]) {
	now := time.Now()
	rows := make([][]string, 0, l.Count)
	for _, p := range l.Items {
		state := p.State
		if len(p.Learning) > 0 {
			state += ", learning " + strings.Join(p.Learning, " ")
		}
		rows = append(rows, []string{p.Name, p.Kind, p.Version, state, ago(p.Since, now), fmt.Sprint(p.Restarts), strings.Join(p.Features, " "), orDash(p.LastError)})
	}
	table(w, []string{"plugin", "kind", "version", "state", "since", "restarts", "can", "last error"}, rows)
}

func pluginCheck(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check [PROGRAM]",
		Short: "Start a plugin once, or all of the configuration, and show what it says of itself",
		Args:  cobra.MaximumNArgs(1),
	}
	asJSON := cmd.Flags().Bool("json", false, "print as JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, cancel := context.WithTimeout(cmd.Context(), checkTimeout)
		defer cancel()
		var found []plugin.Description
		var err error
		if len(args) == 1 {
			var d plugin.Description
			d, err = plugin.Check(ctx, args[0])
			found = append(found, d)
		} else {
			found, err = checkConfigured(ctx, g)
		}
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(cmd.OutOrStdout(), found)
		}
		for _, d := range found {
			showDescription(cmd.OutOrStdout(), d)
		}
		return nil
	}
	return cmd
}

func checkConfigured(ctx context.Context, g *globals) ([]plugin.Description, error) {
	settings, err := g.settings()
	if err != nil {
		return nil, usageError(err)
	}
	specs, err := app.PluginSpecs("", settings)
	if err != nil {
		return nil, err
	}
	var found []plugin.Description
	var problems []error
	for _, spec := range specs {
		d, err := plugin.CheckSpec(ctx, spec)
		if err != nil {
			problems = append(problems, fmt.Errorf("plugins.%s: %w", spec.Name, err))
			continue
		}
		found = append(found, d)
	}
	return found, errors.Join(problems...)
}

func showDescription(w io.Writer, d plugin.Description) {
	able := "without optional abilities"
	if len(d.Features) > 0 {
		able = "that can " + strings.Join(d.Features, ", ")
	}
	fmt.Fprintf(w, "%s %s: a %s %s\n", d.Name, d.Version, d.Kind, able)
	rows := make([][]string, 0, len(d.Settings))
	for _, s := range d.Settings {
		rows = append(rows, []string{"  " + s.Key, s.Type, orDash(s.Default), s.Doc})
	}
	if len(rows) > 0 {
		table(w, []string{"  setting", "type", "default", "meaning"}, rows)
	}
}

func pluginNew() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "new NAME DIR",
		Short: "Write a new plugin that builds and passes its test",
		Long: `Writes a small plugin, its test, a page that says what to do next, and a go.mod where
the folder is in no module yet. A file that is there is never replaced.

  homeostat plugin new latency-guard --kind detector ./latency-guard
  homeostat plugin new kick --kind strategy ./kick`,
		Args: cobra.ExactArgs(2),
	}
	kind := cmd.Flags().String("kind", "detector", "detector or strategy")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *kind != string(plugin.KindDetector) && *kind != string(plugin.KindStrategy) {
			return usageError(fmt.Errorf("kind %q: want detector or strategy", *kind))
		}
		files, err := scaffold.Write(scaffold.Options{Name: args[0], Kind: plugin.Kind(*kind), Dir: args[1]})
		if err != nil {
			return err
		}
		for _, f := range files {
			fmt.Fprintln(cmd.OutOrStdout(), "wrote", f)
		}
		return nil
	}
	return cmd
}

func pluginPin() *cobra.Command {
	return &cobra.Command{
		Use:   "pin PROGRAM",
		Short: "Print the lines that pin a program in the configuration",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := filepath.Abs(args[0])
			if err != nil {
				return fmt.Errorf("pin %s: %w", args[0], err)
			}
			sum, err := plugin.Hash(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "path = %q\nsha256 = %q\n", path, sum)
			return nil
		},
	}
}
