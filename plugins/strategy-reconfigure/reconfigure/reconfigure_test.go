package reconfigure_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/plugins/strategy-reconfigure/reconfigure"
	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/plugintest"
	"github.com/homeostat/homeostat/sdk/serve"
	"github.com/homeostat/homeostat/sdk/serve/settings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// rules move the workers up when requests wait, and the cache on; and down when
// memory is short.
const rules = `
[[rules]]
kind = "threshold"
signal = "requests_waiting*"
parameter = "workers"
step = 4
[[rules]]
kind = "threshold"
signal = "requests_waiting"
parameter = "cache"
to = "on"
[[rules]]
signal = "rss_bytes"
parameter = "workers"
step = -4
`

type fataler interface {
	Helper()
	Fatalf(string, ...any)
}

func strategy(t fataler, toml string) *reconfigure.Strategy {
	t.Helper()
	var c reconfigure.Config
	if problems := settings.Decode([]byte(toml), &c); len(problems) > 0 {
		t.Fatalf("the settings: %v", problems)
	}
	s, err := reconfigure.New(c, sdk.Env{})
	if err != nil {
		t.Fatalf("new: %v", err)
	}
	return s.(*reconfigure.Strategy)
}

func number(n float64) sdk.Value { return sdk.Value{Number: n} }

// parameters are 8 workers and a cache that is off.
func parameters() []sdk.Parameter {
	return []sdk.Parameter{
		{Component: "web", Name: "workers", Type: sdk.TypeInt, Min: 1, Max: 32, MaxStep: 8, Default: number(8), Value: number(8)},
		{Component: "web", Name: "cache", Type: sdk.TypeChoice, Choices: []string{"on", "off"}, Value: sdk.Value{Choice: "off"}},
	}
}

// incident is one of a signal of the web process.
func incident(id, signal string) sdk.Incident {
	return sdk.Incident{
		ID: id, Component: "web", Components: []string{"web"}, Signature: "web:threshold/" + signal, Now: now, Opened: now,
		Anomalies:  []sdk.Anomaly{{Component: "web", Kind: sdk.AnomalyThreshold, Signal: signal, Severity: sdk.SeverityMedium, Start: now, Summary: signal + " is high"}},
		Parameters: parameters(),
	}
}

func propose(t fataler, s *reconfigure.Strategy, in sdk.Incident) sdk.Proposal {
	t.Helper()
	p, err := s.Propose(context.Background(), in)
	if err != nil {
		t.Fatalf("propose: %v", err)
	}
	if err := p.Validate(); err != nil || p.Reason == "" {
		t.Fatalf("the proposal is not valid: %v, %+v", err, p)
	}
	return p
}

// values returns what is to be set.
func values(p sdk.Proposal) map[string]sdk.Value {
	if len(p.Actions) != 1 {
		return nil
	}
	return p.Actions[0].(sdk.SetParameters).Values
}

// play lets a proposal be carried out and end with a result.
func play(t fataler, s *reconfigure.Strategy, in *sdk.Incident, result sdk.Result) map[string]sdk.Value {
	t.Helper()
	set := values(propose(t, s, *in))
	for i, p := range in.Parameters {
		if v, ok := set[p.Name]; ok && result != sdk.ResultRejected && result != sdk.ResultRecorded {
			in.Parameters[i].Value = v
		}
	}
	in.Now = in.Now.Add(time.Minute)
	o := sdk.Outcome{Incident: in.ID, Component: in.Component, Signature: in.Signature, Result: result, At: in.Now}
	if err := s.Learn(context.Background(), o); err != nil {
		t.Fatalf("learn: %v", err)
	}
	in.Now = in.Now.Add(time.Minute)
	return set
}

func TestStepsThatDoNotHelpAreTakenBackInStepsToo(t *testing.T) {
	s := strategy(t, rules+"\n")
	in := incident("inc_1", "requests_waiting_now") // the cache's rule is not for it
	for _, want := range []float64{12, 16, 20} {
		if got := play(t, s, &in, sdk.ResultFailed)["workers"]; got != number(want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
	for _, want := range []float64{12, 8} { // twelve down, at most eight at once
		if got := play(t, s, &in, sdk.ResultFailed)["workers"]; got != number(want) {
			t.Fatalf("back: got %v, want %v", got, want)
		}
	}
	p := propose(t, s, in)
	if len(p.Actions) != 0 || !strings.Contains(p.Reason, "left alone until") {
		t.Errorf("got %+v, want that the workers are left alone", p)
	}
	in.Now = in.Now.Add(25 * time.Hour)
	if got := values(propose(t, s, in))["workers"]; got != number(12) {
		t.Errorf("a day later: got %v, want another try", got)
	}
}

func TestStepThatTheHostTookBackIsFollowedByALargerOne(t *testing.T) {
	s := strategy(t, rules)
	in := incident("inc_1", "requests_waiting_now")
	for _, want := range []float64{12, 16} {
		if got := play(t, s, &in, sdk.ResultFailed)["workers"]; got != number(want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		in.Parameters = parameters()
	}
	if p := propose(t, s, in); len(p.Actions) != 0 || !strings.Contains(p.Reason, "a larger step is not allowed") {
		t.Errorf("got %+v, want no further step", p)
	}
	later := incident("inc_2", "requests_waiting_now")
	later.Now = in.Now.Add(time.Hour)
	if p := propose(t, s, later); len(p.Actions) != 0 || !strings.Contains(p.Reason, "left alone until") {
		t.Errorf("an hour later: got %+v, want that it is left alone", p)
	}
}

func TestStepBackIsMadeTogetherWithTheNextRemedy(t *testing.T) {
	s := strategy(t, "tries = 1\n"+rules)
	in := incident("inc_1", "requests_waiting")
	play(t, s, &in, sdk.ResultFailed)
	set := play(t, s, &in, sdk.ResultHealed)
	if set["workers"] != number(8) || set["cache"].Choice != "on" {
		t.Errorf("got %v, want the workers back and the cache on", set)
	}
}

func TestWhatHelpedIsTriedFirstNextTime(t *testing.T) {
	s := strategy(t, "tries = 1\n"+rules)
	in := incident("inc_1", "requests_waiting")
	play(t, s, &in, sdk.ResultFailed)
	play(t, s, &in, sdk.ResultHealed) // the cache
	later := incident("inc_2", "requests_waiting")
	later.Now = in.Now.Add(48 * time.Hour)
	p := propose(t, s, later)
	if set := values(p); len(set) != 1 || set["cache"].Choice != "on" || !strings.Contains(p.Reason, "helped 1 of 1 times") {
		t.Errorf("got %v (%s), want the cache first, and why", set, p.Reason)
	}
	text, err := s.Explain(t.Context(), "web")
	if err != nil || !strings.Contains(text, "cache to on against web:threshold/requests_waiting helped 1 of 1 times") {
		t.Errorf("explained: %q, %v", text, err)
	}
}

func TestStepThatHelpedIsKeptAndGoneOnFrom(t *testing.T) {
	s := strategy(t, rules)
	in := incident("inc_1", "requests_waiting")
	play(t, s, &in, sdk.ResultHealed)
	again := incident("inc_2", "requests_waiting")
	again.Now, again.Parameters = in.Now.Add(time.Hour), in.Parameters
	if set := values(propose(t, s, again)); set["workers"] != number(16) {
		t.Errorf("got %v, want 16 workers", set)
	}
	memory := incident("inc_3", "rss_bytes")
	memory.Now, memory.Parameters = in.Now.Add(time.Hour), in.Parameters
	if p := propose(t, s, memory); len(p.Actions) != 0 || !strings.Contains(p.Reason, "moved the other way") {
		t.Errorf("an hour later: got %+v, want no step down", p)
	}
	memory.Now = in.Now.Add(25 * time.Hour)
	if set := values(propose(t, s, memory)); set["workers"] != number(8) {
		t.Errorf("a day later: got %v, want 8 workers", set)
	}
}

func TestUnhelpfulStepOfAnIncidentThatIsOverIsTakenBackInTheNext(t *testing.T) {
	s := strategy(t, rules)
	in := incident("inc_1", "requests_waiting_now")
	play(t, s, &in, sdk.ResultFailed)
	next := incident("inc_2", "something_else")
	next.Now, next.Parameters = in.Now.Add(time.Hour), in.Parameters
	if set := values(propose(t, s, next)); set["workers"] != number(8) {
		t.Errorf("got %v, want 8 workers again", set)
	}
}

func TestValueThatSomebodyElseSetIsRespected(t *testing.T) {
	s := strategy(t, rules)
	in := incident("inc_1", "requests_waiting_now")
	play(t, s, &in, sdk.ResultFailed)
	in.Parameters[0].Value = number(25)
	if p := propose(t, s, in); len(p.Actions) != 0 || !strings.Contains(p.Reason, "somebody else set it to 25") {
		t.Errorf("got %+v, want to leave 25 alone", p)
	}
}

func TestMoveThatWasNotMadeCountsForNothing(t *testing.T) {
	for _, result := range []sdk.Result{sdk.ResultRecorded, sdk.ResultExpired} {
		s := strategy(t, rules)
		in := incident("inc_1", "requests_waiting_now")
		play(t, s, &in, result)
		in.Parameters = parameters()
		if set := values(propose(t, s, in)); set["workers"] != number(12) {
			t.Errorf("after %s: got %v, want the same again", result, set)
		}
	}
	s := strategy(t, rules)
	in := incident("inc_1", "requests_waiting_now")
	play(t, s, &in, sdk.ResultRejected)
	if p := propose(t, s, in); len(p.Actions) != 0 || !strings.Contains(p.Reason, "a person did not want it") {
		t.Errorf("after a no: got %+v", p)
	}
}

func TestRulesApplyOnlyWhereTheyFit(t *testing.T) {
	cases := map[string]struct {
		toml  string
		spoil func(*sdk.Incident)
		want  string // part of the reason
	}{
		"no parameters":        {rules, func(in *sdk.Incident) { in.Parameters = nil }, "no parameters"},
		"no rules":             {"", func(*sdk.Incident) {}, "no rule"},
		"another signal":       {rules, func(in *sdk.Incident) { in.Anomalies[0].Signal = "x" }, "no rule"},
		"another kind":         {rules, func(in *sdk.Incident) { in.Anomalies[0].Kind = sdk.AnomalyExit }, "no rule"},
		"another's anomaly":    {rules, func(in *sdk.Incident) { in.Anomalies[0].Component = "store" }, "no rule"},
		"it is over":           {rules, func(in *sdk.Incident) { in.Anomalies[0].Ended = true }, "no rule"},
		"at the bound":         {rules, func(in *sdk.Incident) { in.Parameters[0].Value = number(32) }, "cannot go further"},
		"another component":    {"[[rules]]\ncomponent = \"store\"\nparameter = \"workers\"\nstep = 1\n", func(*sdk.Incident) {}, "no rule"},
		"no such choice":       {"[[rules]]\nparameter = \"cache\"\nto = \"half\"\n", func(*sdk.Incident) {}, "none of the choices"},
		"a step for a choice":  {"[[rules]]\nparameter = \"cache\"\nstep = 1\n", func(*sdk.Incident) {}, "none of the choices"},
		"a text for a number":  {"[[rules]]\nparameter = \"workers\"\nto = \"9\"\n", func(*sdk.Incident) {}, "no step"},
		"the reading is low":   {"[[rules]]\nparameter = \"workers\"\nstep = 1\nreading = \"cpu\"\nabove = 50\n", reading(40), "no rule"},
		"forbidden":            {"[[rules]]\nparameter = \"workers\"\nstep = 1\n", func(in *sdk.Incident) { in.Forbidden = many() }, "forbidden combination"},
		"of the host's memory": {rules, func(in *sdk.Incident) { in.Component = "host" }, "no rule"},
	}
	for name, c := range cases {
		in := incident("inc_1", "requests_waiting_now")
		c.spoil(&in)
		if p := propose(t, strategy(t, c.toml), in); len(p.Actions) != 0 || !strings.Contains(p.Reason, c.want) {
			t.Errorf("%s: got %+v, want nothing and %q", name, p, c.want)
		}
	}
	in := incident("inc_1", "requests_waiting_now")
	reading(60)(&in)
	if set := values(propose(t, strategy(t, cases["the reading is low"].toml), in)); set["workers"] != number(9) {
		t.Errorf("the reading is high: got %v, want 9 workers", set)
	}
}

// reading gives the web process a cpu signal.
func reading(value float64) func(*sdk.Incident) {
	return func(in *sdk.Incident) {
		in.Readings = []sdk.Reading{{Component: "store", Signal: "cpu", Value: 99}, {Component: "web", Signal: "cpu", Value: value}}
	}
}

func many() []sdk.Forbidden {
	return []sdk.Forbidden{{All: []sdk.Condition{{Parameter: "workers", Is: sdk.CompareAbove, Value: number(8)}, {Parameter: "cache", Is: sdk.CompareEqual, Value: sdk.Value{Choice: "off"}}}}}
}

func TestRulesThatMakeNoSenseAreRefused(t *testing.T) {
	for toml, want := range map[string]string{
		"[[rules]]\nparameter = \"a\"\n":                                       "rule 1, for a: want either step or to",
		"[[rules]]\nparameter = \"a\"\nstep = 1\nto = \"x\"\n":                 "rule 1, for a: want either step or to",
		"[[rules]]\nparameter = \"a\"\nstep = 1\nabove = 4\n":                  "above and below mean nothing without reading",
		"[[rules]]\nparameter = \"a\"\nstep = 1\nreading = \"x\"\nevery = 1\n": "every counts from above or below",
		"[[rules]]\nparameter = \"a\"\nstep = 1\n[[rules]]\nparameter=\"b\"":   "rule 2, for b",
	} {
		var c reconfigure.Config
		if problems := settings.Decode([]byte(toml), &c); len(problems) > 0 {
			t.Fatalf("%s: %v", toml, problems)
		}
		if _, err := reconfigure.New(c, sdk.Env{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", toml, err, want)
		}
	}
}

func TestStrategyKeepsThePromisesOfAPlugin(t *testing.T) {
	plugintest.Strategy(t, serve.NewStrategy("reconfigure", "0.1.0", reconfigure.New), plugintest.Case{
		Config: rules, Incidents: []sdk.Incident{incident("inc_1", "requests_waiting"), incident("inc_2", "rss_bytes"), {Component: "web"}},
	})
}
