package trials

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/heal/experiment"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var begin = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// disk keeps documents and audit records in their order.
type disk struct {
	docs   map[string][]byte
	steps  []string
	broken error
}

func (d *disk) Put(_ context.Context, kind, id string, doc []byte, _ time.Time) error {
	if d.broken != nil {
		return d.broken
	}
	d.steps = append(d.steps, "put "+kind)
	d.docs[id] = slices.Clone(doc)
	return nil
}

func (d *disk) List(context.Context, string, int) ([][]byte, error) {
	var out [][]byte
	for _, doc := range d.docs {
		out = append(out, doc)
	}
	return out, nil
}

func (d *disk) audit(kind string, _ map[string]any) error {
	d.steps = append(d.steps, "audit "+kind)
	return nil
}

func (d *disk) keeper(t *testing.T) *Keeper {
	t.Helper()
	k := New(hclog.NewNullLogger(), d, d.audit)
	if err := k.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return k
}

func set() experiment.Settings {
	return experiment.Settings{A: "restart", B: "start", Share: 0.5, MaxIncidents: 4, MaxTime: 24 * time.Hour, Longest: time.Minute}
}

func TestAnExperimentIsDurableBeforeItIsKnownAndOutlivesTheDaemon(t *testing.T) {
	d := &disk{docs: map[string][]byte{}, broken: errors.New("the disk is full")}
	k := d.keeper(t)
	k.Configure(t.Context(), set(), begin)
	if _, ok := k.Current("web", begin); ok {
		t.Fatal("want no experiment that could not be written down")
	}
	d.broken = nil
	k.Configure(t.Context(), set(), begin)
	first, ok := k.Current("web", begin)
	if want := []string{"audit experiment_begun", "audit experiment_begun", "put experiment"}; !ok || !slices.Equal(d.steps, want) {
		t.Fatalf("got steps %q, want %q", d.steps, want)
	}
	again := d.keeper(t)
	again.Configure(t.Context(), set(), begin.Add(time.Hour))
	if second, ok := again.Current("web", begin.Add(time.Hour)); !ok || second.ID != first.ID || second.Seed != first.Seed {
		t.Errorf("got %+v after a restart, want %+v", second, first)
	}
}

func TestOtherSettingsEndItAndAnotherNameBeginsAnew(t *testing.T) {
	d := &disk{docs: map[string][]byte{}}
	k := d.keeper(t)
	k.Configure(t.Context(), set(), begin)
	k.Configure(t.Context(), experiment.Settings{}, begin.Add(time.Hour))
	if _, ok := k.Current("web", begin.Add(time.Hour)); ok {
		t.Fatal("want it over when the settings name it no more")
	}
	k.Configure(t.Context(), set(), begin.Add(2*time.Hour))
	if _, ok := k.Current("web", begin.Add(2*time.Hour)); ok {
		t.Fatal("want what is over to stay so with the same settings")
	}
	named := set()
	named.MaxIncidents = 9000
	k.Configure(t.Context(), named, begin.Add(2*time.Hour))
	if got := k.Experiments()[0].MaxIncidents; got != set().MaxIncidents {
		t.Errorf("what is over shows a limit of %d incidents, want the one that it had", got)
	}
	named.Name = "second"
	k.Configure(t.Context(), named, begin.Add(3*time.Hour))
	if s, ok := k.Current("web", begin.Add(3*time.Hour)); !ok || s.Name != "second" {
		t.Fatalf("got %+v, want another one", s)
	}
	list := k.Experiments()
	if len(list) != 2 || list[0].Name != "second" || list[1].Outcome != experiment.OutcomeSettings {
		t.Errorf("got %+v, newest first", list)
	}
}

func incident(n int, s experiment.State) record.Incident {
	at := begin.Add(time.Duration(n) * time.Minute)
	end := at.Add(10 * time.Second)
	inc := record.Incident{ID: string(rune('a' + n)), Component: "web", Signature: "web:exit", Opened: at, Resolved: &end}
	choice := &record.Choice{Experiment: s.ID, Offers: []record.Offer{{Strategy: "restart", Propensity: 0.5}, {Strategy: "start", Propensity: 0.5}}}
	inc.Recoveries = []record.Recovery{{
		Strategy: s.Draw(inc.ID), ProposedAt: at, StartedAt: &at, HealthyAt: &end, EndedAt: &end, Result: sdk.ResultHealed, Choice: choice,
	}}
	return inc
}

func TestItEndsAtItsLimitAndTheEndIsDurable(t *testing.T) {
	d := &disk{docs: map[string][]byte{}}
	k := d.keeper(t)
	k.Configure(t.Context(), set(), begin)
	s, _ := k.Current("web", begin)
	for n := range 4 {
		k.Put(incident(n, s))
		k.Put(incident(n, s)) // the same again is the same
		k.Judge(t.Context(), begin.Add(time.Hour))
		if over := k.Experiments()[0].Ended != nil; over != (n == 3) {
			t.Errorf("over after %d incidents: %v, want the limit of 4", n+1, over)
		}
	}
	if got := d.keeper(t).Experiments()[0]; got.Outcome != experiment.OutcomeIncidents || len(k.Units()) != 4 {
		t.Errorf("got %+v after a restart", got)
	}
}

func TestADamagedExperimentIsSetAside(t *testing.T) {
	d := &disk{docs: map[string][]byte{"x": []byte(`{"id":"exp_1","share":9}`), "y": []byte(`{`)}}
	k := d.keeper(t)
	if got := k.Experiments(); len(got) != 0 {
		t.Fatalf("got %+v", got)
	}
	k.Configure(t.Context(), set(), begin)
	if _, ok := k.Current("web", begin); !ok {
		t.Error("want a new one to begin")
	}
}

func TestUnitsAreBounded(t *testing.T) {
	k := (&disk{docs: map[string][]byte{}}).keeper(t)
	inc := incident(0, experiment.State{ID: "exp_1"})
	for n := range maxUnits + 10 {
		inc.ID = time.Duration(n).String()
		k.Put(inc)
	}
	if got := k.Units(); len(got) != maxUnits || got[0].Incident != time.Duration(10).String() {
		t.Errorf("got %d units from %s on", len(got), got[0].Incident)
	}
}
