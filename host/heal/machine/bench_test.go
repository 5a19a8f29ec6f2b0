package machine

import (
	"fmt"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/heal/effect"
	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/sdk"
)

// crowd returns a machine with so many components, each with an incident that
// a person has to look at.
func crowd(b *testing.B, n int) (*Machine, time.Time) {
	b.Helper()
	set := Settings{Mode: policy.Automated}
	for i := range n {
		set.Components = append(set.Components, Component{Name: fmt.Sprintf("svc%d", i)})
	}
	m, now := New(set), time.Unix(1_700_000_000, 0)
	for i := range n {
		now = now.Add(time.Second)
		effects := mustStep(b, m, now, report(fmt.Sprintf("svc%d", i), "custom", now))
		mustStep(b, m, now, Proposed{Ticket: asked(b, effects), Strategy: "s", Proposal: sdk.Proposal{
			Actions: []sdk.Action{sdk.HandOver{Component: fmt.Sprintf("svc%d", i)}},
		}})
	}
	return m, now
}

func report(component, kind string, at time.Time) Report {
	return Report{Detector: "health", Component: component, At: at, Anomalies: []sdk.Anomaly{{
		Key: kind, Kind: kind, Start: at, Severity: sdk.SeverityMedium, Summary: "it is gone", TTL: 100 * time.Hour,
	}}}
}

func mustStep(b *testing.B, m *Machine, now time.Time, in Input) []effect.Effect {
	b.Helper()
	effects, err := m.Step(now, in)
	if err != nil {
		b.Fatal(err)
	}
	return effects
}

func asked(b *testing.B, effects []effect.Effect) effect.Ticket {
	b.Helper()
	for _, e := range effects {
		if a, ok := e.(effect.Ask); ok {
			return a.Ticket
		}
	}
	b.Fatal("no strategy was asked")
	return effect.Ticket{}
}

// BenchmarkFromExitToOrder is the whole decision path of one crash: anomaly,
// incident, question, proposal, order, verdict, end. It is what the core adds
// to the time between an exit and a restart.
func BenchmarkFromExitToOrder(b *testing.B) {
	for _, n := range []int{0, 100, 1000} {
		b.Run(fmt.Sprintf("beside=%d", n), func(b *testing.B) {
			m, now := crowd(b, n)
			m.components["web"] = Component{Name: "web"}
			for b.Loop() {
				now = now.Add(10 * time.Minute)
				effects := mustStep(b, m, now, report("web", sdk.AnomalyExit, now))
				effects = mustStep(b, m, now, Proposed{Ticket: asked(b, effects), Strategy: "restart", Proposal: sdk.Proposal{
					Actions: []sdk.Action{sdk.Restart{Component: "web"}},
				}})
				order, ok := effects[len(effects)-1].(effect.Act)
				if !ok {
					b.Fatalf("no order among %v", effects)
				}
				over := report("web", sdk.AnomalyExit, now)
				over.Anomalies[0].Ended = true
				effects = mustStep(b, m, now, Acted{Ticket: order.Ticket})
				look := effects[len(effects)-1].(effect.Confirm)
				mustStep(b, m, now, Confirmed{Ticket: look.Ticket, Verdicts: map[string]sdk.Verdict{"web": sdk.Pass}})
				mustStep(b, m, now, over)
				now = now.Add(3 * time.Minute)
				mustStep(b, m, now, nil)
			}
		})
	}
}
