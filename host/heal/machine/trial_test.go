package machine

import (
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/heal/effect"
	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/sdk"
)

// waited plays an incident whose only proposal waits, with a component that is
// well after it, and returns what the strategy is told.
func waited(t *testing.T, p sdk.Proposal) (acts int, outcomes []sdk.Outcome) {
	t.Helper()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	m := New(Settings{Mode: policy.Automated, Components: []Component{{Name: "web"}}})
	inputs := []Input{Report{Detector: "health", Component: "web", At: now, Anomalies: []sdk.Anomaly{{
		Component: "web", Key: "slow", Kind: sdk.AnomalyThreshold, Severity: sdk.SeverityMedium, Score: 1, Start: now, End: now, TTL: time.Hour, Summary: "slow",
	}}}}
	for range 60 {
		var in Input
		if len(inputs) > 0 {
			in, inputs = inputs[0], inputs[1:]
		} else if next := m.Next(); next.After(now) {
			now = next
		}
		effects, err := m.Step(now, in)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range effects {
			switch e := e.(type) {
			case effect.Confirm:
				verdict := map[bool]sdk.Verdict{false: sdk.Fail, true: sdk.Pass}[acts > 0]
				inputs = append(inputs, Confirmed{Ticket: e.Ticket, Verdicts: map[string]sdk.Verdict{"web": verdict}})
			case effect.Ask:
				inputs = append(inputs, Proposed{Ticket: e.Ticket, Strategy: "genetic", Proposal: p})
			case effect.Act:
				acts++
				now = now.Add(5 * time.Second)
				inputs = append(inputs, Acted{Ticket: e.Ticket, Index: e.Index}, Report{Detector: "health", Component: "web", At: now, Anomalies: []sdk.Anomaly{{
					Component: "web", Key: "slow", Kind: sdk.AnomalyThreshold, Severity: sdk.SeverityMedium, Score: 1, Start: now, End: now, TTL: time.Hour, Ended: true, Summary: "slow",
				}}})
			case effect.Learn:
				outcomes = append(outcomes, e.Outcome)
			}
		}
	}
	return acts, outcomes
}

func TestWaitThatIsATrialIsVerifiedAndLearnedFrom(t *testing.T) {
	p := sdk.Proposal{Actions: []sdk.Action{sdk.Wait{Component: "web", For: 5 * time.Second}}, Reason: "the control"}
	if acts, outcomes := waited(t, p); acts != 0 || len(outcomes) != 0 {
		t.Errorf("a wait that is no trial: %d acts, told %+v; want none of both", acts, outcomes)
	}
	p.Trial = true
	acts, outcomes := waited(t, p)
	if acts != 1 || len(outcomes) != 1 || outcomes[0].Result != sdk.ResultHealed || outcomes[0].Downtime < 5*time.Second || outcomes[0].Downtime > time.Minute {
		t.Errorf("a trial: %d acts, told %+v; want one that healed after five seconds", acts, outcomes)
	}
}
