// Package handover is the last rung of the ladder: it leaves an incident to a
// person, with everything that is known of it.
//
// It owns when a person is called and what the person is told. It is a strategy
// like any other, only built in, so that it is there when no plugin is. A
// Strategy keeps nothing between calls and may be used from several goroutines.
package handover

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/homeostat/homeostat/host/heal/choice"
	"github.com/homeostat/homeostat/sdk"
)

// Strategy calls a person. The zero value is ready.
type Strategy struct{}

const (
	// patience is how long an incident without a remedy on offer may last before
	// a person is called.
	patience = 5 * time.Minute
	// again is when an incident that was handed over is looked at all the same:
	// what failed may work by then.
	again = 10 * time.Minute
)

// Bounds of what is told of each kind, so that the message stays readable.
const (
	maxItems = 5
	maxItem  = 200
)

// Name returns the rung's name in a ladder.
func (Strategy) Name() string { return choice.HandOver }

// Learn does nothing: there is nothing to learn from.
func (Strategy) Learn(context.Context, sdk.Outcome) error { return nil }

// Propose hands over what is severe, once something has failed or nothing was
// on offer for a while. It is asked when all other rungs have passed.
func (Strategy) Propose(_ context.Context, in sdk.Incident) (sdk.Proposal, error) {
	switch {
	case in.Severity < sdk.SeverityMedium:
		return sdk.Proposal{Reason: "a mild degradation is no reason to call a person"}, nil
	case failed(in) == 0 && in.Now.Sub(in.Opened) < patience:
		return sdk.Proposal{Reason: fmt.Sprintf("a person is called when nothing was on offer for %v", patience)}, nil
	}
	return sdk.Proposal{
		Actions: []sdk.Action{
			sdk.HandOver{Component: in.Component, Message: Message(in)},
			sdk.Wait{Component: in.Component, For: again},
		},
		Reason: "no other strategy has a remedy to offer now",
	}, nil
}

func failed(in sdk.Incident) int {
	n := 0
	for _, a := range in.Attempts {
		if a.Result == sdk.ResultFailed {
			n++
		}
	}
	return n
}

// Message tells a person what is known of an incident, the most useful first.
// It is at most sdk.MaxText bytes.
func Message(in sdk.Incident) string {
	parts := []string{fmt.Sprintf("%s needs a person since %s (%s)", in.Component, in.Opened.UTC().Format(time.RFC3339), in.Severity)}
	add := func(head string, items []string) {
		if len(items) > 0 {
			parts = append(parts, head+": "+strings.Join(items, " | "))
		}
	}
	add("seen", list(in.Anomalies, func(a sdk.Anomaly) string { return a.Component + ": " + a.Summary }))
	add("tried", list(in.Attempts, func(a sdk.Attempt) string {
		return fmt.Sprintf("%s %v: %s %s", a.Strategy, a.Actions, a.Result, a.Text)
	}))
	add("changed lately", list(in.Changes, func(c sdk.ChangeRef) string {
		return fmt.Sprintf("%s %s: %s", c.Applied.UTC().Format(time.TimeOnly), c.Component, c.Text)
	}))
	if len(in.Suspects) > 1 {
		add("suspects", list(in.Suspects, func(s sdk.Suspect) string { return s.Component + ": " + s.Text }))
	}
	add("parameters", list(in.Parameters, func(p sdk.Parameter) string {
		return fmt.Sprintf("%s = %v%s", p.Name, p.Value.Number, p.Value.Choice)
	}))
	lines := in.Logs[max(len(in.Logs)-maxItems, 0):]
	add("end of the log", list(lines, func(l sdk.LogLine) string { return l.Text }))
	return cut(strings.Join(parts, ". "), sdk.MaxText)
}

func list[T any](items []T, tell func(T) string) []string {
	var out []string
	for n, item := range items {
		if n == maxItems {
			return append(out, fmt.Sprintf("and %d more", len(items)-n))
		}
		out = append(out, cut(strings.TrimSpace(tell(item)), maxItem))
	}
	return out
}

// cut shortens a text to n bytes of valid UTF-8.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n-len("…")], "") + "…"
}
