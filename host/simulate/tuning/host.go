package tuning

import (
	"fmt"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/heal/effect"
	"github.com/homeostat/homeostat/host/heal/machine"
	"github.com/homeostat/homeostat/host/heal/odds"
	"github.com/homeostat/homeostat/sdk"
)

// carry does what the host does with an effect.
func (p *player) carry(e effect.Effect) {
	switch e := e.(type) {
	case effect.Confirm:
		p.Later(0, func() machine.Input {
			return machine.Confirmed{Ticket: e.Ticket, Verdicts: map[string]sdk.Verdict{component: p.verdict()}}
		})
	case effect.Ask:
		p.Later(0, func() machine.Input { return p.ask(e) })
	case effect.Act:
		p.Later(takes(e.Action), func() machine.Input { return p.act(e) })
	case effect.Undo:
		p.Later(changeTakes, func() machine.Input {
			p.move(p.before)
			return machine.Undone{Ticket: e.Ticket, Index: e.Index}
		})
	case effect.Learn:
		p.learn(e)
	case effect.Save:
		p.over = p.over || e.Incident.Resolved != nil
	}
}

// verdict is that of a component which works something off: while new settings have
// their chance nobody can say yet.
func (p *player) verdict() sdk.Verdict {
	switch {
	case p.ended:
		return sdk.Pass
	case p.chosen == evolving:
		return sdk.Inconclusive
	}
	return sdk.Fail
}

// ask goes down the ladder as host/heal does: the rung below is asked where what was
// learned could speak for it.
func (p *player) ask(e effect.Ask) machine.Input {
	c := odds.Case{Signature: signature, Kind: sdk.AnomalyThreshold}
	out := machine.Proposed{Ticket: e.Ticket, Strategy: "person", Proposal: sdk.Proposal{
		Actions: []sdk.Action{sdk.HandOver{Component: component, Message: "nothing has helped"}},
	}}
	var options []odds.Option
	var offers []sdk.Proposal
	if !e.Resting[restart].After(p.Now) {
		options = append(options, odds.Option{Strategy: restart, Cost: restartTakes})
		offers = append(offers, sdk.Proposal{Actions: []sdk.Action{sdk.Restart{Component: component}}})
	}
	if p.strategy != nil && !e.Resting[evolving].After(p.Now) && (len(options) == 0 || p.book.Contested(e.Rule, c, restart)) {
		offer, err := p.propose(e.Incident)
		switch {
		case err != nil:
			p.Fail(err)
		case len(offer.Actions) > 0:
			options = append(options, odds.Option{Strategy: evolving, Cost: takes(offer.Actions[0])})
			offers = append(offers, offer)
		}
	}
	if len(options) > 0 {
		n := p.book.Choose(e.Rule, c, options, nil).Index
		out.Strategy, out.Proposal = options[n].Strategy, offers[n]
	}
	p.chosen = out.Strategy
	return out
}

// propose asks the plugin.
func (p *player) propose(in sdk.Incident) (sdk.Proposal, error) {
	in.Parameters, in.Now = slices.Clone(p.present), p.Now
	return p.strategy.Propose(p.ctx, in)
}

func takes(a sdk.Action) time.Duration {
	switch a := a.(type) {
	case sdk.Wait:
		return a.For
	case sdk.Restart:
		return restartTakes
	case sdk.SetParameters:
		return changeTakes
	}
	return 0
}

// act carries an action out.
func (p *player) act(e effect.Act) machine.Input {
	if set, ok := e.Action.(sdk.SetParameters); ok {
		next := slices.Clone(p.present)
		for i := range next {
			if v, moved := set.Values[next[i].Name]; moved {
				next[i].Value = v
			}
		}
		p.before = p.present
		p.move(next)
	}
	return machine.Acted{Ticket: e.Ticket, Index: e.Index, Receipt: fmt.Sprint(e.Index)}
}

// learn tells the book and the plugin how a recovery ended.
func (p *player) learn(e effect.Learn) {
	if e.Outcome.Result == sdk.ResultHealed || e.Outcome.Result == sdk.ResultFailed {
		p.book.Tell(odds.Trial{
			Case: odds.Case{Signature: signature, Kind: sdk.AnomalyThreshold}, Strategy: e.Strategy, Healed: e.Outcome.Result == sdk.ResultHealed,
		})
	}
	if e.Strategy != evolving || p.strategy == nil {
		return
	}
	if err := p.strategy.Learn(p.ctx, e.Outcome); err != nil {
		p.Fail(fmt.Errorf("tell the strategy: %w", err))
	}
}
