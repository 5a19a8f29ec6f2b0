package service

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/homeostat/homeostat/host/alerts"
	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/heal"
	"github.com/homeostat/homeostat/sdk"
)

// Alerts is api.Alerts.
type Alerts struct {
	Healer *heal.Healer
	// Mapping is the one in force, false while nothing is healed.
	Mapping func() (alerts.Mapping, bool)
	// Watch tells open watches of changes what was found.
	Watch func(detector, component string, found []sdk.Anomaly)
}

// retryAlerts is when Alertmanager may ask again while healing does not run.
const retryAlerts = 5 * time.Second

// Alerts hands alerts to healing as it does what detectors report.
func (s Alerts) Alerts(_ context.Context, p alerts.Payload) (api.AlertsAnswer, error) {
	mapping, on := s.Mapping()
	if !on {
		return api.AlertsAnswer{}, &api.Problem{Status: http.StatusConflict, Detail: "healing is switched off, alerts are not taken", Hint: "see healing.enabled"}
	}
	if err := p.Validate(); err != nil {
		return api.AlertsAnswer{}, &api.Problem{Status: http.StatusUnprocessableEntity, Detail: err.Error(), Hint: "see docs/notifications.md"}
	}
	out := api.AlertsAnswer{Alerts: []api.AlertOutcome{}}
	byComponent := map[string][]sdk.Anomaly{}
	var order []string
	for _, f := range mapping.Findings(p, time.Now()) {
		a := f.Anomaly
		if byComponent[a.Component] == nil {
			order = append(order, a.Component)
		}
		byComponent[a.Component] = append(byComponent[a.Component], a)
		out.Alerts = append(out.Alerts, outcome(f))
	}
	out.Accepted = len(out.Alerts)
	for _, component := range order {
		s.Watch(alerts.Detector, component, byComponent[component])
		if err := s.Healer.Push(alerts.Detector, component, byComponent[component]); err != nil {
			return api.AlertsAnswer{}, notTaken(err)
		}
	}
	return out, nil
}

func outcome(f alerts.Finding) api.AlertOutcome {
	status := "resolved"
	if f.Firing {
		status = "firing"
	}
	return api.AlertOutcome{
		Fingerprint: f.Fingerprint, Name: f.Name, Status: status, Component: f.Anomaly.Component,
		Severity: f.Anomaly.Severity.String(), Text: f.Text,
	}
}

// notTaken has Alertmanager try again while the daemon starts or stops.
func notTaken(err error) error {
	if errors.Is(err, heal.ErrNotRunning) {
		return &api.Problem{Status: http.StatusServiceUnavailable, Detail: err.Error(), RetryAfter: retryAlerts}
	}
	return err
}
