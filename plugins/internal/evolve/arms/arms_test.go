package arms

import (
	"fmt"
	"math"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/plugins/internal/evolve"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func elite(n int, score float64) Arm { return Arm{Key: fmt.Sprint("elite ", n), Score: score} }

func table(scores ...float64) *Table {
	t := &Table{}
	var list []Arm
	for i, score := range scores[1:] {
		list = append(list, elite(i, score))
	}
	t.Refresh(Arm{Key: "default", Score: scores[0]}, list)
	return t
}

// live plays trials: what an arm really costs, by its key, with some noise.
func live(t *Table, rng *evolve.Source, trials int, truth func(Arm) float64) map[string]int {
	chosen := map[string]int{}
	for range trials {
		a := t.Choose(rng)
		chosen[a.Key]++
		t.Tell(a.Key, truth(a)*math.Exp(0.4*rng.NormFloat64()))
	}
	return chosen
}

func TestCheapArmIsFoundAndPromoted(t *testing.T) {
	a := table(100, 50, 60)
	chosen := live(a, evolve.NewSource(1), 60, func(arm Arm) float64 {
		if arm.Key == "elite 1" {
			return 30
		}
		return 100
	})
	if chosen["elite 1"] < 40 {
		t.Errorf("chosen were %v, want the cheap one most of the time", chosen)
	}
	if p := a.Better("elite 1"); !a.Arms[2].Promoted || p < 0.9 {
		t.Errorf("the cheap arm is better with probability %v and promoted: %v", p, a.Arms[2].Promoted)
	}
	if a.Arms[1].Promoted {
		t.Error("the dear arm is promoted")
	}
}

func TestModelThatLiesIsNotListenedTo(t *testing.T) {
	a := table(100, 10, 20, 30)
	rng := evolve.NewSource(2)
	chosen := live(a, rng, 150, func(arm Arm) float64 { return 5000 / arm.Score }) // the very opposite
	trusted, correlation := a.Trust()
	if trusted || !(correlation < 0) {
		t.Errorf("the model is trusted: %v, correlation %v", trusted, correlation)
	}
	if chosen["default"] < 100 {
		t.Errorf("chosen were %v, want the default most of the time", chosen)
	}
}

func TestModelThatIsRightIsListenedTo(t *testing.T) {
	a := table(100, 20, 40, 60)
	live(a, evolve.NewSource(3), 3, func(arm Arm) float64 { return arm.Score })
	for _, arm := range a.Arms { // a few trials of each
		for range 4 {
			a.Tell(arm.Key, arm.Score)
		}
	}
	if trusted, correlation := a.Trust(); !trusted || correlation < 0.9 {
		t.Errorf("trusted: %v, correlation %v", trusted, correlation)
	}
}

func TestNothingIsPromotedBeforeThreeTrials(t *testing.T) {
	a := table(100, 1)
	a.Tell("elite 0", 1)
	a.Tell("elite 0", 1)
	if a.Arms[1].Promoted {
		t.Error("promoted after two trials")
	}
	a.Tell("elite 0", 1)
	if !a.Arms[1].Promoted {
		t.Errorf("not promoted after three trials at a hundredth of the cost: %v", a.Better("elite 0"))
	}
}

func TestDefaultStaysForEverAndGoodArmsOutliveTheirSearch(t *testing.T) {
	a := table(100, 50)
	a.Tell("elite 0", 7)
	var others []Arm
	for i := range 20 {
		others = append(others, elite(100+i, 60))
	}
	a.Refresh(Arm{Key: "default", Score: 100}, others)
	if a.Arms[0].Key != "default" || a.Arms[1].Key != "elite 0" || len(a.Arms) != Most+1 {
		t.Errorf("got %+v", a.Arms)
	}
}

func TestTableKeepsItsRulesWhateverItIsTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := &Table{}
		a.Refresh(Arm{Key: "default", Score: rapid.Float64Range(0, 10).Draw(t, "score")}, nil)
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			n := rapid.IntRange(0, 12).Draw(t, "arm")
			if rapid.Bool().Draw(t, "tell") {
				a.Tell(fmt.Sprint("elite ", n), rapid.Float64().Draw(t, "cost"))
			} else {
				a.Refresh(Arm{Key: "default"}, []Arm{elite(n, 1), elite(n+1, rapid.Float64Range(0, 9).Draw(t, "score"))})
			}
			if err := a.Check(); err != nil || a.Arms[0].Key != "default" {
				t.Fatalf("%v: %+v", err, a.Arms)
			}
			for i, b := range a.beliefs() {
				if math.IsNaN(b.mean) || !(b.deviation > 0) {
					t.Fatalf("arm %d of %+v: belief %+v", i, a.Arms, b)
				}
			}
		}
	})
}

func TestRanksShareThePlacesOfEquals(t *testing.T) {
	got := ranks([]float64{3, 1, 3, 2})
	for i, want := range []float64{2.5, 0, 2.5, 1} {
		if got[i] != want {
			t.Fatalf("got %v", got)
		}
	}
}

func TestWordOfAModelUnderRecordedLoadWeighsMoreAndIsNotMixedWithTheOther(t *testing.T) {
	belief := func(base, arm bool) belief {
		a := &Table{}
		a.Refresh(Arm{Key: "default", Score: 100, Recorded: base}, []Arm{{Key: "elite", Score: 50, Recorded: arm}})
		return a.beliefs()[1]
	}
	made, recorded, mixed := belief(false, false), belief(true, true), belief(true, false)
	if recorded.deviation >= made.deviation || recorded.mean != made.mean {
		t.Errorf("made up %+v, recorded %+v: want the same mean, surer", made, recorded)
	}
	if mixed.mean != 0 || mixed.deviation <= made.deviation {
		t.Errorf("scores of two kinds were compared: %+v", mixed)
	}
}
