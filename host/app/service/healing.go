package service

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/heal"
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

// Anomalies lists anomalies; state "open" keeps those that last.
func (h Healing) Anomalies(f api.Filter) ([]api.Anomaly, error) {
	switch f.State {
	case "", "all", "open":
	default:
		return nil, badState(f.State, "open or all")
	}
	found := limited(h.Healer.Anomalies(), f, func(a record.Anomaly) bool {
		return (f.State != "open" || a.Open) && (f.Component == "" || a.Component == f.Component) && (f.Incident == "" || a.Incident == f.Incident)
	})
	return convert(found, Anomaly), nil
}

func badState(got, want string) error {
	return &api.Problem{Status: http.StatusUnprocessableEntity, Detail: fmt.Sprintf("state %q is unknown", got), Hint: "want " + want}
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

// Incidents lists incidents, newest first.
func (h Healing) Incidents(f api.Filter) ([]api.Incident, error) {
	switch f.State {
	case "", "all", "open", "closed":
	default:
		return nil, badState(f.State, "open, closed or all")
	}
	found := limited(h.Healer.Incidents(), f, func(i record.Incident) bool {
		closed := i.State == record.StateResolved
		if (f.State == "open" && closed) || (f.State == "closed" && !closed) {
			return false
		}
		return f.Component == "" || concerns(i, f.Component)
	})
	return convert(found, Incident), nil
}

func concerns(i record.Incident, component string) bool {
	for _, c := range i.Components {
		if c == component {
			return true
		}
	}
	return false
}

// Incident returns one incident.
func (h Healing) Incident(id string) (api.Incident, error) {
	found, ok := h.Healer.Incident(id)
	if !ok {
		return api.Incident{}, notFound("incident", id)
	}
	return Incident(found), nil
}

// Recoveries lists recoveries, newest first.
func (h Healing) Recoveries(f api.Filter) ([]api.Recovery, error) {
	found := limited(h.Healer.Recoveries(f.Incident), f, func(r record.Recovery) bool {
		return f.Component == "" || r.Component == f.Component
	})
	return convert(found, Recovery), nil
}

// Approvals lists approvals; state "pending" keeps those that wait.
func (h Healing) Approvals(f api.Filter) ([]api.Approval, error) {
	found := limited(h.Healer.Approvals(), f, func(a record.Approval) bool {
		return (f.State == "" || f.State == "all" || f.State == string(a.State)) && (f.Component == "" || a.Component == f.Component)
	})
	return convert(found, Approval), nil
}

// Approve is a person's yes.
func (h Healing) Approve(ctx context.Context, id, hash string) (api.Approval, error) {
	if _, err := h.approval(id); err != nil {
		return api.Approval{}, err
	}
	if err := h.Healer.Approve(id, hash, api.Actor(ctx)); err != nil {
		return api.Approval{}, problem(err)
	}
	return h.approval(id)
}

// Reject is a person's no.
func (h Healing) Reject(ctx context.Context, id, reason string) (api.Approval, error) {
	if _, err := h.approval(id); err != nil {
		return api.Approval{}, err
	}
	if err := h.Healer.Reject(id, reason, api.Actor(ctx)); err != nil {
		return api.Approval{}, problem(err)
	}
	return h.approval(id)
}

func (h Healing) approval(id string) (api.Approval, error) {
	for _, a := range h.Healer.Approvals() {
		if a.ID == id {
			return Approval(a), nil
		}
	}
	return api.Approval{}, notFound("approval", id)
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
