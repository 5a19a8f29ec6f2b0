package service

import (
	"context"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/heal"
	"github.com/homeostat/homeostat/host/heal/catalog"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// Corrector hands an operator's judgement of an anomaly to its detector.
type Corrector interface {
	// Feedback also returns what the detector knows of the component then, empty
	// where it cannot say.
	Feedback(ctx context.Context, detector string, m sdk.Mark) (string, error)
}

// Healing is api.Healing.
type Healing struct {
	Healer    *heal.Healer
	Corrector Corrector
}

// Anomalies lists anomalies: the open ones and the last that ended.
func (h Healing) Anomalies(ctx context.Context, f api.Filter) ([]api.Anomaly, error) {
	return listed(ctx, f, incidentStates, func(_ context.Context, s heal.Search) ([]record.Anomaly, error) {
		found := slices.DeleteFunc(h.Healer.Anomalies(), func(a record.Anomaly) bool { return !s.Admits(anomalyLine(a)) })
		return found[:min(len(found), s.Limit)], nil
	}, Anomaly)
}

func anomalyLine(a record.Anomaly) catalog.Line {
	l := catalog.Line{ID: a.ID, Incident: a.Incident, Components: []string{a.Component}, Begin: a.FirstSeen}
	if !a.Open {
		l.End = a.LastSeen
	}
	return l
}

// MarkAnomaly tells the detector whether an anomaly was right.
func (h Healing) MarkAnomaly(ctx context.Context, id string, verdict sdk.Verdict) (string, error) {
	for _, a := range h.Healer.Anomalies() {
		if a.ID == id {
			mark := sdk.Mark{Anomaly: a.Anomaly, Right: verdict == sdk.Pass, At: time.Now()}
			learned, err := h.Corrector.Feedback(ctx, a.Detector, mark)
			return learned, problem(err)
		}
	}
	return "", notFound("anomaly", id)
}

// Incidents lists incidents in brief, newest first.
func (h Healing) Incidents(ctx context.Context, f api.Filter) ([]api.Incident, error) {
	return listed(ctx, f, incidentStates, h.Healer.FindIncidents, Brief)
}

// Incident returns one incident.
func (h Healing) Incident(ctx context.Context, id string) (api.Incident, error) {
	return one(ctx, "incident", id, h.Healer.Incident, Incident)
}

// Recoveries lists recoveries, newest first.
func (h Healing) Recoveries(ctx context.Context, f api.Filter) ([]api.Recovery, error) {
	return listed(ctx, f, recoveryStates, h.Healer.FindRecoveries, Recovery)
}

// Approvals lists approvals, newest first.
func (h Healing) Approvals(ctx context.Context, f api.Filter) ([]api.Approval, error) {
	return listed(ctx, f, approvalStates, h.Healer.FindApprovals, Approval)
}

// Approval returns one approval.
func (h Healing) Approval(ctx context.Context, id string) (api.Approval, error) {
	return one(ctx, "approval", id, h.Healer.Approval, Approval)
}

// Approve is a person's yes.
func (h Healing) Approve(ctx context.Context, id, hash string) (api.Approval, error) {
	if _, err := h.Approval(ctx, id); err != nil {
		return api.Approval{}, err
	}
	if err := h.Healer.Approve(id, hash, api.Actor(ctx)); err != nil {
		return api.Approval{}, problem(err)
	}
	return h.Approval(ctx, id)
}

// Reject is a person's no.
func (h Healing) Reject(ctx context.Context, id, reason string) (api.Approval, error) {
	if _, err := h.Approval(ctx, id); err != nil {
		return api.Approval{}, err
	}
	if err := h.Healer.Reject(id, reason, api.Actor(ctx)); err != nil {
		return api.Approval{}, problem(err)
	}
	return h.Approval(ctx, id)
}

// Maintenance lists the windows in force.
func (h Healing) Maintenance() []api.Maintenance {
	return convert(h.Healer.Maintenance(), Maintenance)
}

// StartMaintenance opens a window.
func (h Healing) StartMaintenance(_ context.Context, m api.Maintenance) (api.Maintenance, error) {
	w := heal.Window{Component: m.Component, For: m.End.Sub(m.Start), Reason: m.Reason, By: m.By}
	opened, err := h.Healer.StartMaintenance(w)
	return Maintenance(opened), problem(err)
}

// EndMaintenance closes a window.
func (h Healing) EndMaintenance(ctx context.Context, id string) error {
	return problem(h.Healer.EndMaintenance(id, api.Actor(ctx)))
}
