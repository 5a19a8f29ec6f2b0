package genetic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/plugins/internal/evolve/population"
	"github.com/homeostat/homeostat/sdk"
)

func TestSavedStrategyCarriesOnLikeTheOneThatSavedIt(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := strategy(t)
		p := problem()
		p.Budget = rapid.SampledFrom([]int{60, 400, 900}).Draw(rt, "budget")
		half(t, s, p, rapid.IntRange(0, 30).Draw(rt, "batches"))
		state, err := s.SaveState()
		if err != nil {
			rt.Fatal(err)
		}
		heir := strategy(t)
		if err := heir.LoadState(state); err != nil {
			rt.Fatal(err)
		}
		want, got := half(t, s, p, 20), half(t, heir, p, 20)
		if !reflect.DeepEqual(got, want) {
			rt.Fatalf("the heir asks for %v, want %v", got, want)
		}
		in := incident(1, parameters())
		if a, b := propose(t, s, in), propose(t, heir, in); !reflect.DeepEqual(a, b) {
			rt.Fatalf("the heir proposes %+v, want %+v", b, a)
		}
	})
}

// half evaluates some batches and returns what was asked for.
func half(t *testing.T, s *Strategy, p sdk.Problem, batches int) (asked []sdk.Genome) {
	t.Helper()
	for range batches {
		list, err := s.Ask(context.Background(), p, 8)
		if err != nil {
			t.Fatal(err)
		}
		asked = append(asked, list...)
		var scores []sdk.Score
		for _, g := range list {
			values, err := p.Decode(g.Genes)
			if err != nil {
				t.Fatal(err)
			}
			scores = append(scores, sdk.Score{Genome: g.ID, Value: model(values)})
		}
		if err := s.Tell(context.Background(), p, scores); err != nil {
			t.Fatal(err)
		}
	}
	return asked
}

func TestDamagedStateIsRefusedAndDoesNoHarm(t *testing.T) {
	s := strategy(t)
	spend(t, s, problem())
	state, err := s.SaveState()
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Replace(state, []byte(`"round":1`), []byte(`"round":2`), 1)
	if err := s.LoadState(damaged); !errors.Is(err, population.ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
	if p := propose(t, s, incident(1, parameters())); len(p.Actions) == 0 {
		t.Errorf("the population is gone after a refused state: %s", p.Reason)
	}
}

func TestPopulationWhoseInsideIsDamagedIsSetAside(t *testing.T) {
	s := strategy(t)
	spend(t, s, problem())
	state, err := s.SaveState()
	if err != nil {
		t.Fatal(err)
	}
	content, err := population.Open(state)
	if err != nil {
		t.Fatal(err)
	}
	heir := strategy(t)
	if err := heir.LoadState(population.Seal(bytes.Replace(content, []byte(`"kind":"cmaes"`), []byte(`"kind":"other"`), 1))); err != nil {
		t.Fatal(err)
	}
	list, err := heir.Ask(context.Background(), problem(), 5)
	if err != nil || len(list) == 0 {
		t.Errorf("the search did not begin anew: %v, %v", list, err)
	}
}

func TestStateOfManyComponentsStaysWithinItsLimit(t *testing.T) {
	s := strategy(t)
	for n := range mostRecords + 5 {
		p := sdk.Problem{Component: fmt.Sprint("c", n), Budget: 20_000, Round: 1}
		for i := range 40 {
			p.Parameters = append(p.Parameters, sdk.Parameter{Name: fmt.Sprint("p", i), Type: sdk.TypeFloat, Max: 1})
		}
		if _, err := s.Ask(context.Background(), p, 1); err != nil {
			t.Fatal(err)
		}
		half(t, s, sdk.Problem{Component: p.Component, Parameters: p.Parameters, Budget: 20_000, Round: 1}, 6)
	}
	state, err := s.SaveState()
	if err != nil || len(state) > sdk.MaxState || len(s.records) != mostRecords {
		t.Fatalf("%d bytes of %d records, %v", len(state), len(s.records), err)
	}
	heir := strategy(t)
	if err := heir.LoadState(state); err != nil || len(heir.records) != mostRecords {
		t.Errorf("%d records came back, %v", len(heir.records), err)
	}
}

// FuzzLoadState: bytes with a right checksum are refused, or used without harm.
func FuzzLoadState(f *testing.F) {
	s := strategy(f)
	spend(f, s, sdk.Problem{Component: "web", Parameters: parameters(), Budget: 60, Round: 1})
	propose(f, s, incident(1, parameters()))
	state, err := s.SaveState()
	if err != nil {
		f.Fatal(err)
	}
	content, err := population.Open(state)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	f.Add([]byte(`{"records":[null]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		s := strategy(t)
		if err := s.LoadState(population.Seal(content)); err != nil {
			return
		}
		propose(t, s, incident(2, parameters()))
		list, err := s.Ask(context.Background(), sdk.Problem{Component: "web", Parameters: parameters(), Budget: 60, Round: 1}, 5)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range list {
			for _, gene := range g.Genes {
				if !(gene >= 0 && gene <= 1) {
					t.Fatalf("genome %+v", g)
				}
			}
		}
		if state, err := s.SaveState(); err != nil || !json.Valid(bytes.SplitN(state, []byte{'\n'}, 2)[1]) {
			t.Fatal(err)
		}
	})
}
