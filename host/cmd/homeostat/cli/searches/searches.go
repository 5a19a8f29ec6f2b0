// Package searches shows the searches for better parameters at a terminal.
//
// It asks nothing and keeps nothing. Its functions are pure but for what they
// print.
package searches

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/homeostat/homeostat/host/api"
)

// Show prints one line for each search, and below them why some were set aside
// or interrupted.
func Show(w io.Writer, list api.List[api.Search]) {
	if len(list.Items) == 0 {
		fmt.Fprintln(w, "no component is searched yet: that needs its key model, a strategy that searches, such as strategy-genetic, and a quiet minute; see [evolve] in `homeostat config reference`")
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "COMPONENT\tSTATE\tROUND\tTRIED\tFAILED\tLOAD\tDEFAULT\tBEST\tWITH")
	for _, s := range list.Items {
		fmt.Fprintf(t, "%s\t%s\t%d\t%d of %d\t%d\t%s\t%s\t%s\t%s\n",
			plain(s.Component), plain(s.State), s.Round, s.Spent, s.Budget, s.Failed+s.Refused, load(s), cost(s.Default), cost(s.Best), best(s))
	}
	_ = t.Flush() // nobody reads any more
	for _, s := range list.Items {
		if s.Why != "" {
			fmt.Fprintf(w, "%s: %s\n", plain(s.Component), plain(s.Why))
		}
		if s.Replay != "" {
			fmt.Fprintf(w, "%s: %s\n", plain(s.Component), plain(s.Replay))
		}
	}
}

// load is what the costs are of.
func load(s api.Search) string {
	if s.Hours == 0 {
		return "made up"
	}
	return fmt.Sprintf("%d recorded hours", s.Hours)
}

func cost(c *float64) string {
	if c == nil {
		return "-"
	}
	return fmt.Sprintf("%.4g", *c)
}

func best(s api.Search) string {
	parts := []string{}
	for _, name := range slices.Sorted(maps.Keys(s.BestValues)) {
		value := fmt.Sprint(s.BestValues[name])
		if number, ok := s.BestValues[name].(float64); ok {
			value = fmt.Sprintf("%.6g", number)
		}
		parts = append(parts, plain(name+"="+value))
	}
	if len(parts) == 0 {
		return "-"
	}
	return strings.Join(parts, " ")
}

// plain keeps a stranger's text from steering the terminal.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}
