package search

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func middle(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = 0.5
	}
	return x
}

// bowl is least, zero, at 0.3 in every dimension.
func bowl(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += (v - 0.3) * (v - 0.3)
	}
	return sum
}

// anySearch draws a search of any kind that has begun.
func anySearch(t *rapid.T) (*Search, Space) {
	n := rapid.IntRange(1, 6).Draw(t, "n")
	space := Space{Levels: make([]int, n), Default: middle(n)}
	if rapid.Bool().Draw(t, "choices") {
		space.Levels[0] = rapid.IntRange(2, 4).Draw(t, "levels")
	}
	s := New(space, rapid.Uint64().Draw(t, "seed"), Known{})
	s.Begin(1, rapid.SampledFrom([]int{1, 100, 500, 501, 3000}).Draw(t, "budget"))
	return s, space
}

// advance evaluates batches of a drawn size and returns what was asked for.
func advance(t *rapid.T, s *Search, batches int) [][]Candidate {
	var asked [][]Candidate
	for range batches {
		list := s.Ask(7)
		asked = append(asked, list)
		for i, c := range list {
			cost := bowl(c.Genes)
			switch (s.Spent() + i) % 17 {
			case 3:
				cost = math.Inf(1)
			case 5:
				cost = math.NaN()
			}
			s.Tell(c.ID, cost)
		}
	}
	return asked
}

func TestEveryCandidateIsInTheCubeAndWithinTheBudget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, space := anySearch(t)
		count := 0
		for _, list := range advance(t, s, 150) {
			for _, c := range list {
				count++
				if !c.Genes.InCube(len(space.Default)) {
					t.Fatalf("candidate %+v is outside the cube", c)
				}
			}
		}
		if count > s.state.Budget {
			t.Fatalf("%d candidates, the budget is %d", count, s.state.Budget)
		}
	})
}

func TestSavedSearchAsksForTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, space := anySearch(t)
		advance(t, s, rapid.IntRange(0, 60).Draw(t, "batches"))
		s.Ask(5) // lost
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		heir, err := Load(space, text)
		if err != nil {
			t.Fatalf("load: %v\n%s", err, text)
		}
		want, got := advance(t, s, 40), advance(t, heir, 40)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("the loaded search asks for\n%v\nthe saved one for\n%v", got, want)
		}
	})
}

func TestSameSeedAsksForTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed, budget := rapid.Uint64().Draw(t, "seed"), rapid.SampledFrom([]int{100, 2000}).Draw(t, "budget")
		run := func() [][]Candidate {
			s := New(Space{Levels: make([]int, 3), Default: middle(3)}, seed, Known{})
			s.Begin(1, budget)
			return advance(t, s, 50)
		}
		if a, b := run(), run(); !reflect.DeepEqual(a, b) {
			t.Fatal("two searches of one seed differ")
		}
	})
}

func TestEveryMethodFindsTheBottomOfABowl(t *testing.T) {
	for name, c := range map[string]struct {
		levels []int
		budget int
		reach  float64
	}{
		"few evaluations":  {[]int{0, 0, 0, 0}, 500, 1e-4},
		"many evaluations": {[]int{0, 0, 0, 0}, 2000, 1e-10},
		"with choices":     {[]int{0, 0, 0, 5}, 2000, 1e-3},
	} {
		s := New(Space{Levels: c.levels, Default: middle(4)}, 1, Known{})
		s.Begin(1, c.budget)
		for !s.Over() {
			for _, c := range s.Ask(8) {
				s.Tell(c.ID, bowl(c.Genes))
			}
		}
		if best := s.Elites()[0]; best.Cost > c.reach {
			t.Errorf("%s: the best after %d evaluations costs %v, want %v", name, s.Spent(), best.Cost, c.reach)
		}
		if base, ok := s.Default(); !ok || math.Abs(base-4*0.04) > 1e-12 {
			t.Errorf("%s: the default costs %v, %v; want 0.16", name, base, ok)
		}
	}
}

func TestElitesAreTestedAgainAtTheBeginOfARound(t *testing.T) {
	s := New(Space{Levels: make([]int, 2), Default: middle(2)}, 1, Known{})
	s.Begin(1, 300)
	for !s.Over() {
		for _, c := range s.Ask(8) {
			s.Tell(c.ID, bowl(c.Genes))
		}
	}
	before := s.Elites()
	s.Begin(2, 1+len(before))
	list := s.Ask(100)
	if len(list) != 1+len(before) {
		t.Fatalf("%d candidates, want the default and %d elites", len(list), len(before))
	}
	for _, c := range list {
		s.Tell(c.ID, 1) // the luck of the first round is gone
	}
	for _, e := range s.Elites() {
		if e.Tests != 2 || e.Cost < 0.5 {
			t.Errorf("elite %+v: want the mean of two tests", e)
		}
	}
}

func TestLostAnswersAreAskedForAgainAndStrangersIgnored(t *testing.T) {
	s := New(Space{Levels: make([]int, 2), Default: middle(2)}, 1, Known{})
	s.Begin(1, 600)
	s.Tell(s.Ask(1)[0].ID, 1) // the default
	first := s.Ask(6)
	s.Tell(first[2].ID, 1)
	s.Tell(first[2].ID, 1) // twice
	s.Tell(1<<40, 0)       // nobody's
	again := s.Ask(6)
	if len(again) != len(first)-1 || again[0].ID != first[0].ID || s.Spent() != 2 {
		t.Errorf("asked for %v, then for %v after one answer; spent %d", first, again, s.Spent())
	}
}

func TestForbiddenPointsAreNeverAskedFor(t *testing.T) {
	allowed := func(x []float64) bool { return x[0]+x[1] < 0.9 }
	for _, budget := range []int{400, 3000} {
		s := New(Space{Levels: make([]int, 2), Default: []float64{0.4, 0.4}, Allowed: allowed}, 1, Known{})
		s.Begin(1, budget)
		for !s.Over() {
			for _, c := range s.Ask(8) {
				if !allowed(c.Genes) {
					t.Fatalf("budget %d: asked for %v", budget, c.Genes)
				}
				s.Tell(c.ID, -c.Genes[0]) // better towards what is forbidden
			}
		}
		if best := s.Elites()[0]; best.Cost > -0.85 {
			t.Errorf("budget %d: the best is %+v, want one near the edge", budget, best)
		}
	}
}

func TestSearchEndsWhereEverythingIsForbidden(t *testing.T) {
	for _, budget := range []int{100, 2000} {
		s := New(Space{Levels: make([]int, 2), Default: middle(2), Allowed: func([]float64) bool { return false }}, 1, Known{})
		s.Begin(1, budget)
		s.Tell(s.Ask(1)[0].ID, 1)
		if list := s.Ask(5); len(list) > 0 || !s.Over() {
			t.Errorf("budget %d: asked for %v and is over: %v", budget, list, s.Over())
		}
	}
}

// FuzzLoad: a damaged state is refused, or can be carried on without harm.
func FuzzLoad(f *testing.F) {
	for _, budget := range []int{100, 900} {
		for _, levels := range [][]int{{0, 0}, {0, 3}} {
			s := New(Space{Levels: levels, Default: middle(2)}, 1, Known{})
			s.Begin(1, budget)
			for range 9 {
				for _, c := range s.Ask(5) {
					s.Tell(c.ID, bowl(c.Genes))
				}
			}
			text, err := json.Marshal(s)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Add([]byte(`{"rand":"","progress":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Load(Space{Levels: make([]int, 2), Default: middle(2)}, data)
		if err != nil {
			return
		}
		for range 20 {
			for _, c := range s.Ask(5) {
				if !c.Genes.InCube(2) {
					t.Fatalf("candidate %v", c)
				}
				s.Tell(c.ID, bowl(c.Genes))
			}
		}
		if _, err := json.Marshal(s); err != nil {
			t.Fatal(err)
		}
	})
}
