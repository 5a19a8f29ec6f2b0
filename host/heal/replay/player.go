package replay

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/heal/effect"
	"github.com/homeostat/homeostat/host/heal/machine"
	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/sdk"
)

// player drives one machine through a script under one order of the ladder.
type player struct {
	config  Config
	ladder  []string
	machine *machine.Machine
	now     time.Time
	serial  uint64
	due     []planned
	err     error

	// of the incident that is being played
	scene    scene
	begun    time.Time
	chosen   string
	tried    map[string]int
	attempts int
	healed   bool
	over     bool
	ended    time.Time
}

// planned is an input that reaches the machine later.
type planned struct {
	at time.Time
	do func() machine.Input
}

// apart is how much later than the end of the one before an incident begins that
// began earlier on the host, where troubles may overlap.
const apart = time.Second

func (c Config) play(script []scene, ladder []string) ([]ending, error) {
	set := c.Settings
	set.Mode, set.Components, set.Links = policy.Automated, nil, nil
	for _, s := range script {
		if !slices.ContainsFunc(set.Components, func(k machine.Component) bool { return k.Name == s.Component }) {
			set.Components = append(set.Components, machine.Component{Name: s.Component})
		}
	}
	p := &player{config: c, ladder: ladder, machine: machine.New(set)}
	out := make([]ending, 0, len(script))
	for _, s := range script {
		if err := p.play(s); err != nil {
			return nil, fmt.Errorf("replay an incident of %s: %w", s.Signature, err)
		}
		e := ending{seconds: min(p.ended.Sub(p.begun), c.Longest).Seconds()}
		if p.attempts == 1 && p.chosen != "" {
			e.healed = 1
		}
		out = append(out, e)
	}
	return out, nil
}

// maxSteps bounds one incident; a real one takes some dozen.
const maxSteps = 10_000

func (p *player) play(s scene) error {
	p.now = p.now.Add(apart)
	if s.Opened.After(p.now) {
		p.now = s.Opened
	}
	p.scene, p.begun, p.due, p.healed, p.over = s, p.now, nil, false, false
	p.tried, p.attempts = map[string]int{}, 0
	p.step(p.anomaly(sdk.Fail))
	for n := 0; !p.over && p.err == nil; n++ {
		if n > maxSteps {
			return errors.New("it does not end")
		}
		p.advance()
	}
	return p.err
}

// advance moves the time to the next thing that happens.
func (p *player) advance() {
	next, n := p.machine.Next(), -1
	for i, d := range p.due {
		if next.IsZero() || !d.at.After(next) {
			n, next = i, d.at
		}
	}
	if next.IsZero() {
		p.err = errors.New("nothing will ever happen again")
		return
	}
	if next.After(p.now) {
		p.now = next
	}
	if n < 0 {
		p.step(nil)
		return
	}
	d := p.due[n]
	p.due = slices.Delete(p.due, n, n+1)
	p.step(d.do())
}

func (p *player) later(after time.Duration, do func() machine.Input) {
	p.due = append(p.due, planned{p.now.Add(after), do})
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
func (p *player) carry(e effect.Effect) {
	switch e := e.(type) {
	case effect.Confirm:
		p.later(0, func() machine.Input {
			verdict := sdk.Fail
			if p.healed {
				verdict = sdk.Pass
			}
			return machine.Confirmed{Ticket: e.Ticket, Verdicts: map[string]sdk.Verdict{p.scene.Component: verdict}}
		})
	case effect.Ask:
		p.later(0, func() machine.Input { return p.propose(e) })
	case effect.Act:
		p.act(e)
	case effect.Save:
		p.over = p.over || e.Incident.Resolved != nil
	}
}

// anomaly is what a detector says of the trouble: that it lasts, or with a Pass that
// it is over.
func (p *player) anomaly(v sdk.Verdict) machine.Input {
	const lasting = 30 * 24 * time.Hour
	return machine.Report{Detector: "replay", Component: p.scene.Component, At: p.now, Generation: p.serial, Anomalies: []sdk.Anomaly{{
		Component: p.scene.Component, Key: p.scene.Signature, Kind: p.scene.Kind, Severity: sdk.SeverityMedium, Score: 1,
		Start: p.begun, End: p.now, Ended: v == sdk.Pass, TTL: lasting, Summary: p.scene.Signature,
	}}}
}

// propose asks the two in their order, and then a person.
func (p *player) propose(e effect.Ask) machine.Input {
	out := machine.Proposed{Ticket: e.Ticket}
	for _, name := range p.ladder {
		if e.Resting[name].After(p.now) {
			continue
		}
		p.chosen = name
		p.attempts++
		out.Strategy, out.Proposal.Actions = name, []sdk.Action{sdk.Restart{Component: p.scene.Component}}
		return out
	}
	p.chosen = ""
	p.later(Person, p.end)
	out.Strategy = "person"
	out.Proposal.Actions = []sdk.Action{sdk.HandOver{Component: p.scene.Component, Message: "both have failed"}}
	return out
}

// act takes as long as the remedy is known to take, and ends the trouble when it has
// luck.
func (p *player) act(e effect.Act) {
	name := p.chosen
	luck := p.scene.luck[name][p.tried[name]%attempts]
	p.tried[name]++
	if luck < p.scene.chances[name] {
		p.later(p.config.Spans[name].Healed, func() machine.Input {
			p.later(0, p.end)
			p.healed = true
			return p.acted(e)
		})
		return
	}
	p.later(p.config.Spans[name].Failed, func() machine.Input { return p.acted(e) })
}

func (p *player) acted(e effect.Act) machine.Input {
	p.serial++
	return machine.Acted{Ticket: e.Ticket, Generation: p.serial}
}

// end is the end of the trouble; the downtime counts to here.
func (p *player) end() machine.Input {
	p.healed, p.ended = true, p.now
	return p.anomaly(sdk.Pass)
}
