// Package remedy reads proposals: what they are done to, whether they do
// anything now, and whether two of them would do the same.
//
// It owns no decision and no state. It is pure and may be used from several
// goroutines.
package remedy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// Waits returns how long a proposal that does nothing but wait asks for, zero
// for any other and for one whose wait is a trial of its own.
func Waits(p sdk.Proposal) time.Duration {
	if p.Trial {
		return 0
	}
	var total time.Duration
	for _, a := range p.Actions {
		w, ok := a.(sdk.Wait)
		if !ok {
			return 0
		}
		total += w.For
	}
	return total
}

// HandOver returns the message of a proposal that does nothing but hand the
// incident over, when it is looked at again all the same (a Wait after it, zero
// for only on new evidence), and whether it is one.
func HandOver(p sdk.Proposal) (message string, again time.Duration, ok bool) {
	if len(p.Actions) == 0 || len(p.Actions) > 2 {
		return "", 0, false
	}
	h, ok := p.Actions[0].(sdk.HandOver)
	if ok && len(p.Actions) == 2 {
		var w sdk.Wait
		w, ok = p.Actions[1].(sdk.Wait)
		again = w.For
	}
	return h.Message, again, ok
}

// TakenBackOnFailure reports whether an action is taken back when it was
// carried out and did not help. What restored an earlier state is left: the
// other state is no better known to be good.
func TakenBackOnFailure(a sdk.Action) bool {
	switch a.Kind() {
	case sdk.KindStop, sdk.KindSetParameters, sdk.KindSubmitChange, sdk.KindOpenLink, sdk.KindRunDeclared:
		return true
	}
	return false
}

// Helps names the component that a proposal is to help where that is not the
// cause: the caller of a link that is opened. Empty for any other proposal.
func Helps(p sdk.Proposal) string {
	for _, a := range p.Actions {
		if l, ok := a.(sdk.OpenLink); ok {
			return l.From
		}
	}
	return ""
}

// Targets lists the components that a proposal is done to, in its order.
func Targets(p sdk.Proposal) []string {
	var out []string
	for _, a := range p.Actions {
		switch a.Kind() {
		case sdk.KindStart, sdk.KindStop, sdk.KindRestart, sdk.KindReload, sdk.KindSetParameters, sdk.KindRunDeclared:
			if !slices.Contains(out, a.Target()) {
				out = append(out, a.Target())
			}
		}
	}
	return out
}

// Starts reports whether the proposal starts or restarts the component.
func Starts(p sdk.Proposal, component string) bool {
	return slices.ContainsFunc(p.Actions, func(a sdk.Action) bool {
		return a.Target() == component && (a.Kind() == sdk.KindStart || a.Kind() == sdk.KindRestart)
	})
}

// LeavesStopped reports whether the component is stopped on purpose when the
// proposal has been carried out.
func LeavesStopped(p sdk.Proposal, component string) bool {
	stopped := false
	for _, a := range p.Actions {
		if a.Target() != component {
			continue
		}
		switch a.Kind() {
		case sdk.KindStop:
			stopped = true
		case sdk.KindStart, sdk.KindRestart:
			stopped = false
		}
	}
	return stopped
}

// Names lists kind and target of each action, for people.
func Names(p sdk.Proposal) []string {
	out := make([]string, 0, len(p.Actions))
	for _, a := range p.Actions {
		out = append(out, string(a.Kind())+" "+a.Target())
	}
	return out
}

// Key identifies what a proposal does, whatever its reason and time.
func Key(p sdk.Proposal) string {
	data, err := json.Marshal(sdk.Proposal{Actions: p.Actions})
	if err != nil {
		panic("compare proposals: " + err.Error()) // a proposal that passed Validate can be written
	}
	return string(data)
}

// Same reports that two proposals would do the same.
func Same(a, b sdk.Proposal) bool { return Key(a) == Key(b) }

// Hash binds an approval to what it is about: incident, component, strategy,
// the proposal in its canonical JSON and the evidence. It is a SHA-256 in hex.
func Hash(a record.Approval) string {
	data, err := json.Marshal(map[string]any{
		"incident": a.Incident, "component": a.Component, "strategy": a.Strategy,
		"proposal": a.Proposal, "evidence": a.Evidence,
	})
	if err != nil {
		panic("hash an approval: " + err.Error()) // a proposal that passed Validate can be written
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Attempt tells a strategy of a recovery that was tried.
func Attempt(r record.Recovery) sdk.Attempt {
	a := sdk.Attempt{Strategy: r.Strategy, At: r.ProposedAt, Result: r.Result, Text: r.Text}
	if r.StartedAt != nil {
		a.At = *r.StartedAt
	}
	for _, act := range r.Proposal.Actions {
		a.Actions, a.Targets = append(a.Actions, act.Kind()), append(a.Targets, act.Target())
	}
	return a
}
