package api

import (
	"context"
	"net/http"

	"github.com/homeostat/homeostat/host/alerts"
)

// Alerts takes in what monitoring outside of the host reports.
type Alerts interface {
	Alerts(ctx context.Context, p alerts.Payload) (AlertsAnswer, error)
}

// AlertsAnswer says what became of each alert. Alertmanager does not look at it;
// people who set it up do.
type AlertsAnswer struct {
	Accepted int            `json:"accepted"`
	Alerts   []AlertOutcome `json:"alerts"`
}

// AlertOutcome is what became of one alert.
type AlertOutcome struct {
	Fingerprint string `json:"fingerprint"`
	Name        string `json:"alertname"`
	Status      string `json:"status" enum:"firing,resolved"`
	Component   string `json:"component" doc:"the one that it counts for"`
	Severity    string `json:"severity"`
	Text        string `json:"text" doc:"why it counts for that component"`
}

func (s *Server) registerAlerts() {
	type alertsIn struct{ Body alerts.Payload }
	o := operation{
		method: http.MethodPost, path: Base + "/alerts", role: RoleOperator, also: RoleReporter,
		summary: "take Alertmanager's webhook (version 4) as anomalies; for operators, and for tokens of role reporter",
	}
	handle(s, o, func(ctx context.Context, in *alertsIn) (AlertsAnswer, error) {
		return s.opt.Services.Alerts.Alerts(ctx, in.Body)
	})
}
