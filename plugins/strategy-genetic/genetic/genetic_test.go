package genetic

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/plugins/internal/evolve/arms"
	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/plugintest"
	"github.com/homeostat/homeostat/sdk/serve"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// parameters are four of a web service, with their defaults as present values.
func parameters() []sdk.Parameter {
	list := []sdk.Parameter{
		{Name: "workers", Type: sdk.TypeInt, Min: 1, Max: 64, Default: sdk.Value{Number: 4}},
		{Name: "cache", Type: sdk.TypeLogInt, Min: 16, Max: 65536, Default: sdk.Value{Number: 64}},
		{Name: "timeout", Type: sdk.TypeFloat, Min: 0.1, Max: 10, Default: sdk.Value{Number: 5}},
		{Name: "spread", Type: sdk.TypeFloat, Min: 0, Max: 1, Default: sdk.Value{Number: 0.5}},
	}
	for i := range list {
		list[i].Component, list[i].Value = "web", list[i].Default
	}
	return list
}

// model is a cost that is least, 10, at 40 workers, a cache of 4096, a timeout of
// one second and no spread.
func model(v map[string]sdk.Value) float64 {
	a := (v["workers"].Number - 40) / 20
	b := math.Log2(v["cache"].Number/4096) / 3
	c := v["timeout"].Number - 1
	d := v["spread"].Number
	return 10 + 20*(a*a+b*b+c*c/4+d*d)
}

func strategy(t testing.TB) *Strategy {
	t.Helper()
	s, err := New(Config{ControlWait: time.Second}, sdk.Env{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	return s.(*Strategy)
}

// spend uses up a round's budget on the model.
func spend(t testing.TB, s *Strategy, p sdk.Problem) {
	t.Helper()
	for told := 0; ; {
		list, err := s.Ask(context.Background(), p, 16)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return
		}
		var scores []sdk.Score
		for _, g := range list {
			values, err := p.Decode(g.Genes)
			if err != nil {
				t.Fatalf("genome %d: %v", g.ID, err)
			}
			scores = append(scores, sdk.Score{Genome: g.ID, Value: model(values)})
		}
		if err := s.Tell(context.Background(), p, scores); err != nil {
			t.Fatal(err)
		}
		if told += len(scores); told > p.Budget {
			t.Fatalf("%d candidates for a budget of %d", told, p.Budget)
		}
	}
}

func problem() sdk.Problem {
	return sdk.Problem{Component: "web", Parameters: parameters(), Budget: 1500, Round: 1}
}

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func incident(n int, p []sdk.Parameter) sdk.Incident {
	return sdk.Incident{
		ID: fmt.Sprint("inc_", n), Component: "web", Components: []string{"web"}, Signature: "web:probe", Severity: sdk.SeverityMedium,
		Now: now.Add(time.Duration(n) * time.Hour), Parameters: p, Status: []sdk.ComponentStatus{{Name: "web", State: sdk.StateFailing}},
	}
}

func propose(t testing.TB, s *Strategy, in sdk.Incident) sdk.Proposal {
	t.Helper()
	p, err := s.Propose(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Validate(); err != nil || p.Reason == "" {
		t.Fatalf("proposal %+v: %v", p, err)
	}
	return p
}

// carryOut puts the values of a proposal in force.
func carryOut(list []sdk.Parameter, p sdk.Proposal) {
	for _, a := range p.Actions {
		if set, ok := a.(sdk.SetParameters); ok {
			for i := range list {
				if v, ok := set.Values[list[i].Name]; ok {
					list[i].Value = v
				}
			}
		}
	}
}

func valuesIn(list []sdk.Parameter) map[string]sdk.Value {
	out := map[string]sdk.Value{}
	for _, p := range list {
		out[p.Name] = p.Value
	}
	return out
}

func TestStrategyKeepsTheRulesOfPlugins(t *testing.T) {
	plugintest.Strategy(t, serve.NewStrategy(Name, "0.1.0", New), plugintest.Case{
		Config:    `control_wait = "1s"`,
		Incidents: []sdk.Incident{incident(1, parameters()), incident(2, nil), incident(3, parameters()), incident(4, parameters())},
	})
}

func TestNothingIsOfferedWithoutAPopulation(t *testing.T) {
	broken := parameters()
	broken[0].Min, broken[0].Max = 0, 0
	for name, c := range map[string]struct {
		list []sdk.Parameter
		want string
	}{
		"no parameters":              {nil, "nothing to move"},
		"nothing evolved yet":        {parameters(), "model"},
		"a parameter without bounds": {broken, "bounds"},
	} {
		if p := propose(t, strategy(t), incident(1, c.list)); len(p.Actions) > 0 || !strings.Contains(p.Reason, c.want) {
			t.Errorf("%s: got %+v, want no actions and a reason with %q", name, p, c.want)
		}
	}
}

func TestOtherKindsOfIncidentsAreLeftToOthers(t *testing.T) {
	s := strategy(t)
	spend(t, s, problem())
	s.config.Kinds = []string{sdk.AnomalyThreshold}
	in := incident(1, parameters())
	in.Anomalies = []sdk.Anomaly{{Component: "web", Kind: sdk.AnomalyExit}}
	if p := propose(t, s, in); len(p.Actions) > 0 || !strings.Contains(p.Reason, "kinds threshold") {
		t.Errorf("a crash: got %+v", p)
	}
	in.Anomalies = append(in.Anomalies, sdk.Anomaly{Component: "web", Kind: sdk.AnomalyThreshold})
	if p := propose(t, s, in); len(p.Actions) == 0 {
		t.Errorf("a threshold: got %+v, want settings", p)
	}
}

func TestEvolvedSettingsAreTriedOncePerIncident(t *testing.T) {
	s := strategy(t)
	spend(t, s, problem())
	first := propose(t, s, incident(1, parameters()))
	if len(first.Actions) != 1 {
		t.Fatalf("got %+v, want one action", first)
	}
	for range 20 { // another strategy was preferred, and it is asked once more
		if again := propose(t, s, incident(1, parameters())); !reflect.DeepEqual(again, first) {
			t.Fatalf("asked again: got %+v, want %+v", again, first)
		}
	}
	in := incident(2, parameters())
	in.Attempts = []sdk.Attempt{{Strategy: Name, Actions: []sdk.ActionKind{sdk.KindSetParameters}, Result: sdk.ResultFailed}}
	if again := propose(t, s, in); len(again.Actions) > 0 {
		t.Errorf("a candidate after an attempt that the host remembers: %+v", again)
	}
}

// play lives through incidents whose time to recover is what the settings cost.
func play(t *testing.T, s *Strategy, list []sdk.Parameter, truth func(map[string]sdk.Value) float64) (mean float64) {
	t.Helper()
	const count = 75
	for range count {
		in := incident(len(s.trials), list)
		carryOut(list, propose(t, s, in))
		cost := truth(valuesIn(list))
		mean += cost / float64(count)
		o := sdk.Outcome{Incident: in.ID, Component: "web", Signature: in.Signature, Result: sdk.ResultHealed, Downtime: time.Duration(cost * float64(time.Second))}
		if err := s.Learn(context.Background(), o); err != nil {
			t.Fatal(err)
		}
	}
	return mean
}

func TestGoodModelMakesIncidentsShorter(t *testing.T) {
	s := strategy(t)
	spend(t, s, problem())
	base := model(valuesIn(parameters()))
	if mean := play(t, s, parameters(), model); mean > base/2 {
		t.Errorf("incidents take %.1f s, with the default %.1f s; want half", mean, base)
	}
	text, err := s.Explain(context.Background(), "web")
	if err != nil || !strings.Contains(text, "proven better than the default") || strings.Contains(text, "not listened") {
		t.Errorf("explained as %q, %v", text, err)
	}
}

func TestModelThatLiesDoesLittleHarm(t *testing.T) {
	s := strategy(t)
	spend(t, s, problem())
	base := model(valuesIn(parameters()))
	opposite := func(v map[string]sdk.Value) float64 { return base * base / model(v) }
	list := parameters()
	play(t, s, list, opposite) // what is evolved is up to 24 times as dear here, and has to be found out
	if mean := play(t, s, list, opposite); mean > 1.1*base {
		t.Errorf("incidents take %.1f s in the end, with the default %.1f s", mean, base)
	}
	text, err := s.Explain(context.Background(), "web")
	if err != nil || !strings.Contains(text, "not listened") {
		t.Errorf("explained as %q, %v", text, err)
	}
}

func TestPresentSettingsThatAreDrawnAreGivenTimeAndNotMoved(t *testing.T) {
	list := parameters()
	list[2].Min, list[2].Max, list[2].Default.Number, list[2].Value.Number = 0.05, 20, 2, 2 // which does not survive its gene to the last digit
	p := problem()
	p.Parameters = list
	s := strategy(t)
	spend(t, s, p)
	waits := 0
	for n := range 20 {
		in := incident(n, list)
		got := propose(t, s, in)
		switch a := got.Actions[0].(type) {
		case sdk.Wait:
			waits++
		case sdk.SetParameters:
			for name, v := range a.Values {
				i := slices.IndexFunc(list, func(p sdk.Parameter) bool { return p.Name == name })
				if math.Abs(v.Number-list[i].Value.Number) < 1e-6 {
					t.Errorf("%s moves from %v to %v", name, list[i].Value.Number, v.Number)
				}
			}
		}
		o := sdk.Outcome{Incident: in.ID, Component: "web", Signature: in.Signature, Result: sdk.ResultHealed, Downtime: 20 * time.Second}
		if err := s.Learn(context.Background(), o); err != nil {
			t.Fatal(err)
		}
	}
	if waits == 0 {
		t.Error("the default never had its turn")
	}
}

func TestStepsAreNoLargerThanAllowedAndProveNothing(t *testing.T) {
	s, p := strategy(t), problem()
	spend(t, s, p)
	near := parameters()
	for i := range near {
		near[i].MaxStep = 2
	}
	// Of other steps, so another schema: the arms are carried in by hand.
	r, err := s.record(sdk.Problem{Component: "web", Parameters: near})
	if err != nil {
		t.Fatal(err)
	}
	for _, old := range s.records {
		if len(old.search.Elites()) > 0 {
			r.table("web:probe", sdk.Problem{Component: "web", Parameters: near}).Refresh(old.baseArm(p), old.eliteArms(p, &arms.Table{}))
		}
	}
	for n := range 5 {
		in := incident(n, near)
		got := propose(t, s, in)
		for name, v := range got.Actions[0].(sdk.SetParameters).Values {
			i := slices.IndexFunc(near, func(p sdk.Parameter) bool { return p.Name == name })
			was := near[i].Value.Number
			if near[i].Type == sdk.TypeLogInt && (v.Number > 2*was || v.Number < was/2) || near[i].Type != sdk.TypeLogInt && math.Abs(v.Number-was) > 2+1e-9 {
				t.Errorf("%s moves from %v to %v", name, was, v.Number)
			}
		}
		if s.trials[in.ID].Arm != "" {
			t.Error("a step on the way counts as a trial of the arm")
		}
	}
}

func TestChangedDeclarationSetsThePopulationAsideAndBringsItBack(t *testing.T) {
	s := strategy(t)
	spend(t, s, problem())
	other := parameters()
	other[0].Max = 32
	if p := propose(t, s, incident(1, other)); len(p.Actions) > 0 {
		t.Errorf("settings of another declaration were offered: %+v", p)
	}
	if text, _ := s.Explain(context.Background(), "web"); !strings.Contains(text, "set aside") {
		t.Errorf("explained as %q", text)
	}
	if p := propose(t, s, incident(2, parameters())); len(p.Actions) == 0 {
		t.Errorf("the population did not come back with its declaration: %s", p.Reason)
	}
}

func TestOutcomesThatSayNothingAreNoTrials(t *testing.T) {
	s := strategy(t)
	spend(t, s, problem())
	for n, result := range []sdk.Result{sdk.ResultRejected, sdk.ResultExpired, sdk.ResultAborted, sdk.ResultRecorded} {
		in := incident(n, parameters())
		propose(t, s, in)
		if err := s.Learn(context.Background(), sdk.Outcome{Incident: in.ID, Signature: in.Signature, Result: result, Downtime: time.Second}); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range s.records {
		for _, a := range r.Tables["web:probe"].Arms {
			if len(a.Costs) > 0 {
				t.Errorf("arm %s has costs %v", a.Key, a.Costs)
			}
		}
	}
}
