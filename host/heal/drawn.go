package heal

import (
	"context"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/heal/experiment"
	"github.com/homeostat/homeostat/host/heal/record"
)

// undecided reports that the first offer's opponent in an experiment is still to be
// asked: only where both offer something chance may decide.
func (h *Healer) undecided(d *descent) bool {
	if len(d.in.Attempts) > 0 || len(d.offers) != 1 {
		return false
	}
	exp, ok := h.trials.Current(d.in.Component, d.in.Now)
	return ok && exp.Other(d.offers[0].strategy) != ""
}

// draw lets chance decide between the offer that the rule of choice took and its
// opponent in an experiment. It does so for the first remedy of an incident, where
// both may be carried out unasked and neither is more invasive than the other; the
// choice says who was drawn, or why nobody was.
func (h *Healer) draw(d *descent, taken offer, why *record.Choice) offer {
	exp, ok := h.trials.Current(d.in.Component, d.in.Now)
	other := d.offered(exp.Other(taken.strategy))
	if !ok || other == nil || len(d.in.Attempts) > 0 {
		return taken
	}
	if no := h.unequal(d, exp, taken, *other); no != "" {
		why.Why += "; no lot was drawn for " + exp.ID + ": " + no
		return taken
	}
	drawn := taken
	if exp.Draw(d.in.ID) == other.strategy {
		drawn = *other
	}
	why.Why, why.Experiment = exp.Sentence(drawn.strategy), exp.ID
	for n := range why.Offers {
		why.Offers[n].Propensity = exp.Propensity(why.Offers[n].Strategy)
	}
	return drawn
}

// offered returns the offer of a strategy, nil for none.
func (d *descent) offered(strategy string) *offer {
	for n := range d.offers {
		if strategy != "" && d.offers[n].strategy == strategy {
			return &d.offers[n]
		}
	}
	return nil
}

// alike is by which factor the costs of two remedies of one class may differ.
const alike = 2

// unequal says why chance must not decide between two offers, empty where it may.
func (h *Healer) unequal(d *descent, exp experiment.State, a, b offer) string {
	for _, o := range []offer{a, b} {
		switch {
		case h.opt.Actor.NeedsPerson(o.proposal) != "":
			return o.strategy + " proposes what cannot be undone"
		case o.proposal.Probing:
			return o.strategy + " is at its limit and only tries"
		case !h.unasked(d.in.ID, o.strategy):
			return o.strategy + " would need a person here"
		}
		for _, t := range h.opt.Actor.Targets(o.proposal, d.in.Components) {
			if t != d.in.Component {
				return o.strategy + " is done to " + t + " too"
			}
		}
	}
	classA, classB := h.opt.Actor.Class(a.proposal), h.opt.Actor.Class(b.proposal)
	costA, costB := h.opt.Actor.Cost(a.proposal), h.opt.Actor.Cost(b.proposal)
	switch {
	case classA != classB:
		return fmt.Sprintf("%s is %s, %s is %s", a.strategy, classA, b.strategy, classB)
	case max(costA, costB) > alike*min(costA, costB):
		return fmt.Sprintf("%s costs %v, %s %v", a.strategy, costA, b.strategy, costB)
	}
	return ""
}

func (h *Healer) unasked(incident, strategy string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.core.Unasked(incident, strategy)
}

// tryOut counts an incident, and ends the experiment that it was the last one of.
func (h *Healer) tryOut(ctx context.Context, inc record.Incident) {
	h.trials.Put(inc)
	if inc.Phase == record.PhaseResolved {
		h.trials.Judge(ctx, time.Now())
	}
}

// Experiments returns all that are known, newest first.
func (h *Healer) Experiments() []experiment.State { return h.trials.Experiments() }
