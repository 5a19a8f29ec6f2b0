package isolate

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/plugintest"
	"github.com/homeostat/homeostat/sdk/serve"
	"github.com/homeostat/homeostat/sdk/serve/settings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// incident is of a web whose link to the store has these figures.
func incident(c sdk.Circuit) sdk.Incident {
	return sdk.Incident{
		ID: "inc_1", Component: "web", Components: []string{"web"}, Now: now,
		Anomalies: []sdk.Anomaly{{Component: "web", Kind: sdk.AnomalyProbe, Severity: sdk.SeverityMedium}},
		Status:    []sdk.ComponentStatus{{Name: "web", State: sdk.StateFailing}},
		Links: []sdk.Link{
			{From: "web", To: "store", Depends: true, Circuit: &c}, {From: "web", To: "store", Circuit: &c}, {From: "web", To: "cache"},
		},
	}
}

func ill() sdk.Circuit {
	return sdk.Circuit{State: sdk.CircuitClosed, Measured: true, Requests: 8, Bad: 6}
}

func propose(t interface {
	Helper()
	Fatalf(string, ...any)
}, in sdk.Incident) sdk.Proposal {
	t.Helper()
	var c Config
	if problems := settings.Decode([]byte(""), &c); len(problems) > 0 {
		t.Fatalf("the defaults: %v", problems)
	}
	s, err := New(c, sdk.Env{})
	if err != nil {
		t.Fatalf("new: %v", err)
	}
	p, err := s.Propose(context.Background(), in)
	if err == nil {
		err = p.Validate()
	}
	if err != nil || p.Reason == "" {
		t.Fatalf("proposal %+v: %v, want a valid one with a reason", p, err)
	}
	return p
}

// does names the actions of a proposal.
func does(p sdk.Proposal) string {
	var words []string
	for _, a := range p.Actions {
		words = append(words, string(a.Kind())+" "+a.Target())
	}
	return strings.Join(words, ", ")
}

func TestLinkToWhatAilsIsOpenedOnceAndOnlyOnEvidence(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*sdk.Incident, *sdk.Circuit)
		want   string
	}{
		"most requests fail or are late": {func(*sdk.Incident, *sdk.Circuit) {}, "open_link web->store"},
		"too few requests to tell":       {func(_ *sdk.Incident, c *sdk.Circuit) { c.Requests, c.Bad = 2, 2 }, ""},
		"most requests are well":         {func(_ *sdk.Incident, c *sdk.Circuit) { c.Bad = 3 }, ""},
		"no request at all":              {func(_ *sdk.Incident, c *sdk.Circuit) { c.Requests, c.Bad = 0, 0 }, ""},
		"open already":                   {func(_ *sdk.Incident, c *sdk.Circuit) { c.State = sdk.CircuitOpen }, "wait web"},
		"being tried":                    {func(_ *sdk.Incident, c *sdk.Circuit) { c.State = sdk.CircuitHalfOpen }, "wait web"},
		"held by a person":               {func(_ *sdk.Incident, c *sdk.Circuit) { c.State, c.Hold = sdk.CircuitOpen, true }, ""},
		"the caller does not suffer":     {func(in *sdk.Incident, _ *sdk.Circuit) { in.Component, in.Components = "store", []string{"store"} }, ""},
		"the callee leads the incident": {func(in *sdk.Incident, _ *sdk.Circuit) {
			in.Component, in.Components = "store", []string{"store", "web"}
		}, "open_link web->store"},
		"nothing counts, the callee is fine": {func(_ *sdk.Incident, c *sdk.Circuit) { *c = sdk.Circuit{State: sdk.CircuitClosed} }, ""},
		"nothing counts, the callee is down": {func(in *sdk.Incident, c *sdk.Circuit) {
			*c = sdk.Circuit{State: sdk.CircuitClosed}
			in.Component, in.Components = "store", []string{"store", "web"}
			in.Status = append(in.Status, sdk.ComponentStatus{Name: "store", State: sdk.StateDown})
		}, "open_link web->store"},
	} {
		circuit := ill()
		in := incident(circuit)
		c.change(&in, &circuit)
		for i := range in.Links[:2] {
			in.Links[i].Circuit = &circuit
		}
		if p := propose(t, in); does(p) != c.want {
			t.Errorf("%s: got %q (%s), want %q", name, does(p), p.Reason, c.want)
		}
	}
}

func TestEachOpeningInTheSameIncidentWaitsTwiceAsLong(t *testing.T) {
	in := incident(ill())
	if p := propose(t, in); !p.NotBefore.IsZero() {
		t.Errorf("the first: not before %v, want at once", p.NotBefore)
	}
	for n, want := range []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second} {
		in.Attempts = append(in.Attempts, sdk.Attempt{Actions: []sdk.ActionKind{sdk.KindOpenLink}, At: now, Result: sdk.ResultFailed})
		if got := propose(t, in).NotBefore.Sub(now); got != want {
			t.Errorf("after %d openings: waits %v, want %v", n+1, got, want)
		}
	}
	in.Attempts = append(in.Attempts, sdk.Attempt{Actions: []sdk.ActionKind{sdk.KindOpenLink}, At: now.Add(time.Hour), Result: sdk.ResultRejected})
	if got := propose(t, in).NotBefore.Sub(now); got != 20*time.Second {
		t.Errorf("after one that a person rejected: waits %v, want what it was", got)
	}
}

func TestLinkThatACommandOpenedIsClosedWhenTheCalleeLooksWell(t *testing.T) {
	in := incident(sdk.Circuit{State: sdk.CircuitOpen, Since: now})
	p := propose(t, in)
	if does(p) != "close_link web->store" || p.NotBefore.Sub(now) != 5*time.Second {
		t.Errorf("got %q in %v, want to close it in 5s", does(p), p.NotBefore.Sub(now))
	}
	in.Components = append(in.Components, "store")
	in.Status = append(in.Status, sdk.ComponentStatus{Name: "store", State: sdk.StateDown})
	if p := propose(t, in); does(p) != "wait web" {
		t.Errorf("while the callee is down: got %q, want to wait", does(p))
	}
}

func TestWorstLinkComesFirst(t *testing.T) {
	in := incident(ill())
	worse := sdk.Circuit{State: sdk.CircuitClosed, Measured: true, Requests: 8, Bad: 8}
	in.Links = append(in.Links, sdk.Link{From: "web", To: "search", Circuit: &worse})
	if got, want := does(propose(t, in)), "open_link web->search, open_link web->store"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// drawn is any incident with any circuits.
func drawn(t *rapid.T) sdk.Incident {
	names := []string{"a", "b", "c"}
	in := sdk.Incident{Component: "a", Components: rapid.SliceOfNDistinct(rapid.SampledFrom(names), 1, 3, rapid.ID[string]).Draw(t, "components"), Now: now}
	in.Component = in.Components[0]
	for range rapid.IntRange(0, 40).Draw(t, "links") {
		c := sdk.Circuit{
			State: rapid.SampledFrom([]sdk.CircuitState{sdk.CircuitClosed, sdk.CircuitOpen, sdk.CircuitHalfOpen}).Draw(t, "state"),
			Hold:  rapid.Bool().Draw(t, "hold"), Measured: rapid.Bool().Draw(t, "measured"),
			Requests: rapid.IntRange(-1, 20).Draw(t, "requests"), Bad: rapid.IntRange(-1, 20).Draw(t, "bad"),
		}
		in.Links = append(in.Links, sdk.Link{
			From: rapid.SampledFrom(names).Draw(t, "from"), To: rapid.SampledFrom(names).Draw(t, "to"), Circuit: &c,
		})
	}
	for _, name := range in.Components {
		in.Status = append(in.Status, sdk.ComponentStatus{Name: name, State: rapid.SampledFrom([]sdk.ComponentState{sdk.StateUp, sdk.StateDown, sdk.StateFailing}).Draw(t, "status")})
	}
	return in
}

func TestNoProposalTouchesAHeldLinkOrOneOfAnotherCaller(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawn(t)
		for _, a := range propose(t, in).Actions {
			if a.Kind() == sdk.KindWait {
				continue
			}
			allowed := false
			for _, l := range circuits(in) {
				open := a.Kind() == sdk.KindOpenLink
				allowed = allowed || l.From+"->"+l.To == a.Target() && (open == (l.Circuit.State == sdk.CircuitClosed)) && (open || !l.Circuit.Hold)
			}
			if !allowed {
				t.Fatalf("%s %s in %+v", a.Kind(), a.Target(), in)
			}
		}
	})
}

func TestSuite(t *testing.T) {
	healthy := incident(sdk.Circuit{State: sdk.CircuitClosed, Measured: true, Requests: 100})
	plugintest.Strategy(t, serve.NewStrategy("isolate", "0.1.0", New), plugintest.Case{
		Config: "requests = 4\n", Incidents: []sdk.Incident{incident(ill()), healthy, incident(sdk.Circuit{State: sdk.CircuitOpen, Measured: true}), {}},
	})
}
