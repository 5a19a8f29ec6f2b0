package machine

import (
	"slices"

	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/host/heal/record"
)

// Promotions returns which strategies may act unasked on which components.
func (m *Machine) Promotions() []record.Promotion { return slices.Clone(m.promotions) }

func (m *Machine) promotion(component, strategy string) int {
	return slices.IndexFunc(m.promotions, func(p record.Promotion) bool { return p.Component == component && p.Strategy == strategy })
}

func (p Promote) apply(m *Machine) error {
	one := p.Promotion
	if _, known := m.components[one.Component]; !known {
		return refuse("promote %s: there is no component %q; see `homeostat component list`", one.Strategy, one.Component)
	}
	if m.promotion(one.Component, one.Strategy) >= 0 {
		return nil
	}
	one.At = m.now
	m.promotions = append(m.promotions, one)
	m.audit("promoted", map[string]any{"component": one.Component, "strategy": one.Strategy, "by": one.By, "why": one.Why})
	m.saveState()
	return nil
}

func (d Demote) apply(m *Machine) error {
	n := m.promotion(d.Component, d.Strategy)
	if n < 0 {
		return refuse("demote %s: it is not promoted for %q; `homeostat strategy scoreboard` shows what is", d.Strategy, d.Component)
	}
	m.promotions = slices.Delete(m.promotions, n, n+1)
	m.audit("demoted", map[string]any{"component": d.Component, "strategy": d.Strategy, "by": d.By, "why": d.Why})
	m.saveState()
	return nil
}

// modeFor is the mode that a proposal of the strategy meets at a component. A
// promotion lifts supervised and learning to automated; manual is a person's
// word and stands.
func (m *Machine) modeFor(strategy, component string) policy.Mode {
	mode := m.ModeOf(component)
	if m.promotion(component, strategy) >= 0 && (mode == policy.Supervised || mode == policy.Learning) {
		return policy.Automated
	}
	return mode
}
