package announce

import (
	"slices"
	"strings"
	"time"

	changerecord "github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/host/notify/news"
	"github.com/homeostat/homeostat/sdk"
)

// Incident shows an incident and its approvals. One that is about blind
// detectors alone is left out: each of them is told of by itself.
func Incident(i record.Incident) []news.Subject {
	var out []news.Subject
	if !onlyBlind(i) {
		out = append(out, incident(i))
	}
	for _, a := range i.Approvals {
		out = append(out, news.Approval{
			ID: a.ID, Incident: i.ID, Component: a.Component, Severity: i.Severity, Strategy: a.Strategy, Actions: actions(a.Proposal),
			Reason: a.Reason, Evidence: a.Evidence, Hash: a.Hash, Created: a.Created, Expires: a.Expires,
			State: string(a.State), By: a.By, Answer: a.Text, Answered: orZero(a.Answered),
		})
	}
	return out
}

func incident(i record.Incident) news.Incident {
	out := news.Incident{
		ID: i.ID, Component: i.Component, Components: i.Components, Severity: i.Severity, State: string(i.State),
		Opened: i.Opened, Resolved: orZero(i.Resolved), Cause: i.CauseText, At: i.Opened,
	}
	if n := len(i.History); n > 0 {
		out.Text, out.At = i.History[n-1].Text, i.History[n-1].At
	}
	return out
}

func onlyBlind(i record.Incident) bool {
	return len(i.Anomalies) > 0 && !slices.ContainsFunc(i.Anomalies, func(a record.Anomaly) bool { return a.Kind != sdk.AnomalyBlind })
}

func actions(p sdk.Proposal) []string {
	out := make([]string, len(p.Actions))
	for n, a := range p.Actions {
		out[n] = strings.TrimSpace(string(a.Kind()) + " " + a.Target())
	}
	return out
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// Change shows a change, and its approval if a person was asked.
func Change(r changerecord.Record) []news.Subject {
	files := make([]string, len(r.Paths))
	for n, p := range r.Paths {
		files[n] = p.Path
	}
	out := []news.Subject{news.Change{
		ID: r.ID, Root: r.Root, Component: r.Component, Author: r.Author, Files: files, State: string(r.State), Why: r.Why, Ended: orZero(r.Ended),
	}}
	if r.Approval == nil {
		return out
	}
	component := r.Component
	if component == "" {
		component = sdk.HostComponent
	}
	return append(out, news.Approval{
		ID: r.ID, Component: component, Severity: sdk.SeverityHigh, Strategy: "change by " + r.By,
		Actions: []string{"change " + strings.Join(files, ", ") + " in " + r.Root},
		Reason:  r.Approval.Why, Hash: r.Approval.Hash, Created: r.Approval.Asked, Expires: r.Approval.Expires,
		State: r.Approval.State, By: r.Approval.By, Answer: r.Approval.Answer,
	})
}

// Sight shows a detector that went blind or sees again; the event's component
// names its plugin.
func Sight(e sdk.Event) news.Subject {
	return news.Detector{Name: e.Component, Blind: e.Type == sdk.EventPluginBlind, Text: e.Text, At: e.Time}
}
