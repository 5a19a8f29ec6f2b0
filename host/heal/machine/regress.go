package machine

import (
	"fmt"
	"strings"

	"github.com/homeostat/homeostat/host/heal/burden"
	"github.com/homeostat/homeostat/host/heal/record"
)

// burden is how ill the host is now. What is explained by an own action, an
// order or maintenance does not count.
func (m *Machine) burden() burden.Burden {
	b := burden.Burden{}
	m.ledger.EachOpen(func(a *record.Anomaly) {
		if a.Label == "" {
			b.Add(a.Component, a.Severity)
		}
	})
	return b
}

// regress holds a recovery to the rule that nothing else may be worse for it.
// The host may be worse for a moment, as long as dependents get to settle;
// after that the action is taken back. One that cannot be taken back answers
// only for what its target leans on: that what leans on the target suffers may
// be the fault's doing, and whatever else broke meanwhile is chance.
func (m *Machine) regress(inc *incident) {
	rec := inc.Running()
	now, before := m.burden(), burden.Burden(rec.Before)
	if rec.LastReceipt() < 0 {
		near := m.near(inc, rec)
		now, before = now.Of(near), before.Of(near)
	}
	delete(now, inc.Component) // its own trouble is judged by the hold time
	if rec.Before == nil || now.Compare(before) <= 0 {
		inc.worseSince = noTime
		return
	}
	if inc.worseSince.IsZero() {
		inc.worseSince = m.now
	}
	if m.now.Sub(inc.worseSince) < m.set.Settle {
		return
	}
	worse := strings.Join(now.Worse(before), ", ")
	inc.worseSince, inc.regressed, rec.Harmed = noTime, true, true
	m.audit("regression", map[string]any{"incident": inc.ID, "recovery": rec.ID, "component": inc.Component, "worse": worse, "before": before.String(), "now": now.String()})
	m.failAll(inc, fmt.Sprintf("it made things worse: %s (before: %s; now: %s)", worse, before, now))
}

// near lists the recovery's targets and what they depend on or call.
func (m *Machine) near(inc *incident, rec *record.Recovery) []string {
	targets := targetsOr(rec.Targets, inc)
	out := append([]string{}, targets...)
	for _, t := range targets {
		out = append(out, m.graph.Dependencies(t)...)
		for _, l := range m.set.Links {
			if t == l.From {
				out = append(out, l.To)
			}
		}
	}
	return out
}
