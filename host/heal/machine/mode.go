package machine

import (
	"cmp"
	"maps"

	"github.com/homeostat/homeostat/host/heal/effect"
	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/host/heal/record"
)

// SetMode changes the daemon's mode, or that of one component.
type SetMode struct {
	Mode policy.Mode
	// Component is the one whose own mode is meant, empty for the daemon's. An
	// empty Mode then gives it back to the settings.
	Component string
	// Wins lets a component's mode hold even where the daemon's is stricter.
	Wins bool
	By   string
}

func (in SetMode) apply(m *Machine) error {
	if in.Component != "" {
		return m.setOwn(in)
	}
	before := m.Mode()
	m.ordered = in.Mode
	m.saveState()
	m.tellMode(before, in.By)
	return nil
}

func (m *Machine) tellMode(before policy.Mode, by string) {
	mode := string(m.Mode())
	m.audit("mode_set", map[string]any{"from": string(before), "to": mode, "live": m.ordered != "", "by": by})
	m.emit(effect.Publish{Topic: "mode", Item: map[string]string{"mode": mode, "by": by}})
	m.reconsider("the mode is now "+mode, "")
}

// setOwn gives a component a mode that the settings do not have.
func (m *Machine) setOwn(in SetMode) error {
	if _, known := m.components[in.Component]; !known {
		return refuse("mode of %q: there is no component of that name; `homeostat component list` shows them", in.Component)
	}
	before := m.ModeOf(in.Component)
	delete(m.modes, in.Component)
	if in.Mode != "" {
		m.modes[in.Component] = policy.Own{Mode: in.Mode, Wins: in.Wins}
	}
	after := m.ModeOf(in.Component)
	m.audit("mode_set", map[string]any{
		"component": in.Component, "own": string(in.Mode), "wins": in.Wins, "from": string(before), "to": string(after), "by": in.By,
	})
	m.emit(effect.Publish{Topic: "mode", Item: map[string]string{"component": in.Component, "mode": string(after), "by": in.By}})
	m.saveState()
	m.reconsider("the mode of "+in.Component+" is now "+string(after), in.Component)
	return nil
}

// reconsider looks anew at what waits for an approval that may not be needed any
// more, or not be enough: of one component, or with an empty name of all.
func (m *Machine) reconsider(why, component string) {
	for _, inc := range m.open {
		if inc.Phase == record.PhaseApproval && (component == "" || component == inc.Component) {
			m.enter(inc, record.PhaseIdle, why)
		}
	}
}

// own is a component's own mode: the one set live, else that of the settings.
func (m *Machine) own(component string) policy.Own {
	if o, live := m.modes[component]; live {
		return o
	}
	return m.components[component].Mode
}

// Unasked reports whether what the strategy proposes for the incident would be
// carried out without a person.
func (m *Machine) Unasked(incident, strategy string) bool {
	inc := m.find(incident)
	return inc != nil && policy.Decide(m.modeFor(strategy, inc.Component), inc.Severity, "") == policy.Act
}

// Mode returns the daemon's mode: the one set live, else that of the settings.
func (m *Machine) Mode() policy.Mode {
	return cmp.Or(m.ordered, m.set.Mode)
}

// ModeSetLive reports whether the daemon's mode was set live; Configured is that of
// the settings.
func (m *Machine) ModeSetLive() (live bool, configured policy.Mode) {
	return m.ordered != "", m.set.Mode
}

// ModeOf returns the mode that holds for a component.
func (m *Machine) ModeOf(component string) policy.Mode {
	return policy.Effective(m.Mode(), m.own(component))
}

// OwnModes returns the modes of components that were set live.
func (m *Machine) OwnModes() map[string]policy.Own { return maps.Clone(m.modes) }
