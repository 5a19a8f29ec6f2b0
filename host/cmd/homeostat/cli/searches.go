package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/api"
)

func searchesCommand(g *globals) *cobra.Command {
	return reader[api.List[api.Search]]{g,
		func([]string) string { return api.Base + "/searches" },
		showSearches,
	}.attach(&cobra.Command{
		Use:   "searches",
		Short: "How far the search for better parameters is",
		Long: `Components with a model are searched for better parameters while no incident is
open. Nothing is applied by a search: in an incident the strategy proposes one of
the settings that it found, and live outcomes decide which are worth it.

  homeostat component searches
  homeostat component searches --json`,
		Args: cobra.NoArgs,
	})
}

func showSearches(w io.Writer, list api.List[api.Search]) {
	if len(list.Items) == 0 {
		fmt.Fprintln(w, "no component is searched; see [evolve] and the key model in `homeostat config reference`")
		return
	}
	rows := make([][]string, len(list.Items))
	for i, s := range list.Items {
		tried := fmt.Sprintf("%d of %d", s.Spent, s.Budget)
		rows[i] = []string{s.Component, s.State, fmt.Sprint(s.Round), tried, fmt.Sprint(s.Failed + s.Refused), costOrDash(s.Default), costOrDash(s.Best), bestOf(s)}
	}
	table(w, []string{"component", "state", "round", "tried", "failed", "default", "best", "with"}, rows)
	for _, s := range list.Items {
		if s.Why != "" {
			fmt.Fprintf(w, "%s: %s\n", s.Component, clean(s.Why))
		}
	}
}

func costOrDash(cost *float64) string {
	if cost == nil {
		return "-"
	}
	return fmt.Sprintf("%.4g", *cost)
}

func bestOf(s api.Search) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(s.BestValues)) {
		value := fmt.Sprint(s.BestValues[name])
		if number, ok := s.BestValues[name].(float64); ok {
			value = fmt.Sprintf("%.6g", number)
		}
		parts = append(parts, name+"="+value)
	}
	return orDash(strings.Join(parts, " "))
}
