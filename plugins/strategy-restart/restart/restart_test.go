package restart

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/serve/settings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// strategy returns one with the defaults of the tags.
func strategy(t interface {
	Helper()
	Fatalf(string, ...any)
}) sdk.Strategy {
	t.Helper()
	var c Config
	if problems := settings.Decode([]byte(""), &c); len(problems) > 0 {
		t.Fatalf("the defaults: %v", problems)
	}
	s, err := New(c, sdk.Env{})
	if err != nil {
		t.Fatalf("new: %v", err)
	}
	return s
}

// incident is a crash of the web, with restart orders so many seconds ago.
func incident(ago ...time.Duration) sdk.Incident {
	in := sdk.Incident{
		Component: "web", Components: []string{"web"}, Now: now,
		Anomalies: []sdk.Anomaly{{Component: "web", Kind: sdk.AnomalyExit, Severity: sdk.SeverityMedium, Summary: "web ended"}},
		Status:    []sdk.ComponentStatus{{Name: "web", State: sdk.StateDown}},
		Restarts:  sdk.RestartLimit{Max: 5, Window: 10 * time.Minute},
	}
	for _, a := range ago {
		in.Status[0].Starts = append(in.Status[0].Starts, now.Add(-a))
	}
	return in
}

func propose(t *testing.T, in sdk.Incident) sdk.Proposal {
	t.Helper()
	p, err := strategy(t).Propose(context.Background(), in)
	if err != nil {
		t.Fatalf("propose: %v", err)
	}
	if err := p.Validate(); err != nil {
		t.Fatalf("the proposal is not valid: %v", err)
	}
	if p.Reason == "" {
		t.Error("the proposal gives no reason")
	}
	return p
}

func restarts(p sdk.Proposal) bool {
	return len(p.Actions) == 1 && p.Actions[0].Kind() == sdk.KindRestart
}

func TestBackOffDoublesAndStartsAgainAfterSustainedHealth(t *testing.T) {
	cases := map[string]struct {
		ago  []time.Duration
		wait time.Duration // from now; zero or less means at once
	}{
		"the first":                        {nil, 0},
		"the second":                       {[]time.Duration{0}, time.Second},
		"the third":                        {[]time.Duration{2 * time.Second, 0}, 2 * time.Second},
		"the fourth":                       {[]time.Duration{9 * time.Second, 2 * time.Second, 0}, 4 * time.Second},
		"after a minute of health":         {[]time.Duration{70 * time.Second, 61 * time.Second}, 0},
		"one early crash after long peace": {[]time.Duration{8 * time.Minute, 0}, time.Second},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p := propose(t, incident(c.ago...))
			if !restarts(p) || p.Probing {
				t.Fatalf("got %+v, want an ordinary restart", p)
			}
			if wait := p.NotBefore.Sub(now); max(wait, 0) != c.wait {
				t.Errorf("it waits %v, want %v", wait, c.wait)
			}
		})
	}
}

func TestRestartLimitLeavesOneTrialInAWhile(t *testing.T) {
	ago := []time.Duration{300 * time.Second, 200 * time.Second, 100 * time.Second, 60 * time.Second, 10 * time.Second}
	p := propose(t, incident(ago...))
	if !restarts(p) || !p.Probing {
		t.Fatalf("got %+v, want a probing restart", p)
	}
	if wait := p.NotBefore.Sub(now); wait != 20*time.Second || !strings.Contains(p.Reason, "limit") {
		t.Errorf("it waits %v (%s), want 30 s after the last one", wait, p.Reason)
	}
	if p := propose(t, incident(ago[:4]...)); p.Probing {
		t.Error("the limit was applied below it")
	}
}

func TestHungProcessGetsAShortGraceAndADeadOneNone(t *testing.T) {
	in := incident()
	if got := propose(t, in).Actions[0].(sdk.Restart).Grace; got != 0 {
		t.Errorf("a process that is gone gets a grace of %v, want the component's own", got)
	}
	in.Anomalies[0].Kind, in.Status[0].State, in.Status[0].PID = sdk.AnomalyProbe, sdk.StateFailing, 100
	if got := propose(t, in).Actions[0].(sdk.Restart).Grace; got != time.Second {
		t.Errorf("a hung process gets a grace of %v, want 1s", got)
	}
	in.Anomalies[0].Kind = sdk.AnomalyThreshold
	if got := propose(t, in).Actions[0].(sdk.Restart).Grace; got != 0 {
		t.Errorf("a process over a limit gets a grace of %v, want the component's own", got)
	}
}

func TestProcessThatFailsForCertainWithinItsGraceIsRestarted(t *testing.T) {
	in := incident()
	in.Anomalies[0].Kind, in.Status[0].State, in.Status[0].PID = sdk.AnomalyProbe, sdk.StateStarting, 100
	in.Status[0].Probes = []sdk.ProbeResult{{Name: "http", Verdict: sdk.Inconclusive}}
	if p := propose(t, in); restarts(p) {
		t.Errorf("got %+v for a slow start, want patience", p)
	}
	in.Status[0].Probes[0].Verdict = sdk.Fail
	if p := propose(t, in); !restarts(p) {
		t.Errorf("got %+v for a process that is held by a signal, want a restart", p)
	}
}

func TestRestartIsNotTheRemedyForEverything(t *testing.T) {
	cases := map[string]struct {
		spoil func(*sdk.Incident)
		want  sdk.ActionKind // empty for no action
	}{
		"in its start grace": {func(in *sdk.Incident) { in.Status[0].State = sdk.StateStarting }, sdk.KindWait},
		"stopped on purpose": {func(in *sdk.Incident) { in.Status[0].State = sdk.StateStopped }, ""},
		"unknown component":  {func(in *sdk.Incident) { in.Status = nil }, ""},
		"a mild threshold": {func(in *sdk.Incident) {
			in.Anomalies[0].Kind, in.Anomalies[0].Severity = sdk.AnomalyThreshold, sdk.SeverityLow
		}, ""},
		"an anomaly of others": {func(in *sdk.Incident) { in.Anomalies[0].Component = "store" }, ""},
		"the host itself": {func(in *sdk.Incident) {
			in.Component, in.Anomalies[0].Component, in.Status[0].Name = "host", "host", "host"
		}, ""},
		"an anomaly that ended": {func(in *sdk.Incident) { in.Anomalies[0].Ended = true }, ""},
		"a blind detector":      {func(in *sdk.Incident) { in.Anomalies[0].Kind = sdk.AnomalyBlind }, ""},
		"could not be stopped":  {func(in *sdk.Incident) { in.Anomalies[0].Kind = sdk.AnomalyCouldNotStop }, sdk.KindHandOver},
		"in that state":         {func(in *sdk.Incident) { in.Status[0].State = sdk.StateCouldNotStop }, sdk.KindHandOver},
		"it waits for what is behind a link": {func(in *sdk.Incident) {
			in.Status[0].State = sdk.StateFailing
			in.Links = []sdk.Link{{From: "web", To: "store", Circuit: &sdk.Circuit{State: sdk.CircuitClosed, Measured: true, Requests: 4, Bad: 3}}}
		}, ""},
		"to cut the link was in vain": {func(in *sdk.Incident) {
			in.Status[0].State = sdk.StateFailing
			in.Attempts = []sdk.Attempt{{Actions: []sdk.ActionKind{sdk.KindOpenLink}, Result: sdk.ResultFailed}}
			in.Links = []sdk.Link{{From: "web", To: "store", Circuit: &sdk.Circuit{State: sdk.CircuitClosed, Measured: true, Requests: 4, Bad: 3}}}
		}, sdk.KindRestart},
		"its dependency is down": {func(in *sdk.Incident) {
			in.Links = []sdk.Link{{From: "web", To: "store", Depends: true}}
			in.Status = append(in.Status, sdk.ComponentStatus{Name: "store", State: sdk.StateDown})
		}, sdk.KindWait},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := incident()
			c.spoil(&in)
			p := propose(t, in)
			switch {
			case c.want == "" && len(p.Actions) != 0:
				t.Errorf("got %+v, want no action", p)
			case c.want != "" && (len(p.Actions) != 1 || p.Actions[0].Kind() != c.want):
				t.Errorf("got %+v, want %s", p, c.want)
			}
		})
	}
}

// TestCrashLoopStaysWithinTenStartsAMinuteAndIsNeverGivenUp plays a component
// that ends right after each start, with random delays in the host, and looks
// at every window of a minute.
func TestCrashLoopStaysWithinTenStartsAMinuteAndIsNeverGivenUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := strategy(t)
		at, starts := now, []time.Time(nil)
		for at.Before(now.Add(30 * time.Minute)) {
			in := incident()
			in.Now, in.Status[0].Starts = at, starts
			p, err := s.Propose(context.Background(), in)
			if err != nil || len(p.Actions) == 0 {
				t.Fatalf("at %v: %+v, %v: it gave up", at.Sub(now), p, err)
			}
			if p.NotBefore.After(at) {
				if wait := p.NotBefore.Sub(at); wait > 45*time.Second {
					t.Fatalf("at %v: the next try is %v away, at most 45 s are allowed", at.Sub(now), wait)
				}
				at = p.NotBefore
				continue
			}
			starts = append(starts, at)
			at = at.Add(time.Duration(rapid.IntRange(1, 5000).Draw(t, "delay")) * time.Millisecond)
		}
		for i := range starts {
			if n := len(starts[i:]); n > 10 && starts[i+10].Sub(starts[i]) < time.Minute {
				t.Fatalf("11 starts in %v from %v on", starts[i+10].Sub(starts[i]), starts[i].Sub(now))
			}
		}
	})
}

func TestTheSameQuestionHasTheSameAnswer(t *testing.T) {
	in := incident(3*time.Second, time.Second)
	a, b := propose(t, in), propose(t, in)
	if a.Reason != b.Reason || !a.NotBefore.Equal(b.NotBefore) || !slices.Equal(a.Actions, b.Actions) {
		t.Errorf("got %+v and %+v", a, b)
	}
}

func BenchmarkPropose(b *testing.B) {
	s := strategy(b)
	in := incident(200*time.Second, 100*time.Second, 10*time.Second)
	for b.Loop() {
		if _, err := s.Propose(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
}

func TestTheWaitBeforeAFirstRestartIsLearnedAndSaved(t *testing.T) {
	s := strategy(t)
	play := func(s sdk.Strategy, id string, at time.Duration, result sdk.Result) sdk.Proposal {
		in := incident()
		in.ID, in.Signature, in.Opened = id, "web:exit", now.Add(-at)
		p, err := s.Propose(context.Background(), in)
		if err != nil {
			t.Fatalf("propose: %v", err)
		}
		if err := s.(sdk.Learner).Learn(context.Background(), sdk.Outcome{Incident: id, Signature: "web:exit", Result: result}); err != nil {
			t.Fatalf("learn: %v", err)
		}
		return p
	}
	for range 5 {
		if p := play(s, "inc", 0, sdk.ResultFailed); p.NotBefore.After(now) {
			t.Fatalf("got %v before anything lasted later, want at once", p.NotBefore)
		}
	}
	for range 5 {
		play(s, "inc", 9*time.Second, sdk.ResultHealed)
	}
	data, err := s.(sdk.Stateful).SaveState()
	if err != nil {
		t.Fatalf("save: %v", err)
	}
	again := strategy(t)
	if err := again.(sdk.Stateful).LoadState(data); err != nil {
		t.Fatalf("load: %v", err)
	}
	p := play(again, "last", 0, sdk.ResultHealed)
	if want := now.Add(8 * time.Second); !p.NotBefore.Equal(want) || !strings.Contains(p.Reason, "lasted in") {
		t.Errorf("got %v (%s), want %v and why", p.NotBefore, p.Reason, want)
	}
}
