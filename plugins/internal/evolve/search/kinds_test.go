package search

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// TestMethodFollowsFromBudgetAndChoices: a (1+1)-ES for few evaluations, the mixed
// search where there is a choice, and else two runs of CMA-ES to one of L-SHADE.
func TestMethodFollowsFromBudgetAndChoices(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(t, "n")
		space := Space{Levels: make([]int, n), Default: middle(n)}
		choice := rapid.Bool().Draw(t, "a choice")
		if choice {
			space.Levels[rapid.IntRange(0, n-1).Draw(t, "where")] = rapid.IntRange(2, 4).Draw(t, "levels")
		}
		budget := rapid.SampledFrom([]int{1, 499, 500, 501, 2000, 100_000}).Draw(t, "budget")
		s := New(space, rapid.Uint64().Draw(t, "seed"), Known{})
		s.Begin(1, budget)
		for run := range 9 {
			s.restart()
			want := kindCMA
			switch {
			case choice:
				want = kindMixed
			case budget <= 500:
				want = kindES
			case run%3 == 2:
				want = kindLSHADE
			}
			if s.kind != want {
				t.Fatalf("run %d of a budget of %d: %s, want %s", run, budget, s.kind, want)
			}
		}
	})
}

// TestChoicesAreDrawnInTheMiddleOfTheirShares: whatever is bred, a choice is one of
// its levels, and all of them are tried.
func TestChoicesAreDrawnInTheMiddleOfTheirShares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		levels := rapid.IntRange(2, 5).Draw(t, "levels")
		s := New(Space{Levels: []int{0, levels}, Default: []float64{0.5, 0.5 / float64(levels)}}, rapid.Uint64().Draw(t, "seed"), Known{})
		s.Begin(1, 400)
		seen := map[int]bool{}
		for !s.Over() {
			for _, c := range s.Ask(8) {
				seen[min(int(c.Genes[1]*float64(levels)), levels-1)] = true
				s.Tell(c.ID, bowl(c.Genes[:1]))
			}
		}
		if len(seen) != levels {
			t.Fatalf("of %d levels %d were tried", levels, len(seen))
		}
	})
}

func TestOtherMeasureBeginsAtTheElitesAndForgetsTheirCosts(t *testing.T) {
	space := Space{Levels: make([]int, 2), Default: middle(2)}
	s := New(space, 1, Known{})
	s.Begin(1, 300)
	for !s.Over() {
		for _, c := range s.Ask(8) {
			s.Tell(c.ID, bowl(c.Genes))
		}
	}
	before := s.Elites()
	s.Remeasure()
	if _, tested := s.Default(); tested || len(s.Elites()) != 0 {
		t.Fatalf("costs of the other measure are still there: %+v", s.Elites())
	}
	s.Begin(2, 300)
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	heir, err := Load(space, text)
	if err != nil {
		t.Fatal(err)
	}
	list := s.Ask(100)
	if got := heir.Ask(100); !reflect.DeepEqual(got, list) || len(list) != 1+len(before) {
		t.Fatalf("asked for %v, and after a load for %v; want the default and %d former elites", list, got, len(before))
	}
	for i, c := range list {
		s.Tell(c.ID, float64(100+i))
	}
	for _, e := range s.Elites() {
		if e.Tests != 1 || e.Cost < 100 || math.IsInf(e.Cost, 0) {
			t.Errorf("elite %+v: want the one cost of the new measure", e)
		}
	}
}
