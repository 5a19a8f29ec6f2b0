package experiment

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/host/heal/compare"
	"github.com/homeostat/homeostat/host/heal/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var begin = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func settings() Settings {
	return Settings{A: "restart", B: "start", Share: 0.5, MaxIncidents: 400, MaxTime: 90 * 24 * time.Hour, Longest: 5 * time.Minute}
}

func seed(n uint64) (s [32]byte) {
	for i := range 4 {
		s[i] = byte(n >> (8 * i))
	}
	return s
}

func TestAnIncidentIsDrawnTheSameEachTimeAndTheShareIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := settings()
		set.Share = rapid.Float64Range(0.05, 0.95).Draw(t, "share")
		s := New(set, seed(rapid.Uint64().Draw(t, "seed")), begin)
		const incidents = 2000
		second := 0
		for n := range incidents {
			id := fmt.Sprint("inc_", n)
			drawn := s.Draw(id)
			if drawn != s.Draw(id) {
				t.Fatalf("%s was drawn anew", id)
			}
			if drawn == s.B {
				second++
			}
		}
		// Five standard deviations: one check in two million fails by chance.
		if off := math.Abs(float64(second) - incidents*set.Share); off > 5*math.Sqrt(incidents*set.Share*(1-set.Share)) {
			t.Fatalf("got %d of %d for a share of %g", second, incidents, set.Share)
		}
		if sum := s.Propensity("restart") + s.Propensity("start"); math.Abs(sum-1) > 1e-12 || s.Propensity("isolate") != 0 {
			t.Fatalf("the propensities add up to %g", sum)
		}
	})
}

// play lets incidents come, an hour apart, until the experiment is over.
func play(s State, count int, outcome func(rng *rand.Rand, strategy string) (healed bool, down time.Duration)) (State, int) {
	rng := rand.New(rand.NewPCG(7, uint64(len(s.Seed))+uint64(s.Seed[3])))
	var units []compare.Unit
	for n := range count {
		at := begin.Add(time.Duration(n+1) * time.Hour)
		id := fmt.Sprintf("inc_%d", n)
		u := compare.Unit{Incident: id, Component: "web", Signature: "web:exit", At: at, Strategy: s.Draw(id), Experiment: s.ID, Opened: at}
		for _, name := range []string{s.A, s.B} {
			u.Offers = append(u.Offers, record.Offer{Strategy: name, Propensity: s.Propensity(name)})
		}
		var down time.Duration
		u.Healed, down = outcome(rng, u.Strategy)
		u.Ended = at.Add(down)
		units = append(units, u)
		if s = s.Judge(units, at.Add(30*time.Minute)); s.Ended != nil {
			return s, n + 1
		}
	}
	return s, count
}

func alike(rng *rand.Rand, _ string) (bool, time.Duration) {
	return rng.Float64() < 0.9, time.Duration(20+20*rng.Float64()) * time.Second
}

func TestAClearDifferenceEndsIt(t *testing.T) {
	s, after := play(New(settings(), seed(1), begin), 400, func(rng *rand.Rand, strategy string) (bool, time.Duration) {
		if strategy == "restart" {
			return rng.Float64() < 0.4, time.Duration(150+100*rng.Float64()) * time.Second
		}
		return rng.Float64() < 0.95, 20 * time.Second
	})
	if s.Outcome != OutcomeDecided || after > 150 || !strings.Contains(s.Why, "start ends it") || s.Judge(nil, begin).Outcome != OutcomeDecided {
		t.Errorf("got %+v after %d incidents", s, after)
	}
}

func TestLikelyHarmEndsItEarly(t *testing.T) {
	for name, harmful := range map[string]func(rng *rand.Rand) (bool, time.Duration){
		"it heals less often": func(rng *rand.Rand) (bool, time.Duration) { return rng.Float64() < 0.2, 30 * time.Second },
		"it takes longer":     func(rng *rand.Rand) (bool, time.Duration) { return rng.Float64() < 0.9, time.Minute },
	} {
		s, after := play(New(settings(), seed(2), begin), 400, func(rng *rand.Rand, strategy string) (bool, time.Duration) {
			if strategy == "start" {
				return harmful(rng)
			}
			return alike(rng, strategy)
		})
		if s.Outcome != OutcomeHarm || after > 40 || !strings.Contains(s.Why, "start is likely to be worse") {
			t.Errorf("%s: got %s after %d incidents: %s", name, s.Outcome, after, s.Why)
		}
	}
}

func TestWhatIsBetterIsNeverHarm(t *testing.T) {
	for n := range uint64(20) {
		s, _ := play(New(settings(), seed(100+n), begin), 60, func(rng *rand.Rand, strategy string) (bool, time.Duration) {
			if strategy == "start" {
				return rng.Float64() < 0.97, time.Duration(5+10*rng.Float64()) * time.Second
			}
			return rng.Float64() < 0.5, time.Duration(60+60*rng.Float64()) * time.Second
		})
		if s.Outcome == OutcomeHarm {
			t.Errorf("got %s", s.Why)
		}
	}
}

func TestHarmIsSeenHoweverManyIncidentsThereWere(t *testing.T) {
	for _, n := range []int{10, 1000, 100_000} {
		half, tenth := tally{n: n, healed: n / 2}, tally{n: n, healed: n / 10}
		if worse, better := less(tenth, half), less(half, tenth); !(worse > 0.9) || !(better < 0.1) {
			t.Errorf("of %d incidents a tenth healed is worse than half with a probability of %g, and the other way round with %g", n, worse, better)
		}
	}
}

func TestItEndsAtItsLimits(t *testing.T) {
	same := func(*rand.Rand, string) (bool, time.Duration) { return true, 30 * time.Second }
	set := settings()
	set.MaxIncidents = 12
	if s, after := play(New(set, seed(3), begin), 50, same); s.Outcome != OutcomeIncidents || after != 12 || !strings.Contains(s.Why, "not decided") {
		t.Errorf("got %s after %d: %s", s.Outcome, after, s.Why)
	}
	set = settings()
	set.MaxTime = 10 * time.Hour
	if s, after := play(New(set, seed(3), begin), 50, same); s.Outcome != OutcomeTime || after != 10 || s.Concerns("web", begin) {
		t.Errorf("got %s after %d: %s", s.Outcome, after, s.Why)
	}
}

func TestItConcernsTheComponentsThatTakePartForItsTime(t *testing.T) {
	set := settings()
	set.Components = []string{"web"}
	s := New(set, seed(4), begin)
	if !s.Concerns("web", begin) || s.Concerns("store", begin) || s.Concerns("web", begin.Add(set.MaxTime)) || (State{}).Concerns("web", begin) {
		t.Error("want it to concern web alone, until its time is over")
	}
	moved := set
	moved.MaxIncidents, moved.MaxTime = 1, time.Hour
	other := set
	other.Name = "second"
	if !set.Same(moved) || set.Same(other) || set.Same(settings()) {
		t.Error("want limits to make no difference, a name and components to make one")
	}
}

func FuzzADamagedStateIsFoundOut(f *testing.F) {
	good, err := json.Marshal(New(settings(), seed(5), begin))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"id":"exp_1","a":"restart","b":"restart","share":0.5,"seed":"00","longest":1}`))
	f.Add([]byte(`{"id":"exp_1","a":"restart","b":"start","share":7,"seed":"00","longest":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s State
		if json.Unmarshal(data, &s) != nil || s.Check() != nil {
			return
		}
		if drawn := s.Draw("inc_1"); s.Propensity(drawn) < compare.Floor || s.Other(drawn) == "" {
			t.Errorf("%s: got %q with a propensity of %g", data, drawn, s.Propensity(drawn))
		}
	})
}
