package alerts

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// posted is the shape that Alertmanager 0.25 and later post, with what this
// package does not read.
const posted = `{
  "receiver": "homeostat", "status": "firing",
  "alerts": [
    {
      "status": "firing",
      "labels": {"alertname": "HighErrorRate", "instance": "web:9100", "job": "shop", "severity": "critical"},
      "annotations": {"description": "5 % of the answers are errors", "summary": "many errors"},
      "startsAt": "2026-01-02T03:00:00.123Z", "endsAt": "0001-01-01T00:00:00Z",
      "generatorURL": "http://prometheus:9090/graph?g0.expr=up", "fingerprint": "2e1ad4e1b4b3cd5c"
    },
    {
      "status": "resolved",
      "labels": {"alertname": "TargetDown", "component": "store", "severity": "warning"},
      "annotations": {},
      "startsAt": "2026-01-02T02:00:00Z", "endsAt": "2026-01-02T03:03:00Z", "generatorURL": "", "fingerprint": "bd6a8f0ad7b6b3c1"
    }
  ],
  "groupLabels": {"alertname": "HighErrorRate"}, "commonLabels": {}, "commonAnnotations": {},
  "externalURL": "http://alertmanager:9093", "version": "4", "groupKey": "{}:{alertname=\"HighErrorRate\"}", "truncatedAlerts": 0
}`

func mapping() Mapping {
	return Mapping{
		Labels: []string{"component", "job", "instance"}, Components: map[string]string{"10.0.0.7:9100": "web", "node": "host"},
		Severities: map[string]sdk.Severity{"sev1": sdk.SeverityCritical}, TTL: 5 * time.Hour,
		Known: func(name string) bool { return name == "web" || name == "store" },
	}
}

func parse(t *testing.T, text string) Payload {
	t.Helper()
	var p Payload
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPostedAlertsBecomeAnomalies(t *testing.T) {
	p := parse(t, posted)
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	got := mapping().Findings(p, now)
	if len(got) != 2 {
		t.Fatalf("got %+v, want two findings", got)
	}
	a := got[0].Anomaly
	if a.Component != "web" || a.Key != "alert/2e1ad4e1b4b3cd5c" || a.Kind != "alert" || a.Severity != sdk.SeverityHigh || a.Ended ||
		a.TTL != 5*time.Hour || a.Summary != "alert HighErrorRate: many errors" || !a.Start.Equal(time.Date(2026, 1, 2, 3, 0, 0, 123e6, time.UTC)) {
		t.Errorf("got %+v", a)
	}
	if b := got[1].Anomaly; b.Component != "store" || !b.Ended || b.Severity != sdk.SeverityLow || got[1].Firing {
		t.Errorf("got %+v, want the end of what store has", b)
	}
	for _, f := range got {
		if err := f.Anomaly.Validate(); err != nil {
			t.Error(err)
		}
	}
}

func TestLabelsNameTheComponent(t *testing.T) {
	cases := []struct {
		labels map[string]string
		want   string
		words  string
	}{
		{map[string]string{"component": "web", "job": "store"}, "web", `component="web" names it`},
		{map[string]string{"component": "unheard", "job": "store"}, "store", `job="store" names it`},
		{map[string]string{"instance": "web:9100"}, "web", `instance="web:9100" names it`},
		{map[string]string{"instance": "10.0.0.7:9100"}, "web", "stands for web"},
		{map[string]string{"instance": "[::1]:9100", "job": "node"}, "host", "stands for host"},
		{map[string]string{"instance": "10.0.0.8:9100"}, "host", "no label of component, job, instance names a component: it counts for the host"},
		{map[string]string{"component": "", "job": ""}, "host", "no label"},
		{nil, "host", "no label"},
		{map[string]string{"component": "host"}, "host", "names it"},
	}
	for _, c := range cases {
		if got, why := mapping().component(c.labels); got != c.want || !strings.Contains(why, c.words) {
			t.Errorf("%v: got %s because %q, want %s because %q", c.labels, got, why, c.want, c.words)
		}
	}
}

func TestSeveritiesAreRead(t *testing.T) {
	cases := map[string]sdk.Severity{
		"": sdk.SeverityMedium, "info": sdk.SeverityLow, "Warning": sdk.SeverityLow, "error": sdk.SeverityMedium,
		"critical": sdk.SeverityHigh, "page": sdk.SeverityHigh, "sev1": sdk.SeverityCritical, "purple": sdk.SeverityMedium,
	}
	for word, want := range cases {
		if got := mapping().severity(word); got != want {
			t.Errorf("%q: got %v, want %v", word, got, want)
		}
	}
	if got := ParseSeverities(map[string]string{"Sev1": "critical", "x": "purple"}); len(got) != 1 || got["sev1"] != sdk.SeverityCritical {
		t.Errorf("got %v, want sev1 alone", got)
	}
}

func TestWrongPayloadsAreRefusedWhole(t *testing.T) {
	alert := `{"status": "firing", "labels": {"alertname": "A"}}`
	many := strings.Repeat(alert+",", MaxAlerts) + alert
	labels := make([]string, maxLabels+1)
	for n := range labels {
		labels[n] = fmt.Sprintf(`"l%d": "x"`, n)
	}
	cases := map[string]struct{ text, want string }{
		"empty":       {`{}`, `version "": want "4"`},
		"old":         {`{"version": "3", "alerts": [` + alert + `]}`, `version "3": want "4"`},
		"no alerts":   {`{"version": "4", "alerts": []}`, "alerts: there are none"},
		"too many":    {`{"version": "4", "alerts": [` + many + `]}`, "alerts: 1001 of them, at most 1000"},
		"no status":   {`{"version": "4", "alerts": [` + alert + `, {"labels": {"alertname": "A"}}]}`, `alerts[1].status: "", want firing or resolved`},
		"no name":     {`{"version": "4", "alerts": [{"status": "firing"}]}`, "alerts[0].labels: alertname is missing"},
		"many labels": {`{"version": "4", "alerts": [{"status": "firing", "labels": {"alertname": "A", ` + strings.Join(labels, ",") + `}}]}`, "at most 64 each"},
	}
	for name, c := range cases {
		if err := parse(t, c.text).Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestSameAlertTwiceIsOne(t *testing.T) {
	p := parse(t, `{"version": "4", "alerts": [
		{"status": "firing", "labels": {"alertname": "A", "x": "1"}}, {"status": "firing", "labels": {"alertname": "A", "x": "2"}},
		{"status": "resolved", "labels": {"x": "1", "alertname": "A"}}]}`)
	got := mapping().Findings(p, now)
	if len(got) != 2 || got[0].Firing || !got[1].Firing || got[0].Fingerprint == got[1].Fingerprint {
		t.Errorf("got %+v, want the first resolved and another that fires", got)
	}
}

func TestStartInTheFutureIsNow(t *testing.T) {
	p := parse(t, `{"version": "4", "alerts": [{"status": "firing", "labels": {"alertname": "A"}, "startsAt": "2027-01-01T00:00:00Z"}]}`)
	if got := mapping().Findings(p, now)[0].Anomaly.Start; !got.Equal(now) {
		t.Errorf("got a start at %v, want now", got)
	}
}

// FuzzFindings holds what anybody may post to the rules of anomalies.
func FuzzFindings(f *testing.F) {
	f.Add([]byte(posted))
	f.Add([]byte(`{"version":"4","alerts":[{"status":"firing","labels":{"alertname":"` + strings.Repeat("é", maxText) + `"},"fingerprint":"../x"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var p Payload
		if json.Unmarshal(text, &p) != nil || p.Validate() != nil {
			return
		}
		for _, found := range mapping().Findings(p, now) {
			if err := found.Anomaly.Validate(); err != nil || found.Anomaly.Start.After(now) {
				t.Errorf("%+v: %v", found, err)
			}
		}
	})
}
