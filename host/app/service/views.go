package service

import (
	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// Anomaly shows an anomaly.
func Anomaly(a record.Anomaly) api.Anomaly {
	return api.Anomaly{
		Anomaly: a.Anomaly, ID: a.ID, Detector: a.Detector, Open: a.Open,
		FirstSeen: a.FirstSeen, LastSeen: a.LastSeen, Incident: a.Incident, Suppressed: a.Label,
	}
}

// Incident shows an incident.
func Incident(i record.Incident) api.Incident {
	return api.Incident{
		Known: known(i.Known),
		ID:    i.ID, Component: i.Component, Components: i.Components, Signature: i.Signature, Severity: i.Severity,
		State: string(i.State), Opened: i.Opened, Resolved: i.Resolved, CauseText: i.CauseText, NextTryAt: i.NextTryAt,
		Anomalies:  convert(i.Anomalies, Anomaly),
		Recoveries: convert(i.Recoveries, Recovery),
		History: convert(i.History, func(e record.Entry) api.HistoryEntry {
			return api.HistoryEntry{At: e.At, State: string(e.State), Text: e.Text}
		}),
	}
}

// Brief shows an incident of a list: what it is about, where it stands and how far its
// remedies came. Evidence, proposals, their course and what was known around it are a
// matter of the one incident.
func Brief(i record.Incident) api.Incident {
	i.Known = nil
	i.History = i.History[max(0, len(i.History)-1):]
	out := Incident(i)
	for n := range out.Anomalies {
		out.Anomalies[n].Evidence = nil
	}
	for n := range out.Recoveries {
		out.Recoveries[n].Proposal, out.Recoveries[n].Steps = sdk.Proposal{}, []api.Step{}
	}
	return out
}

func known(k *record.Known) *api.Known {
	if k == nil {
		return nil
	}
	return &api.Known{
		At: k.At, Changes: orEmpty(k.Changes), Logs: orEmpty(k.Logs), Suspects: orEmpty(k.Suspects), Readings: orEmpty(k.Readings),
	}
}

// orEmpty makes a list that is never null in JSON.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Recovery shows a recovery.
func Recovery(r record.Recovery) api.Recovery {
	return api.Recovery{
		ID: r.ID, Incident: r.Incident, Component: r.Component, Strategy: r.Strategy, Proposal: r.Proposal,
		ProposedAt: r.ProposedAt, StartedAt: r.StartedAt, ActedAt: r.ActedAt, HealthyAt: r.HealthyAt, EndedAt: r.EndedAt,
		Result: r.Result, Reason: r.Reason, Text: r.Text, Actions: r.Actions, Choice: chosen(r.Choice),
		Steps: convert(r.Steps, func(s record.Step) api.Step { return api.Step{At: s.At, Text: s.Text} }),
	}
}

func chosen(c *record.Choice) *api.Choice {
	if c == nil {
		return nil
	}
	return &api.Choice{Why: c.Why, Experiment: c.Experiment, Offers: convert(c.Offers, func(o record.Offer) api.Offer {
		return api.Offer{Strategy: o.Strategy, Propensity: o.Propensity}
	})}
}

// Approval shows an approval.
func Approval(a record.Approval) api.Approval {
	evidence := a.Evidence
	if evidence == nil {
		evidence = []string{}
	}
	return api.Approval{
		ID: a.ID, Incident: a.Incident, Component: a.Component, Strategy: a.Strategy, Proposal: a.Proposal, Hash: a.Hash,
		Reason: a.Reason, Choice: chosen(a.Choice), Evidence: evidence, Created: a.Created, Expires: a.Expires, State: string(a.State), Answer: a.Text,
	}
}

// Maintenance shows a maintenance window.
func Maintenance(m record.Maintenance) api.Maintenance {
	return api.Maintenance{ID: m.ID, Component: m.Component, Start: m.Start, End: m.End, Reason: m.Reason, By: m.By}
}

// Item shows whatever healing publishes; what it does not know it hands on.
func Item(item any) any {
	switch item := item.(type) {
	case record.Anomaly:
		return Anomaly(item)
	case record.Incident:
		return Incident(item)
	case record.Recovery:
		return Recovery(item)
	case record.Approval:
		return Approval(item)
	case record.Maintenance:
		return Maintenance(item)
	}
	return item
}
