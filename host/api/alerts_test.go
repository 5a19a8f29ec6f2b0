package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/homeostat/homeostat/host/alerts"
)

// intake counts the alerts that get through.
type intake struct{ taken int }

func (i *intake) Alerts(_ context.Context, p alerts.Payload) (AlertsAnswer, error) {
	i.taken += len(p.Alerts)
	return AlertsAnswer{Accepted: len(p.Alerts), Alerts: []AlertOutcome{}}, nil
}

// send sends a body through the whole handler chain.
func send(s *Server, path, token, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.http.Handler.ServeHTTP(w, r)
	return w
}

func TestReportersPostAlertsAndNothingElse(t *testing.T) {
	in := &intake{}
	services := unreachable
	services.Alerts = in
	s := New(Options{Log: hclog.NewNullLogger(), Version: "test", Services: services, Metrics: prometheus.NewRegistry()})
	const body = `{"version":"4","new_field":{"of":"a later version"},"alerts":[{"status":"firing","labels":{"alertname":"A"},"more":1}]}`
	for role, want := range map[string]int{"reporter": 200, "operator": 200, "admin": 200, "viewer": 403, "agent": 403, "stranger": 401} {
		if got := send(s, Base+"/alerts", role, body); got.Code != want {
			t.Errorf("%s: got %d %s, want %d", role, got.Code, got.Body, want)
		}
	}
	if in.taken != 3 {
		t.Errorf("%d alerts were taken, want 3", in.taken)
	}
	for _, op := range append(operations(t, s), "GET /metrics") {
		if got := request(s, op, "reporter").Code; got != http.StatusForbidden && op != "POST "+Base+"/alerts" && op != "GET "+sessionPath && op != "POST "+sessionPath {
			t.Errorf("%s as reporter: got %d, want 403", op, got)
		}
	}
}

func TestWrongAlertsAreRefused(t *testing.T) {
	in := &intake{}
	services := unreachable
	services.Alerts = in
	s := New(Options{Log: hclog.NewNullLogger(), Version: "test", Services: services, Metrics: prometheus.NewRegistry()})
	cases := map[string]struct {
		body string
		want int
	}{
		"no JSON":      {"alerts", http.StatusBadRequest},
		"wrong type":   {`{"version":4}`, http.StatusUnprocessableEntity},
		"wrong labels": {`{"version":"4","alerts":[{"status":"firing","labels":{"alertname":1}}]}`, http.StatusUnprocessableEntity},
		"wrong time":   {`{"version":"4","alerts":[{"startsAt":"yesterday"}]}`, http.StatusUnprocessableEntity},
		"too large":    {`{"version":"` + strings.Repeat("4", maxBodyBytes) + `"}`, http.StatusRequestEntityTooLarge},
	}
	for name, c := range cases {
		if got := send(s, Base+"/alerts", "reporter", c.body); got.Code != c.want {
			t.Errorf("%s: got %d %.200s, want %d", name, got.Code, got.Body, c.want)
		}
	}
	if in.taken > 0 {
		t.Errorf("%d alerts were taken", in.taken)
	}
}
