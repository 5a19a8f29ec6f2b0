package machine

import (
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/heal/effect"
	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// warmUp is what the component of these tests has.
const warmUp = 7 * time.Second

// patient is a component in a recovery that has just been carried out.
type patient struct {
	t      *testing.T
	m      *Machine
	now    time.Time
	ticket effect.Ticket // of the question for its health
	failed bool
}

func newPatient(t *testing.T) *patient {
	p := &patient{t: t, now: time.Unix(1_700_000_000, 0), m: New(Settings{
		Mode: policy.Automated, Hold: 3 * time.Second, Components: []Component{{Name: "web", WarmUp: warmUp}},
	})}
	ask := first[effect.Ask](t, p.step(report("web", sdk.AnomalyProbe, p.now)))
	restart := sdk.Proposal{Actions: []sdk.Action{sdk.Restart{Component: "web"}}, Reason: "it is ill"}
	act := first[effect.Act](t, p.step(Proposed{Ticket: ask.Ticket, Strategy: "restart", Proposal: restart}))
	p.step(Acted{Ticket: act.Ticket})
	return p
}

// step takes a hundredth of a second.
func (p *patient) step(in Input) []effect.Effect {
	p.t.Helper()
	p.now = p.now.Add(10 * time.Millisecond)
	effects, err := p.m.Step(p.now, in)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, e := range effects {
		switch e := e.(type) {
		case effect.Confirm:
			p.ticket = e.Ticket
		case effect.Learn:
			p.failed = p.failed || e.Outcome.Result == sdk.ResultFailed
		}
	}
	return effects
}

// looksIll answers each question with "it fails" for a span.
func (p *patient) looksIll(span time.Duration) {
	p.t.Helper()
	for end := p.now.Add(span); p.now.Before(end) && !p.failed; {
		p.verdict(sdk.Fail)
		if next := p.m.Next(); next.After(p.now) {
			p.now = next
		}
		p.step(nil)
	}
}

func (p *patient) verdict(v sdk.Verdict) {
	p.t.Helper()
	p.step(Confirmed{Ticket: p.ticket, Verdicts: map[string]sdk.Verdict{"web": v}})
}

func (p *patient) phase() record.Phase { return p.m.open[0].Phase }

func TestRemedyIsNotCondemnedWhileTheComponentWarmsUp(t *testing.T) {
	p := newPatient(t)
	p.looksIll(warmUp - 2*time.Second)
	if p.failed || p.phase() != record.PhaseVerifying {
		t.Fatalf("within %v: failed %v in phase %v, want that it is given its time", warmUp, p.failed, p.phase())
	}
	p.looksIll(4 * time.Second)
	if !p.failed {
		t.Errorf("after %v: phase %v, want that the remedy has failed", warmUp, p.phase())
	}
}

func TestHealthBeforeTheComponentIsWarmCountsAtOnce(t *testing.T) {
	p := newPatient(t)
	p.looksIll(2 * time.Second)
	p.verdict(sdk.Pass)
	if p.phase() != record.PhaseHolding {
		t.Errorf("got phase %v, want that the hold time has begun", p.phase())
	}
}

func TestTroubleThatComesBackBeforeTheComponentIsWarmIsWaitedFor(t *testing.T) {
	p := newPatient(t)
	p.verdict(sdk.Pass)
	p.now = p.now.Add(time.Second)
	p.step(report("web", sdk.AnomalyProbe, p.now))
	if p.failed || p.phase() != record.PhaseVerifying {
		t.Fatalf("within %v: failed %v in phase %v, want that it is given its time", warmUp, p.failed, p.phase())
	}
	if rec := p.m.open[0].Running(); rec.HealthyAt != nil || p.m.open[0].HoldUntil != nil {
		t.Errorf("healthy at %v until %v: health that did not last is told as such", rec.HealthyAt, p.m.open[0].HoldUntil)
	}
	p.looksIll(2 * warmUp)
	if !p.failed {
		t.Errorf("after %v: phase %v, want that the remedy has failed", warmUp, p.phase())
	}
}

func TestExitCondemnsTheRemedyOfAComponentThatWarmsUp(t *testing.T) {
	p := newPatient(t)
	p.verdict(sdk.Pass)
	exit := report("web", sdk.AnomalyExit, p.now.Add(time.Millisecond))
	exit.Generation = 2
	p.step(exit)
	if !p.failed {
		t.Errorf("got phase %v, want that the remedy has failed at once", p.phase())
	}
}
