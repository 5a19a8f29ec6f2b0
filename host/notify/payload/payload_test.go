package payload

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/notify/news"
	"github.com/homeostat/homeostat/sdk"
)

var at = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func around() Surroundings {
	return Surroundings{Host: "shop-1", External: "https://h.example", Link: func(a news.Approval) string { return "https://h.example/answer/" + a.ID }}
}

// write returns a notice's body, read back without knowing its types.
func write(t *testing.T, f Format, n news.Notice) map[string]any {
	t.Helper()
	body, err := Write(f, n, around())
	if err != nil {
		t.Fatal(err)
	}
	again, err := Write(f, n, around())
	if err != nil || !bytes.Equal(body, again) {
		t.Errorf("the same notice is written in two ways:\n%s\n%s", body, again)
	}
	var out map[string]any
	if err := json.Unmarshal(body, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// field walks into nested objects and lists.
func field(t *testing.T, in any, path string) any {
	t.Helper()
	for _, key := range strings.Split(path, ".") {
		if list, ok := in.([]any); ok {
			in = list[0]
		}
		in = in.(map[string]any)[key]
	}
	return in
}

func incident(resolved bool) news.Notice {
	i := news.Incident{ID: "inc_1", Component: "web", Severity: sdk.SeverityLow, State: "open", Opened: at, Cause: "it hangs", Text: "the last line", At: at}
	kind := news.IncidentOpened
	if resolved {
		i.Resolved, i.Severity, kind = at.Add(time.Minute), sdk.SeverityHigh, news.IncidentResolved
	}
	return news.Notice{ID: "msg_1", Kind: kind, At: at.Add(time.Minute), Component: "web", Severity: i.Severity, Summary: "web hangs", Incident: &i}
}

func TestOwnFormatHasTypeTimestampAndData(t *testing.T) {
	got := write(t, Homeostat, incident(false))
	for path, want := range map[string]any{
		"type": "incident.opened", "timestamp": "2026-01-02T03:05:05Z", "data.host": "shop-1", "data.component": "web", "data.severity": "low",
		"data.summary": "web hangs", "data.dashboard": "https://h.example", "data.incident.id": "inc_1", "data.incident.opened": "2026-01-02T03:04:05Z",
	} {
		if v := field(t, got, path); v != want {
			t.Errorf("%s: got %v, want %v", path, v, want)
		}
	}
	if _, there := field(t, got, "data").(map[string]any)["approval"]; there {
		t.Error("an incident has an approval")
	}
}

func TestOnlyAQuestionHasALink(t *testing.T) {
	a := &news.Approval{ID: "app_1", Created: at, Actions: []string{"restart web"}}
	asked := news.Notice{Kind: news.ApprovalNeeded, Approval: a}
	if got := field(t, write(t, Homeostat, asked), "data.approval.answer_url"); got != "https://h.example/answer/app_1" {
		t.Errorf("got link %v", got)
	}
	if got := field(t, write(t, Alertmanager, asked), "alerts.annotations.answer_url"); got != "https://h.example/answer/app_1" {
		t.Errorf("got link %v among annotations", got)
	}
	asked.Kind = news.ApprovalExpired
	if got := field(t, write(t, Homeostat, asked), "data.approval.answer_url"); got != nil {
		t.Errorf("got link %v to a question that is over", got)
	}
}

func TestAlertmanagerFormatFiresAndResolves(t *testing.T) {
	begin, end := write(t, Alertmanager, incident(false)), write(t, Alertmanager, incident(true))
	for path, want := range map[string]any{
		"version": "4", "status": "firing", "receiver": "homeostat", "externalURL": "https://h.example", "truncatedAlerts": 0.0,
		"groupLabels.alertname": "HomeostatIncident", "alerts.status": "firing", "alerts.labels.alertname": "HomeostatIncident",
		"alerts.labels.severity": "low", "alerts.labels.host": "shop-1", "alerts.annotations.summary": "web hangs",
		"alerts.startsAt": "2026-01-02T03:04:05Z", "alerts.endsAt": "0001-01-01T00:00:00Z", "commonLabels.component": "web",
	} {
		if v := field(t, begin, path); v != want {
			t.Errorf("%s: got %v, want %v", path, v, want)
		}
	}
	for path, want := range map[string]any{"status": "resolved", "alerts.status": "resolved", "alerts.startsAt": "2026-01-02T03:04:05Z", "alerts.endsAt": "2026-01-02T03:05:05Z"} {
		if v := field(t, end, path); v != want {
			t.Errorf("at the end %s: got %v, want %v", path, v, want)
		}
	}
	for _, path := range []string{"alerts.fingerprint", "groupKey"} {
		if a, b := field(t, begin, path), field(t, end, path); a != b || a == "" {
			t.Errorf("%s: got %v at the beginning and %v at the end, want the same", path, a, b)
		}
	}
}

func TestEveryKindIsAnAlert(t *testing.T) {
	kinds := []news.Kind{
		news.IncidentOpened, news.IncidentRaised, news.IncidentHandedOver, news.IncidentResolved, news.ApprovalNeeded, news.ApprovalAnswered,
		news.ApprovalExpired, news.ChangeRolledBack, news.ChangeStuck, news.SelfUndone, news.DetectorBlind, news.DetectorSees, news.Test,
	}
	subjects := []news.Notice{
		{Incident: &news.Incident{ID: "a"}}, {Approval: &news.Approval{ID: "b"}}, {Change: &news.Change{ID: "c"}}, {Detector: &news.Detector{Name: "d"}}, {ID: "e"},
	}
	prints := map[any]bool{}
	for n, kind := range kinds {
		notice := subjects[n%len(subjects)]
		notice.Kind, notice.At = kind, at
		got := write(t, Alertmanager, notice)
		if name := field(t, got, "alerts.labels.alertname"); name == "" {
			t.Errorf("%s has no name among alerts", kind)
		}
	}
	for _, notice := range subjects {
		notice.Kind = news.Test
		prints[field(t, write(t, Alertmanager, notice), "alerts.fingerprint")] = true
	}
	if len(prints) != len(subjects) {
		t.Errorf("%d subjects have %d fingerprints", len(subjects), len(prints))
	}
	if len(alertOf) != len(kinds) {
		t.Errorf("%d kinds are alerts, want %d", len(alertOf), len(kinds))
	}
}

func TestUnknownFormatIsRefused(t *testing.T) {
	if _, err := Write("pigeon", incident(false), around()); err == nil || !strings.Contains(err.Error(), "pigeon") {
		t.Errorf("got %v, want an error that names it", err)
	}
}
