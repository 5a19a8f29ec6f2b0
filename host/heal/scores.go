package heal

import (
	"slices"
	"sync"
	"time"

	"github.com/homeostat/homeostat/host/heal/choice"
	"github.com/homeostat/homeostat/host/heal/machine"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/host/heal/score"
)

// Promotion says what becomes of a strategy that passes the bar.
type Promotion string

// What may become of it.
const (
	PromotionOff       Promotion = "off"       // nothing
	PromotionSuggest   Promotion = "suggest"   // the scoreboard says so
	PromotionAutomatic Promotion = "automatic" // it is promoted, and demoted again when it falls below the bar
)

// board is the scoreboard of all incidents that are kept.
type board struct {
	mu   sync.Mutex // guards book
	book score.Book
}

func (b *board) put(inc record.Incident) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.book.Put(inc)
}

func (b *board) rows() []score.Row {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.book.Rows()
}

// Scoreboard returns how each strategy has done with each component.
func (h *Healer) Scoreboard() []score.Row { return h.scores.rows() }

// Promotions returns which strategies may act unasked on which components.
func (h *Healer) Promotions() []record.Promotion {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.core.Promotions()
}

// Promote lets a strategy act unasked on a component in the modes supervised
// and learning. To promote it twice changes nothing.
func (h *Healer) Promote(component, strategy, who string) error {
	if strategy == choice.HandOver {
		return &machine.Refusal{Text: "promote " + strategy + ": it calls a person, in every mode and unasked"}
	}
	if !slices.Contains(namesOf(h.opt.Strategies()), strategy) {
		return &machine.Refusal{Text: "promote " + strategy + ": there is no such strategy, or it is not ready; see `homeostat strategy list`"}
	}
	return h.step(machine.Promote{Promotion: record.Promotion{Component: component, Strategy: strategy, By: who, Why: "ordered"}})
}

// Demote ends a promotion.
func (h *Healer) Demote(component, strategy, who string) error {
	return h.step(machine.Demote{Component: component, Strategy: strategy, By: who, Why: "ordered"})
}

// judge holds the strategies of an incident that is over to the bar, where the
// operator wants promotions to be automatic. What a person has promoted is left
// to the person.
func (h *Healer) judge(inc record.Incident) {
	if inc.Phase != record.PhaseResolved || h.promotion() != PromotionAutomatic {
		return
	}
	promoted := h.Promotions()
	for _, row := range h.scores.rows() {
		if row.Component != inc.Component {
			continue
		}
		n := slices.IndexFunc(promoted, func(p record.Promotion) bool { return p.Component == row.Component && p.Strategy == row.Strategy })
		passes, lacks := row.Passes()
		switch {
		case passes && n < 0:
			_ = h.step(machine.Promote{Promotion: record.Promotion{Component: row.Component, Strategy: row.Strategy, By: record.Scoreboard, Why: score.Bar()}})
		case !passes && n >= 0 && promoted[n].By == record.Scoreboard:
			_ = h.step(machine.Demote{Component: row.Component, Strategy: row.Strategy, By: record.Scoreboard, Why: lacks})
		}
	}
}

func (h *Healer) promotion() Promotion {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.promote
}

// Resting returns, by component, which strategies are not asked again until
// when, because they failed.
func (h *Healer) Resting() map[string]map[string]time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.core.Resting()
}
