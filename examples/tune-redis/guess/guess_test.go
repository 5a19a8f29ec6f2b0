package guess

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/examples/tune-redis/service"
	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func propose(t *testing.T, way string, in sdk.Incident) sdk.Proposal {
	t.Helper()
	s, err := New(Config{Way: way, Seed: 1}, sdk.Env{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Propose(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range p.Actions {
		if err := a.Validate(); err != nil {
			t.Errorf("%s: %v", way, err)
		}
	}
	return p
}

var incident = sdk.Incident{Component: "redis", Parameters: []sdk.Parameter{
	{Component: "redis", Name: "maxmemory", Type: sdk.TypeLogInt, Min: 8, Max: 64, Default: sdk.Value{Number: 24}, Value: sdk.Value{Number: 9}},
	{Component: "redis", Name: "hz", Type: sdk.TypeInt, Min: 10, Max: 100, Default: sdk.Value{Number: 10}, Value: sdk.Value{Number: 10}},
}}

func TestRunbookRestartsThenSetsTheDefaultsThatDiffer(t *testing.T) {
	if p := propose(t, Runbook, incident); len(p.Actions) != 1 || p.Actions[0].Kind() != sdk.KindRestart {
		t.Errorf("first: got %+v, want a restart", p)
	}
	again := incident
	again.Attempts = []sdk.Attempt{{Strategy: "guess"}}
	p := propose(t, Runbook, again)
	set, ok := p.Actions[0].(sdk.SetParameters)
	if !ok || len(set.Values) != 1 || set.Values["maxmemory"].Number != 24 {
		t.Errorf("second: got %+v, want maxmemory back at 24", p)
	}
	again.Parameters = []sdk.Parameter{incident.Parameters[1]}
	if p := propose(t, Runbook, again); len(p.Actions) != 0 {
		t.Errorf("nothing differs: got %+v, want no action", p)
	}
}

func TestRandomStaysInTheSetAndDocumentedDoesNot(t *testing.T) {
	random, err := New(Config{Way: Random, Seed: 1}, sdk.Env{})
	if err != nil {
		t.Fatal(err)
	}
	documented, err := New(Config{Way: Documented, Seed: 1}, sdk.Env{})
	if err != nil {
		t.Fatal(err)
	}
	outside := 0
	for range 200 {
		p, err := random.Propose(t.Context(), incident)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range p.Actions {
			if m := a.(sdk.SetParameters).Values["maxmemory"]; m.Number != 0 && (m.Number < 8 || m.Number > 64) {
				t.Fatalf("maxmemory %v is outside 8 to 64", m)
			}
		}
		p, err = documented.Propose(t.Context(), incident)
		if err != nil {
			t.Fatal(err)
		}
		file := p.Actions[0].(sdk.SubmitChange).Files[0]
		if len(service.Parse(string(file.Content)).Outside()) > 0 {
			outside++
		}
	}
	if outside < 150 {
		t.Errorf("%d of 200 documented settings are outside the declared set, want most", outside)
	}
}

func TestWhatIsKnownToHelpIsSetOnce(t *testing.T) {
	in := incident
	in.Parameters = []sdk.Parameter{incident.Parameters[0], incident.Parameters[1]}
	in.Parameters[0].Min, in.Parameters[0].Max = 8<<20, 64<<20
	p := propose(t, Known, in)
	set, ok := p.Actions[0].(sdk.SetParameters)
	if !ok || len(set.Values) != 1 || set.Values["maxmemory"].Number != 48<<20 {
		t.Fatalf("got %+v, want 48 MiB and nothing else, for the rest is the default", p)
	}
	in.Parameters[0].Value = set.Values["maxmemory"]
	if p := propose(t, Known, in); len(p.Actions) != 0 {
		t.Errorf("when it is set: got %+v, want no action", p)
	}
}
