package machine

import (
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/heal/effect"
	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/sdk"
)

// first returns the first effect of its kind.
func first[E effect.Effect](t *testing.T, effects []effect.Effect) E {
	t.Helper()
	for _, e := range effects {
		if found, ok := e.(E); ok {
			return found
		}
	}
	var none E
	t.Fatalf("no %T among %+v", none, effects)
	return none
}

// TestExitThatIsToldAfterTheVerdictEndsTheRestAtOnce has the verdict of a restart
// arrive before the exit of the process that it started, as on a busy host.
func TestExitThatIsToldAfterTheVerdictEndsTheRestAtOnce(t *testing.T) {
	m, now := New(Settings{Mode: policy.Automated, Components: []Component{{Name: "web"}}}), time.Unix(1_700_000_000, 0)
	step := func(in Input) []effect.Effect {
		t.Helper()
		now = now.Add(10 * time.Millisecond)
		effects, err := m.Step(now, in)
		if err != nil {
			t.Fatal(err)
		}
		return effects
	}
	ask := first[effect.Ask](t, step(report("web", sdk.AnomalyExit, now)))
	restart := sdk.Proposal{Actions: []sdk.Action{sdk.Restart{Component: "web"}}, Reason: "it is gone"}
	act := first[effect.Act](t, step(Proposed{Ticket: ask.Ticket, Strategy: "restart", Proposal: restart}))
	look := first[effect.Confirm](t, step(Acted{Ticket: act.Ticket, Generation: 2}))
	died := now
	again := first[effect.Ask](t, step(Confirmed{Ticket: look.Ticket, Verdicts: map[string]sdk.Verdict{"web": sdk.Fail}}))
	if again.Resting["restart"].IsZero() {
		t.Fatal("the strategy that failed does not rest, so this test shows nothing")
	}
	exit := report("web", sdk.AnomalyExit, died)
	exit.Generation = 2
	anew := first[effect.Ask](t, step(exit))
	if !anew.Resting["restart"].IsZero() {
		t.Errorf("restart rests until %v though the process that it started has ended since", anew.Resting["restart"])
	}
	step(Proposed{Ticket: again.Ticket, Strategy: "hand_over", Proposal: sdk.Proposal{Actions: []sdk.Action{sdk.HandOver{Component: "web", Message: "late"}}}})
	if got := m.Incidents()[0].State; got == "handed_over" {
		t.Error("the answer to the question before decides")
	}
}

// TestStrategyWhoseRestEndsWhileOthersAreAskedIsAskedAtOnce has a rest end between
// the question, which leaves the strategy out for it, and the answer.
func TestStrategyWhoseRestEndsWhileOthersAreAskedIsAskedAtOnce(t *testing.T) {
	const rest = 5 * time.Millisecond
	m, now := New(Settings{Mode: policy.Automated, Quarantine: rest, Components: []Component{{Name: "web"}}}), time.Unix(1_700_000_000, 0)
	step := func(after time.Duration, in Input) []effect.Effect {
		t.Helper()
		now = now.Add(after)
		effects, err := m.Step(now, in)
		if err != nil {
			t.Fatal(err)
		}
		return effects
	}
	ask := first[effect.Ask](t, step(0, report("web", sdk.AnomalyProbe, now)))
	restart := sdk.Proposal{Actions: []sdk.Action{sdk.Restart{Component: "web"}}, Reason: "it is ill"}
	act := first[effect.Act](t, step(0, Proposed{Ticket: ask.Ticket, Strategy: "restart", Proposal: restart}))
	look := first[effect.Confirm](t, step(0, Acted{Ticket: act.Ticket}))
	again := first[effect.Ask](t, step(0, Confirmed{Ticket: look.Ticket, Verdicts: map[string]sdk.Verdict{"web": sdk.Fail}}))
	if again.Resting["restart"].IsZero() {
		t.Fatal("the strategy that failed does not rest, so this test shows nothing")
	}
	step(2*rest, Proposed{Ticket: again.Ticket, Reasons: []string{"restart: it rests"}})
	if next := m.Next(); next.After(now) {
		t.Fatalf("strategies are asked again in %v, want at once", next.Sub(now))
	}
	if anew := first[effect.Ask](t, step(0, nil)); len(anew.Resting) > 0 {
		t.Errorf("%v still rest, want none", anew.Resting)
	}
}
