package simulate

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/heal/machine"
	"github.com/homeostat/homeostat/host/heal/odds"
	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/sdk"
)

// component is the one that fails in every world.
const component = "service"

// result is what one policy left in one world.
type result struct {
	downtime float64 // seconds
	each     []float64
	tries    int
	handed   int
}

// player drives one machine through a stream.
type player struct {
	machine *machine.Machine
	chooser chooser
	kinds   map[string]string
	now     time.Time
	serial  uint64
	result  result

	// of the incident that is being played
	event  incident
	begun  time.Time
	chosen int
	healed bool
	over   bool
	due    []planned
	err    error
}

// planned is an input that reaches the machine later.
type planned struct {
	at time.Time
	do func() machine.Input
}

// start is when every simulation begins; the machine looks at spans alone.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func play(w *world, p Policy) (result, error) {
	pl := &player{now: start, chooser: newChooser(p, w), kinds: w.kinds, machine: machine.New(machine.Settings{
		Mode: policy.Automated, Components: []machine.Component{{Name: component}},
	})}
	for _, i := range w.stream {
		if err := pl.play(i); err != nil {
			return result{}, err
		}
	}
	return pl.result, nil
}

// maxSteps bounds one incident; a real one takes some dozen.
const maxSteps = 10_000

func (p *player) play(i incident) error {
	p.now = p.now.Add(i.gap)
	p.event, p.begun, p.healed, p.over, p.due = i, p.now, false, false, nil
	p.step(p.anomaly(false))
	for n := 0; !p.over; n++ {
		if n > maxSteps {
			return errors.New("an incident does not end")
		}
		if p.err != nil {
			return p.err
		}
		if err := p.advance(); err != nil {
			return err
		}
	}
	return p.err
}

// advance moves the time to the next thing that happens.
func (p *player) advance() error {
	next := p.machine.Next()
	n := -1
	for i, d := range p.due {
		if next.IsZero() || !d.at.After(next) {
			n, next = i, d.at
		}
	}
	if next.IsZero() {
		return errors.New("nothing will ever happen again")
	}
	if next.After(p.now) {
		p.now = next
	}
	if n < 0 {
		p.step(nil)
		return nil
	}
	d := p.due[n]
	p.due = slices.Delete(p.due, n, n+1)
	p.step(d.do())
	return nil
}

func (p *player) later(after time.Duration, do func() machine.Input) {
	p.due = append(p.due, planned{p.now.Add(after), do})
}

// anomaly is what the detector says of the fault, as long as it lasts.
func (p *player) anomaly(ended bool) machine.Input {
	const lasting = 30 * 24 * time.Hour
	return machine.Report{Detector: "health", Component: component, At: p.now, Generation: p.serial, Anomalies: []sdk.Anomaly{{
		Component: component, Key: p.event.signature, Kind: p.kinds[p.event.signature], Severity: sdk.SeverityMedium, Score: 1,
		Start: p.begun, End: p.now, Ended: ended, TTL: lasting, Summary: "fault " + p.event.signature,
	}}}
}

func (p *player) step(in machine.Input) {
	effects, err := p.machine.Step(p.now, in)
	if err != nil {
		p.err = fmt.Errorf("the coordinator refused %T: %w", in, err)
		return
	}
	for _, e := range effects {
		p.carry(e)
	}
}

// carry does what the host does with an effect.
func (p *player) carry(e machine.Effect) {
	switch e := e.(type) {
	case machine.Confirm:
		p.later(0, func() machine.Input {
			return machine.Confirmed{Ticket: e.Ticket, Verdicts: map[string]sdk.Verdict{component: p.verdict()}}
		})
	case machine.Ask:
		p.later(0, func() machine.Input { return p.propose(e) })
	case machine.Act:
		p.later(remedies[p.chosen].cost, func() machine.Input { return p.act(e) })
	case machine.Learn:
		p.learn(e.Outcome)
	case machine.Save:
		p.over = p.over || e.Incident.Resolved != nil
	}
}

func (p *player) verdict() sdk.Verdict {
	if p.healed {
		return sdk.Pass
	}
	return sdk.Fail
}

func (p *player) propose(e machine.Ask) machine.Input {
	var left []int
	for r := range remedies {
		if !e.Resting[remedies[r].name].After(p.now) {
			left = append(left, r)
		}
	}
	p.chosen = p.chooser.choose(p.event, left)
	out := machine.Proposed{Ticket: e.Ticket, Strategy: "person"}
	if p.chosen < 0 {
		p.result.handed++
		p.later(person, func() machine.Input { return p.end() })
		out.Proposal.Actions = []sdk.Action{sdk.HandOver{Component: component, Message: "nothing has helped"}}
		return out
	}
	p.result.tries++
	out.Strategy = remedies[p.chosen].name
	out.Proposal.Actions = []sdk.Action{sdk.Restart{Component: component}}
	return out
}

// act ends the fault when the remedy has luck. The detector sees it at once.
func (p *player) act(e machine.Act) machine.Input {
	p.serial++
	if p.event.luck[p.chosen] < p.event.chances[p.chosen] {
		p.later(0, func() machine.Input { return p.end() })
		p.healed = true
	}
	return machine.Acted{Ticket: e.Ticket, Generation: p.serial}
}

// end is the fault's end; the downtime counts to here.
func (p *player) end() machine.Input {
	p.healed = true
	down := p.now.Sub(p.begun).Seconds()
	p.result.downtime += down
	p.result.each = append(p.result.each, down)
	return p.anomaly(true)
}

func (p *player) learn(o sdk.Outcome) {
	if o.Result != sdk.ResultHealed && o.Result != sdk.ResultFailed {
		return
	}
	p.chooser.learn(odds.Trial{
		Case:     odds.Case{Signature: p.event.signature, Kind: p.kinds[p.event.signature]},
		Strategy: remedies[p.chosen].name, Healed: o.Result == sdk.ResultHealed,
	})
}
