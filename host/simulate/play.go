package simulate

import (
	"time"

	"github.com/homeostat/homeostat/host/heal/effect"
	"github.com/homeostat/homeostat/host/heal/machine"
	"github.com/homeostat/homeostat/host/heal/odds"
	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/host/simulate/stage"
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
	*stage.Stage
	chooser chooser
	kinds   map[string]string
	serial  uint64
	result  result

	// of the incident that is being played
	event  incident
	begun  time.Time
	chosen int
	healed bool
	over   bool
}

// start is when every simulation begins; the machine looks at spans alone.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func play(w *world, p Policy) (result, error) {
	pl := &player{chooser: newChooser(p, w), kinds: w.kinds}
	pl.Stage = stage.New(machine.New(machine.Settings{
		Mode: policy.Automated, Components: []machine.Component{{Name: component}},
	}), start, pl.carry)
	for _, i := range w.stream {
		pl.Now = pl.Now.Add(i.gap)
		pl.event, pl.begun, pl.healed, pl.over = i, pl.Now, false, false
		if err := pl.Play(pl.anomaly(false), func() bool { return pl.over }); err != nil {
			return result{}, err
		}
	}
	return pl.result, nil
}

// anomaly is what the detector says of the fault, as long as it lasts.
func (p *player) anomaly(ended bool) machine.Input {
	const lasting = 30 * 24 * time.Hour
	return machine.Report{Detector: "health", Component: component, At: p.Now, Generation: p.serial, Anomalies: []sdk.Anomaly{{
		Component: component, Key: p.event.signature, Kind: p.kinds[p.event.signature], Severity: sdk.SeverityMedium, Score: 1,
		Start: p.begun, End: p.Now, Ended: ended, TTL: lasting, Summary: "fault " + p.event.signature,
	}}}
}

// carry does what the host does with an effect.
func (p *player) carry(e effect.Effect) {
	switch e := e.(type) {
	case effect.Confirm:
		p.Later(0, func() machine.Input {
			return machine.Confirmed{Ticket: e.Ticket, Verdicts: map[string]sdk.Verdict{component: p.verdict()}}
		})
	case effect.Ask:
		p.Later(0, func() machine.Input { return p.propose(e) })
	case effect.Act:
		p.Later(remedies[p.chosen].cost, func() machine.Input { return p.act(e) })
	case effect.Learn:
		p.learn(e.Outcome)
	case effect.Save:
		p.over = p.over || e.Incident.Resolved != nil
	}
}

func (p *player) verdict() sdk.Verdict {
	if p.healed {
		return sdk.Pass
	}
	return sdk.Fail
}

func (p *player) propose(e effect.Ask) machine.Input {
	var left []int
	for r := range remedies {
		if !e.Resting[remedies[r].name].After(p.Now) {
			left = append(left, r)
		}
	}
	p.chosen = p.chooser.choose(p.event, left)
	out := machine.Proposed{Ticket: e.Ticket, Strategy: "person"}
	if p.chosen < 0 {
		p.result.handed++
		p.Later(person, func() machine.Input { return p.end() })
		out.Proposal.Actions = []sdk.Action{sdk.HandOver{Component: component, Message: "nothing has helped"}}
		return out
	}
	p.result.tries++
	out.Strategy = remedies[p.chosen].name
	out.Proposal.Actions = []sdk.Action{sdk.Restart{Component: component}}
	return out
}

// act ends the fault when the remedy has luck. The detector sees it at once.
func (p *player) act(e effect.Act) machine.Input {
	p.serial++
	if p.event.luck[p.chosen] < p.event.chances[p.chosen] {
		p.Later(0, func() machine.Input { return p.end() })
		p.healed = true
	}
	return machine.Acted{Ticket: e.Ticket, Generation: p.serial}
}

// end is the fault's end; the downtime counts to here.
func (p *player) end() machine.Input {
	p.healed = true
	down := p.Now.Sub(p.begun).Seconds()
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
