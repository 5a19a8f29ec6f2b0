package heal

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homeostat/homeostat/host/heal/machine"
	"github.com/homeostat/homeostat/host/heal/odds"
	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/sdk"
)

func TestAnExperimentIsComparedAndReplayedWhileItIsUndecided(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(tried(policy.Automated), twoRestarts()...)
		defer w.halt()
		w.troubles(12)
		got, err := w.heal.Compare(t.Context(), CompareQuery{A: "restart", B: "again", Rounds: 20})
		if err != nil {
			t.Fatal(err)
		}
		if got.Compared != 12 || got.Decided() || got.A.Chosen+got.B.Chosen != 12 || got.Query.Longest != 5*time.Minute {
			t.Errorf("got %+v", got.Result)
		}
		if got.Replay == nil || got.Replay.Incidents != 12 || got.Replay.Rounds != 20 {
			t.Fatalf("got replay %+v, want the 12 incidents played", got.Replay)
		}
		for _, want := range []string{"not decided: 12 incidents of", "a replay of a model, not evidence: 12 recorded incidents played 20 times"} {
			if !strings.Contains(got.Verdict(), want) {
				t.Errorf("got %q, want it to say %q", got.Verdict(), want)
			}
		}
		if none, err := w.heal.Compare(t.Context(), CompareQuery{A: "restart", B: "again", Since: time.Now()}); err != nil || none.Replay != nil || none.Unplayed == "" {
			t.Errorf("got %+v of no incidents, %v", none, err)
		}
		var no *machine.Refusal
		if _, err := w.heal.Compare(t.Context(), CompareQuery{A: "again", B: "again"}); !errors.As(err, &no) {
			t.Errorf("got %v for a strategy with itself, want a refusal", err)
		}
	})
}

// A better strategy is found by live numbers, the experiment ends, and the daemon
// that is started next keeps to that.
func TestAClearExperimentEndsAndNothingIsDrawnAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.parts["web"].next = func(uint64) future {
			if strings.HasPrefix(w.orders[len(w.orders)-1], "start") {
				return fine
			}
			return hung
		}
		set := tried(policy.Automated)
		set.Choice = odds.Ladder
		set.Experiment.B, set.Experiment.Longest = "start", 20*time.Second
		ladder := []Strategy{offers("restart", sdk.Restart{Component: "web"}), offers("start", sdk.Start{Component: "web"})}
		w.boot(set, ladder...)
		w.troubles(60)
		exp := w.heal.Experiments()[0]
		if exp.Ended == nil || !strings.Contains(exp.Why, "start heals") {
			t.Fatalf("got %+v after 60 incidents, want start found better", exp)
		}
		w.halt()
		w.boot(set, ladder...)
		defer w.halt()
		w.troubles(3)
		for _, inc := range w.heal.Incidents()[:3] {
			if r := inc.Recoveries[0]; r.Strategy != "restart" || r.Choice.Experiment != "" {
				t.Errorf("got %s by %+v, want the ladder again", r.Strategy, r.Choice)
			}
		}
	})
}

// Thompson's draws can be compared without an experiment; the guarded ladder's
// choices cannot, and the verdict says why.
func TestWhatTheRuleOfChoiceDrewIsComparedToo(t *testing.T) {
	for rule, want := range map[odds.Rule]string{odds.Thompson: "not decided: ", odds.Ladder: "the choice between them was certain"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, "web")
			set := automated("web")
			set.Choice = rule
			w.boot(set, twoRestarts()...)
			defer w.halt()
			w.troubles(12)
			got, err := w.heal.Compare(t.Context(), CompareQuery{A: "restart", B: "again", Rounds: 1})
			if err != nil || !strings.Contains(got.Verdict(), want) {
				t.Errorf("%s: got %q, %v; want it to say %q", rule, got.Verdict(), err, want)
			}
			if drawn := got.Compared > 0; drawn != (rule == odds.Thompson) || got.Compared+got.Certain+got.Rare != 12 {
				t.Errorf("%s: got %d compared, %d certain, %d rare", rule, got.Compared, got.Certain, got.Rare)
			}
		})
	}
}

// Every rung that was taken says why, whatever the rule, and how likely it was.
func TestEachRuleExplainsEachChoice(t *testing.T) {
	for rule, want := range map[odds.Rule]string{
		odds.Ladder:   "restart is the first on the ladder that offers something",
		odds.Guarded:  "start instead of restart: restart helped in 0 of",
		odds.Cost:     "start has the highest chance for its cost:",
		odds.Thompson: "start was drawn by its chance for its cost:",
	} {
		synctest.Test(t, func(t *testing.T) {
			w := onlyStart(t)
			set := automated("web")
			set.Choice = rule
			w.boot(set, twoRungs()...)
			defer w.halt()
			w.troubles(12)
			said := ""
			for _, inc := range w.heal.Incidents() {
				for _, r := range inc.Recoveries {
					if r.Choice == nil || r.Choice.Why == "" || !(r.Choice.Propensity(r.Strategy) > 0) {
						t.Fatalf("%s: got %s by %+v, want it explained", rule, r.Strategy, r.Choice)
					}
					said += r.Choice.Why + "\n"
				}
			}
			if !strings.Contains(said, want) {
				t.Errorf("%s: got\n%swant %q", rule, said, want)
			}
		})
	}
}
