// Package isolate is the algorithm of the isolate strategy: when the trouble of
// a component lies behind one of its links, when to cut it off there, and when
// to let it through again.
//
// It owns the evidence that it wants, the back-off between two openings, and the
// closing of links that do not close by themselves. It opens nothing: it
// proposes. A Strategy keeps no memory between calls; everything is decided from
// the incident, so that it answers the same before and after a restart of the
// daemon.
package isolate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// Config is the plugin's table.
type Config struct {
	Requests   int           `homeostat:"requests,default=3,min=1,max=1000000" doc:"How many requests of the last ten seconds it takes to judge a link by what passes through it."`
	BadShare   float64       `homeostat:"bad_share,default=0.5,min=0.01,max=1" doc:"The share of them that must have failed or come late."`
	Backoff    time.Duration `homeostat:"backoff,default=5s,min=100ms,max=1h" doc:"The wait before a link is opened again in the same incident, and before one that was opened by a command is tried; it doubles with each time."`
	MaxBackoff time.Duration `homeostat:"max_backoff,default=5m,min=100ms,max=1h" doc:"The longest such wait."`
	Recheck    time.Duration `homeostat:"recheck,default=5s,min=1s,max=10m" doc:"How often an open link is looked at."`
}

// Strategy proposes to open and to close links. Use New.
type Strategy struct{ config Config }

// New returns the strategy.
func New(c Config, _ sdk.Env) (sdk.Strategy, error) { return &Strategy{config: c}, nil }

// Propose opens the links of the incident's components behind which the trouble
// lies. With none of those it sees to the links that are open.
func (s *Strategy) Propose(_ context.Context, in sdk.Incident) (sdk.Proposal, error) {
	ailing := s.ailing(in)
	if len(ailing) > 0 {
		return s.open(in, ailing), nil
	}
	if l, ok := opened(in); ok {
		return s.attend(in, l), nil
	}
	return sdk.Proposal{Reason: "behind no link of " + strings.Join(in.Components, ", ") + " is something that fails or is slow"}, nil
}

// ailing lists the closed links that the trouble comes through, the worst first.
func (s *Strategy) ailing(in sdk.Incident) []sdk.Link {
	var out []sdk.Link
	for _, l := range circuits(in) {
		if s.guilty(in, l) {
			out = append(out, l)
		}
	}
	slices.SortStableFunc(out, func(a, b sdk.Link) int { return cmp.Compare(b.Circuit.BadShare(), a.Circuit.BadShare()) })
	return out[:min(len(out), sdk.MaxActions)]
}

// guilty reports that what is behind the link fails or is slow. Where something
// counts what passes, those figures decide: a callee that only says that it is
// ill may still serve this caller. Where nothing does, the callee must be the
// incident's cause and not up.
func (s *Strategy) guilty(in sdk.Incident, l sdk.Link) bool {
	if l.Circuit.Measured {
		return l.Circuit.Ails(s.config.Requests, s.config.BadShare)
	}
	return l.Circuit.State == sdk.CircuitClosed && l.To == in.Component && failing(in, l.To)
}

// circuits lists the links that can be opened and whose caller suffers, each
// once.
func circuits(in sdk.Incident) []sdk.Link {
	var out []sdk.Link
	for _, l := range in.Links {
		known := slices.ContainsFunc(out, func(o sdk.Link) bool { return o.From == l.From && o.To == l.To })
		if l.Circuit != nil && !known && slices.Contains(in.Components, l.From) {
			out = append(out, l)
		}
	}
	return out
}

func failing(in sdk.Incident, name string) bool {
	for _, status := range in.Status {
		if status.Name == name {
			return status.State == sdk.StateFailing || status.State == sdk.StateDown || status.State == sdk.StateCouldNotStop
		}
	}
	return false
}

func (s *Strategy) open(in sdk.Incident, links []sdk.Link) sdk.Proposal {
	p := sdk.Proposal{Confidence: 0.6}
	var words []string
	for _, l := range links {
		p.Actions = append(p.Actions, sdk.OpenLink{From: l.From, To: l.To})
		words = append(words, evidence(l))
	}
	p.Reason = strings.Join(words, "; ") + ": callers are better refused at once than kept waiting"
	if n, last := tried(in, sdk.KindOpenLink); n > 0 {
		p.NotBefore = last.Add(s.wait(n))
		p.Reason += fmt.Sprintf("; this incident had %d openings before", n)
	}
	p.Reason = p.Reason[:min(len(p.Reason), sdk.MaxText)]
	return p
}

func evidence(l sdk.Link) string {
	if c := l.Circuit; c.Measured {
		return fmt.Sprintf("of the last %d requests from %s to %s %d failed or were late", c.Requests, l.From, l.To, c.Bad)
	}
	return fmt.Sprintf("%s, which %s calls, fails", l.To, l.From)
}

// opened returns a link that is not closed, the one that needs an order first.
// What a person holds open is theirs.
func opened(in sdk.Incident) (sdk.Link, bool) {
	var found sdk.Link
	for _, l := range circuits(in) {
		if l.Circuit.State == sdk.CircuitClosed || l.Circuit.Hold {
			continue
		}
		if found.Circuit == nil || !l.Circuit.Measured {
			found = l
		}
	}
	return found, found.Circuit != nil
}

// attend sees to an open link. A proxy tries and closes by itself; one that was
// opened by a command is closed when the callee looks well, after a wait that
// grows, and if that was wrong the next look opens it again.
func (s *Strategy) attend(in sdk.Incident, l sdk.Link) sdk.Proposal {
	if l.Circuit.Measured || l.Circuit.State == sdk.CircuitHalfOpen {
		return s.patience(in, "the link from %s to %s is %s; it closes by itself when trials go well", l)
	}
	if failing(in, l.To) {
		return s.patience(in, "the link from %s to %s stays %s, for what is behind it still fails", l)
	}
	n, _ := tried(in, sdk.KindCloseLink)
	p := sdk.Proposal{
		Actions:    []sdk.Action{sdk.CloseLink{From: l.From, To: l.To}},
		Reason:     fmt.Sprintf("the link from %s to %s has been open since %s, and nothing says that %s still fails", l.From, l.To, clock(l.Circuit.Since), l.To),
		Confidence: 0.5,
	}
	if !l.Circuit.Since.IsZero() {
		p.NotBefore = l.Circuit.Since.Add(s.wait(n + 1))
	}
	return p
}

func (s *Strategy) patience(in sdk.Incident, format string, l sdk.Link) sdk.Proposal {
	return sdk.Proposal{
		Actions: []sdk.Action{sdk.Wait{Component: in.Component, For: s.config.Recheck}},
		Reason:  fmt.Sprintf(format, l.From, l.To, strings.ReplaceAll(string(l.Circuit.State), "_", "-")),
	}
}

// tried counts the recoveries of this incident with such an action, and returns
// when the last of them began.
func tried(in sdk.Incident, kind sdk.ActionKind) (n int, last time.Time) {
	for _, a := range in.Attempts {
		if slices.Contains(a.Actions, kind) && a.Result != sdk.ResultRejected && a.Result != sdk.ResultExpired && a.Result != sdk.ResultRecorded {
			n, last = n+1, a.At
		}
	}
	return n, last
}

// wait is the back-off after n times.
func (s *Strategy) wait(n int) time.Duration {
	wait := min(s.config.Backoff, s.config.MaxBackoff)
	for range n - 1 {
		if wait *= 2; wait >= s.config.MaxBackoff {
			return s.config.MaxBackoff
		}
	}
	return wait
}

func clock(t time.Time) string { return t.UTC().Format(time.TimeOnly) }
