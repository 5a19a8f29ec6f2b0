// Package links is `homeostat link`: its flags, and links shown at a terminal.
//
// It keeps nothing: a running daemon is asked and told. It runs once in a process.
package links

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/homeostat/homeostat/host/api"
)

// List prints one line for each link.
func List(w io.Writer, l api.List[api.Link]) {
	list, now := l.Items, time.Now()
	if len(list) == 0 {
		fmt.Fprintln(w, "no links are declared; see [[link]] in `homeostat config reference`")
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "FROM\tTO\tSTATE\tSINCE\tTHROUGH\tNEWEST REQUESTS")
	for _, l := range list {
		since, through, figures := "-", l.Control, ""
		if l.Since != nil {
			since = ago(*l.Since, now)
		}
		if p := l.Proxy; p != nil {
			through = p.Listen + " " + p.Type
			figures = fmt.Sprintf("%d callers, %d of %d bad, p99 %s", p.Stats.Connections, p.Stats.RecentBad, p.Stats.Recent, short(p.Stats.P99))
			if !p.Running {
				figures = p.Problem
			}
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", l.From, l.To, l.State, since, through, plain(figures))
	}
	_ = t.Flush() // nobody reads any more
}

// Show prints one link with the figures of its proxy.
func Show(w io.Writer, l api.Link) {
	fmt.Fprintf(w, "%s to %s is %s", l.From, l.To, l.State)
	if l.Since != nil {
		fmt.Fprintf(w, " since %s", ago(*l.Since, time.Now()))
	}
	fmt.Fprintf(w, "\n  opened by     %s\n", map[string]string{"proxy": "its proxy", "command": "declared commands", "none": "nothing: it is only declared"}[l.Control])
	if l.Reason != "" {
		fmt.Fprintf(w, "  reason        %s\n", plain(l.Reason))
	}
	if l.Hold {
		fmt.Fprintf(w, "  held          until `homeostat link close %s %s`\n", l.From, l.To)
	}
	if l.TryAt != nil {
		fmt.Fprintf(w, "  next trial    %s\n", l.TryAt.Local().Format(time.TimeOnly))
	}
	if l.Proxy != nil {
		showProxy(w, *l.Proxy)
	}
}

func showProxy(w io.Writer, p api.LinkProxy) {
	fmt.Fprintf(w, "  passes        %s from %s to %s\n", p.Type, p.Listen, p.Target)
	if p.Running {
		fmt.Fprintf(w, "  proxy         pid %d, gave up %v\n", p.PID, p.Guards)
	} else {
		fmt.Fprintf(w, "  proxy         does not run: %s\n", plain(p.Problem))
	}
	s := p.Stats
	fmt.Fprintf(w, "  callers       %d\n  requests      %d, of them %d errors and %d slow; %d refused\n", s.Connections, s.Requests, s.Errors, s.Slow, s.Refused)
	fmt.Fprintf(w, "  bytes         %d to it, %d from it\n", s.ToTarget, s.FromTarget)
	fmt.Fprintf(w, "  newest        %d requests, %d bad; p50 %s, p90 %s, p99 %s\n", s.Recent, s.RecentBad, short(s.P50), short(s.P90), short(s.P99))
}

// plain keeps a stranger's text from steering the terminal.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
}

// short tells a span as precisely as a person wants it.
func short(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return d.Round(time.Microsecond).String()
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

func ago(t, now time.Time) string { return max(now.Sub(t), 0).Round(time.Second).String() + " ago" }
