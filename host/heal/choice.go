package heal

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/homeostat/homeostat/host/heal/effect"
	"github.com/homeostat/homeostat/host/heal/odds"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/host/heal/remedy"
	"github.com/homeostat/homeostat/sdk"
)

// The document that keeps what was learned of the strategies' chances.
const (
	kindOdds = "odds"
	idOdds   = "book"
)

// learned is the book of outcomes behind a lock of its own: strategies are asked
// and outcomes told from several goroutines.
type learned struct {
	mu   sync.Mutex // guards book, and is held while it is saved, so that no older state overwrites a newer
	book odds.Book
}

// loadOdds reads the book. A damaged one is set aside with a word: the ladder goes
// on without it.
func (h *Healer) loadOdds(ctx context.Context) error {
	docs, err := h.opt.Store.List(ctx, kindOdds, 1)
	if err != nil {
		return fmt.Errorf("load the outcomes of strategies: %w", err)
	}
	for _, doc := range docs {
		var b odds.Book
		err := json.Unmarshal(doc, &b)
		if err == nil {
			err = b.Check()
		}
		if err != nil {
			h.opt.Log.Error("what was learned of the strategies is damaged and set aside; the ladder goes on from its first rung", "error", err)
			return nil
		}
		h.learned.book = b
	}
	return nil
}

// note counts how a recovery ended.
func (h *Healer) note(ctx context.Context, e effect.Learn) {
	if e.Outcome.Result != sdk.ResultHealed && e.Outcome.Result != sdk.ResultFailed {
		return
	}
	h.learned.mu.Lock()
	defer h.learned.mu.Unlock()
	h.learned.book.Tell(odds.Trial{
		Case:     odds.Case{Signature: e.Outcome.Signature, Kind: e.Kind},
		Strategy: e.Strategy, Healed: e.Outcome.Result == sdk.ResultHealed,
	})
	_ = h.put(ctx, kindOdds, idOdds, &h.learned.book) // logged there; the next outcome saves it anew
}

func (d *descent) of() odds.Case { return odds.Case{Signature: d.in.Signature, Kind: d.ask.Kind} }

// contested reports that a rung below the first offer might be preferred, so that
// it has to be asked too.
func (h *Healer) contested(d *descent) bool {
	h.learned.mu.Lock()
	defer h.learned.mu.Unlock()
	return h.learned.book.Contested(d.ask.Rule, d.of(), d.offers[0].strategy)
}

// choose takes one of the offers, and says why unless it calls a person.
func (h *Healer) choose(d *descent) (offer, *record.Choice) {
	if _, _, handsOver := remedy.HandOver(d.offers[0].proposal); handsOver {
		return d.offers[0], nil
	}
	c := h.odds(d)
	out := &record.Choice{Why: c.Why}
	for n, o := range d.offers {
		out.Offers = append(out.Offers, record.Offer{Strategy: o.strategy, Propensity: c.Propensities[n]})
	}
	return h.draw(d, d.offers[c.Index], out), out
}

// odds asks the rule of choice.
func (h *Healer) odds(d *descent) odds.Choice {
	options := make([]odds.Option, len(d.offers))
	for n, o := range d.offers {
		options[n] = odds.Option{Strategy: o.strategy, Cost: h.opt.Actor.Cost(o.proposal) + max(o.proposal.NotBefore.Sub(d.in.Now), 0)}
	}
	h.learned.mu.Lock()
	defer h.learned.mu.Unlock()
	return h.learned.book.Choose(d.ask.Rule, d.of(), options, dice{})
}

// dice are the random numbers of a choice.
type dice struct{}

func (dice) Float64() float64 { return rand.Float64() }

// Chances returns what was learned of the strategies, for people.
func (h *Healer) Chances() odds.Book {
	h.learned.mu.Lock()
	defer h.learned.mu.Unlock()
	return h.learned.book.Clone()
}
