package cli

import (
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/api"
)

func parametersCommand(g *globals) *cobra.Command {
	return reader[api.ParameterList]{g,
		func(args []string) string { return api.Base + "/components/" + url.PathEscape(args[0]) + "/parameters" },
		showParameters,
	}.attach(&cobra.Command{
		Use:   "parameters NAME",
		Short: "What strategies may move of a component, within what, and what it is now",
		Long: `The parameters that [[component.parameter]] declares, with the values that their
files hold now. Strategies move them within bounds, by at most "step" at once, and
only through the change pipeline: with backup, checks, a watch and rollback.

  homeostat component parameters web
  homeostat component parameters web --json`,
		Args: cobra.ExactArgs(1),
	})
}

func showParameters(w io.Writer, list api.ParameterList) {
	if len(list.Items) == 0 {
		fmt.Fprintln(w, "no parameters are declared; see [[component.parameter]] in `homeostat config reference`")
		return
	}
	rows := make([][]string, len(list.Items))
	for i, p := range list.Items {
		rows[i] = []string{p.Name, p.Type, valueOrDash(p.Value), fmt.Sprint(p.Default), rangeOf(p), numberOrDash(p.MaxStep), orDash(p.Root), p.File + " " + p.Key}
	}
	table(w, []string{"parameter", "type", "value", "default", "allowed", "step", "root", "file and key"}, rows)
	for _, p := range list.Items {
		if p.Problem != "" {
			fmt.Fprintf(w, "%s cannot be moved: %s\n", p.Name, clean(p.Problem))
		}
	}
	for _, f := range list.Forbidden {
		fmt.Fprintf(w, "never together: %s  %s\n", strings.Join(f.All, " and "), clean(f.Reason))
	}
}

func valueOrDash(v any) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprint(v)
}

func numberOrDash(n *float64) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}

func rangeOf(p api.Parameter) string {
	switch {
	case p.Min != nil && p.Max != nil:
		return fmt.Sprintf("%v to %v", *p.Min, *p.Max)
	case len(p.Choices) > 0:
		return strings.Join(p.Choices, ", ")
	}
	return "true, false"
}
