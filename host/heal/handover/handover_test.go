package handover

import (
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func TestPersonIsCalledWhenSomethingFailedOrNothingWasOnOffer(t *testing.T) {
	failed := []sdk.Attempt{{Strategy: "restart", Result: sdk.ResultFailed}}
	cases := map[string]struct {
		severity sdk.Severity
		attempts []sdk.Attempt
		age      time.Duration
		called   bool
	}{
		"mild":             {sdk.SeverityLow, failed, time.Hour, false},
		"fresh":            {sdk.SeverityMedium, nil, time.Minute, false},
		"only recorded":    {sdk.SeverityHigh, []sdk.Attempt{{Result: sdk.ResultRecorded}}, time.Minute, false},
		"something failed": {sdk.SeverityMedium, failed, time.Second, true},
		"nothing on offer": {sdk.SeverityHigh, nil, patience, true},
	}
	for name, c := range cases {
		in := sdk.Incident{Component: "web", Severity: c.severity, Attempts: c.attempts, Opened: noon, Now: noon.Add(c.age)}
		p, err := Strategy{}.Propose(t.Context(), in)
		if err != nil || (len(p.Actions) > 0) != c.called || p.Validate() != nil || p.Reason == "" {
			t.Errorf("%s: proposed %+v, %v; want a person called: %v", name, p, err, c.called)
		}
	}
}

func TestMessageHoldsWhatIsKnownAndStaysBounded(t *testing.T) {
	in := sdk.Incident{
		Component: "web", Opened: noon, Severity: sdk.SeverityHigh,
		Anomalies:  []sdk.Anomaly{{Component: "web", Summary: "no answer"}},
		Attempts:   []sdk.Attempt{{Strategy: "restart", Actions: []sdk.ActionKind{sdk.KindRestart}, Result: sdk.ResultFailed, Text: "still failing"}},
		Changes:    []sdk.ChangeRef{{Component: "web", Text: "web.toml was edited", Applied: noon}},
		Suspects:   []sdk.Suspect{{Component: "store", Text: "web needs it"}, {Component: "web"}},
		Parameters: []sdk.Parameter{{Name: "workers", Value: sdk.Value{Number: 8}}},
		Logs:       []sdk.LogLine{{Text: "panic: no memory"}},
	}
	got := Message(in)
	for _, want := range []string{"web needs a person", "no answer", "restart [restart]: failed still failing", "web.toml was edited", "store: web needs it", "workers = 8", "panic: no memory"} {
		if !strings.Contains(got, want) {
			t.Errorf("the message %q does not say %q", got, want)
		}
	}
	for range 200 {
		in.Anomalies = append(in.Anomalies, sdk.Anomaly{Summary: strings.Repeat("é", 3000)})
	}
	in.Logs = []sdk.LogLine{{Text: strings.Repeat("x", 1<<20)}}
	if got := Message(in); len(got) > sdk.MaxText || !strings.Contains(got, "and 196 more") {
		t.Errorf("a message of %d bytes, want at most %d, and that there are more anomalies", len(got), sdk.MaxText)
	}
}
