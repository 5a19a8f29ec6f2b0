package revert_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/plugins/strategy-revert/revert"
	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/plugintest"
	"github.com/homeostat/homeostat/sdk/serve"
	"github.com/homeostat/homeostat/sdk/serve/settings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

type fataler interface {
	Helper()
	Fatalf(string, ...any)
}

func propose(t fataler, toml string, in sdk.Incident) sdk.Proposal {
	t.Helper()
	var c revert.Config
	if problems := settings.Decode([]byte(toml), &c); len(problems) > 0 {
		t.Fatalf("the settings: %v", problems)
	}
	s, err := revert.New(c, sdk.Env{})
	if err != nil {
		t.Fatalf("new: %v", err)
	}
	p, err := s.Propose(context.Background(), in)
	if err != nil {
		t.Fatalf("propose: %v", err)
	}
	if err := p.Validate(); err != nil || p.Reason == "" {
		t.Fatalf("the proposal is not valid: %v, %+v", err, p)
	}
	return p
}

// undoes returns the change that is to be undone, empty for none.
func undoes(p sdk.Proposal) string {
	if len(p.Actions) != 1 {
		return ""
	}
	r, _ := p.Actions[0].(sdk.RollbackChange)
	return r.Change
}

// incident is a web process that fails since ten seconds, a minute after a
// change of it.
func incident() sdk.Incident {
	return sdk.Incident{
		ID: "inc_1", Component: "web", Components: []string{"web"}, Now: now, Opened: now.Add(-10 * time.Second), Severity: sdk.SeverityMedium,
		Anomalies: []sdk.Anomaly{{Component: "web", Kind: sdk.AnomalyProbe, Severity: sdk.SeverityMedium, Start: now.Add(-10 * time.Second), Summary: "web does not answer"}},
		Changes: []sdk.ChangeRef{
			{ID: "mod_1", Kind: sdk.ChangeRecorded, Component: "web", Root: "shop", Applied: now.Add(-70 * time.Second), Paths: []string{"conf/web.toml"}},
		},
	}
}

// cases are incidents with a change, and the change that is to be undone.
var cases = map[string]struct {
	spoil func(*sdk.Incident)
	want  string
	words string
}{
	"as it is": {func(*sdk.Incident) {}, "mod_1", "began 1m0s after change mod_1 of web (conf/web.toml)"},
	"the newer of two": {func(in *sdk.Incident) {
		older := in.Changes[0]
		older.ID, older.Applied = "mod_0", now.Add(-5*time.Minute)
		in.Changes = append(in.Changes, older)
	}, "mod_1", ""},
	"the older one when the newer did not help": {func(in *sdk.Incident) {
		older := in.Changes[0]
		older.ID, older.Applied = "mod_0", now.Add(-5*time.Minute)
		in.Changes = append(in.Changes, older)
		in.Attempts = []sdk.Attempt{{Actions: []sdk.ActionKind{sdk.KindRollbackChange}, Targets: []string{"mod_1"}, Result: sdk.ResultFailed}}
	}, "mod_0", ""},
	"not after the change that came too late": {func(in *sdk.Incident) {
		later := in.Changes[0]
		later.ID, later.Applied = "mod_2", now.Add(-5*time.Second)
		in.Changes = append([]sdk.ChangeRef{later}, in.Changes...)
	}, "mod_1", ""},
	"not twice": {func(in *sdk.Incident) {
		in.Attempts = []sdk.Attempt{{Actions: []sdk.ActionKind{sdk.KindRollbackChange}, Targets: []string{"mod_1"}, Result: sdk.ResultFailed}}
	}, "", "did not help"},
	"not what a person did not want": {func(in *sdk.Incident) {
		in.Attempts = []sdk.Attempt{{Actions: []sdk.ActionKind{sdk.KindRollbackChange}, Targets: []string{"mod_1"}, Result: sdk.ResultRejected}}
	}, "", "did not help"},
	"again after an attempt that was broken off": {func(in *sdk.Incident) {
		in.Attempts = []sdk.Attempt{{Actions: []sdk.ActionKind{sdk.KindRollbackChange}, Targets: []string{"mod_1"}, Result: sdk.ResultAborted}}
	}, "mod_1", ""},
	"after a restart that did not help": {func(in *sdk.Incident) {
		in.Attempts = []sdk.Attempt{{Actions: []sdk.ActionKind{sdk.KindRestart}, Targets: []string{"web"}, Result: sdk.ResultFailed}}
	}, "mod_1", ""},
	"the failure began before": {func(in *sdk.Incident) { in.Changes[0].Applied = now.Add(-9 * time.Second) }, "", "before change mod_1"},
	"the incident was open before": {func(in *sdk.Incident) {
		in.Opened = now.Add(-2 * time.Minute) // a crash loop, and the change was to help
	}, "", "before change mod_1"},
	"outside the window": {func(in *sdk.Incident) { in.Changes[0].Applied = now.Add(-31 * time.Minute) }, "", "more than the window of 30m"},
	"edited by hand since": {func(in *sdk.Incident) {
		in.Changes = append(in.Changes, sdk.ChangeRef{Kind: sdk.ChangeFile, Component: "web", Applied: now.Add(-20 * time.Second), Paths: []string{"/srv/shop/conf/web.toml"}})
	}, "", "web.toml was edited after change mod_1"},
	"another file was edited": {func(in *sdk.Incident) {
		in.Changes = append(in.Changes, sdk.ChangeRef{Kind: sdk.ChangeFile, Component: "web", Applied: now.Add(-20 * time.Second), Paths: []string{"/srv/shop/conf/old-web.toml"}})
	}, "mod_1", ""},
	"edited before it": {func(in *sdk.Incident) {
		in.Changes = append(in.Changes, sdk.ChangeRef{Kind: sdk.ChangeFile, Component: "web", Applied: now.Add(-2 * time.Minute), Paths: []string{"/srv/shop/conf/web.toml"}})
	}, "mod_1", ""},
	"an edit and a package cannot be undone": {func(in *sdk.Incident) {
		in.Changes[0].Kind, in.Changes[0].ID = sdk.ChangePackage, ""
	}, "", "no change of web is known"},
	"of another component":                 {func(in *sdk.Incident) { in.Changes[0].Component = "store" }, "", "no change of web"},
	"of the dependency that is suspected":  {func(in *sdk.Incident) { suspect(in, "store", "web") }, "mod_1", "of store"},
	"of a dependency that is less suspect": {func(in *sdk.Incident) { suspect(in, "web", "store") }, "", "no change of web"},
	"the failure is mild":                  {func(in *sdk.Incident) { in.Anomalies[0].Severity = sdk.SeverityLow }, "", "no anomaly"},
	"the failure is over":                  {func(in *sdk.Incident) { in.Anomalies[0].Ended = true }, "", "no anomaly"},
	"it is a blind detector":               {func(in *sdk.Incident) { in.Anomalies[0].Kind = sdk.AnomalyBlind }, "", "no anomaly"},
	"nothing changed":                      {func(in *sdk.Incident) { in.Changes = nil }, "", "no change of web is known"},
}

func TestWhatChangedLastBeforeTheFailureIsUndone(t *testing.T) {
	for name, c := range cases {
		in := incident()
		c.spoil(&in)
		p := propose(t, "", in)
		if got := undoes(p); got != c.want || !strings.Contains(p.Reason, c.words) {
			t.Errorf("%s: got %q (%s), want %q and %q", name, got, p.Reason, c.want, c.words)
		}
	}
}

// suspect puts the change down to the store, with the suspects in this order.
func suspect(in *sdk.Incident, first, second string) {
	in.Changes[0].Component = "store"
	in.Suspects = []sdk.Suspect{{Component: first, Score: 0.8}, {Component: second, Score: 0.4}}
}

func TestSettingsNarrowWhatIsUndone(t *testing.T) {
	for toml, want := range map[string]string{
		`window = "59s"`:       "",
		`window = "61s"`:       "mod_1",
		`severity = "high"`:    "",
		`ignore = ["probe"]`:   "",
		`dependencies = false`: "mod_1",
	} {
		if got := undoes(propose(t, toml, incident())); got != want {
			t.Errorf("%s: got %q, want %q", toml, got, want)
		}
	}
	in := incident()
	suspect(&in, "store", "web")
	if got := undoes(propose(t, `dependencies = false`, in)); got != "" {
		t.Errorf("a dependency's change: got %q, want none", got)
	}
}

func TestConfidenceFallsWithTheTimeSinceTheChange(t *testing.T) {
	soon, late := incident(), incident()
	soon.Changes[0].Applied = now.Add(-11 * time.Second)
	late.Changes[0].Applied = now.Add(-29 * time.Minute)
	a, b := propose(t, "", soon).Confidence, propose(t, "", late).Confidence
	if !(a > b) || a > 0.9 || b < 0.4 {
		t.Errorf("got %v right after the change and %v at the end of the window", a, b)
	}
}

// TestNoChangeIsUndoneThatCannotBeTheCause draws incidents and holds every
// proposal to the rules, whatever else is in them.
func TestNoChangeIsUndoneThatCannotBeTheCause(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		second := rapid.Map(rapid.IntRange(0, 3000), func(n int) time.Time { return now.Add(-time.Duration(n) * time.Second) })
		in := incident()
		in.Opened = second.Draw(t, "opened")
		in.Anomalies[0].Start = second.Draw(t, "start")
		in.Changes = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) sdk.ChangeRef {
			return sdk.ChangeRef{
				ID: rapid.SampledFrom([]string{"mod_1", "mod_2", "mod_3"}).Draw(t, "id"), Kind: sdk.ChangeRecorded,
				Component: rapid.SampledFrom([]string{"web", "store"}).Draw(t, "component"), Applied: second.Draw(t, "applied"),
			}
		}), 0, 5).Draw(t, "changes")
		in.Attempts = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) sdk.Attempt {
			return sdk.Attempt{
				Actions: []sdk.ActionKind{sdk.KindRollbackChange}, Targets: []string{rapid.SampledFrom([]string{"mod_1", "mod_2"}).Draw(t, "target")},
				Result: rapid.SampledFrom([]sdk.Result{sdk.ResultFailed, sdk.ResultAborted}).Draw(t, "result"),
			}
		}), 0, 3).Draw(t, "attempts")
		id := undoes(propose(t, "", in))
		for _, a := range in.Attempts {
			if id != "" && a.Targets[0] == id && a.Result == sdk.ResultFailed {
				t.Fatalf("%s is to be undone again", id)
			}
		}
		for _, c := range in.Changes {
			began := in.Opened
			if in.Anomalies[0].Start.Before(began) {
				began = in.Anomalies[0].Start
			}
			if c.ID == id && c.Component == "web" && !began.Before(c.Applied) && began.Sub(c.Applied) <= 30*time.Minute {
				return
			}
		}
		if id != "" {
			t.Fatalf("%s is to be undone, and cannot be the cause: %+v", id, in)
		}
	})
}

func TestStrategyKeepsThePromisesOfAPlugin(t *testing.T) {
	empty := incident()
	empty.Changes = nil
	plugintest.Strategy(t, serve.NewStrategy("revert", "0.1.0", revert.New), plugintest.Case{Config: `window = "1h"`, Incidents: []sdk.Incident{incident(), empty}})
}
