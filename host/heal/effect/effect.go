// Package effect holds what the core of healing wants carried out, and the ticket
// by which the answer is known.
//
// It owns their shape, nothing of what leads to them or comes of them. Values are
// plain data: whoever gets one may keep it.
package effect

import (
	"time"

	"github.com/homeostat/homeostat/host/heal/odds"
	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// Effect is something that the machine wants carried out. Save, Audit and Act
// keep their order: an Act starts only when all before it is durable.
type Effect interface{ effect() }

// Ticket names the question that an answer belongs to. An answer with an older
// ticket is late and decides nothing.
type Ticket struct {
	Incident string
	Number   uint64
}

// Confirm asks for the present verdict of components; the answer is Confirmed.
type Confirm struct {
	Ticket
	Components []string
}

// Ask asks the strategies in the ladder's order; the answer is Proposed. The
// carrier adds the state of the components.
type Ask struct {
	Ticket
	Incident sdk.Incident
	// Ladder is the operator's order of strategies, empty for none.
	Ladder []string
	// Resting are the strategies that failed on the component lately, and until
	// when they are not to be asked.
	Resting map[string]time.Time
	// Kind is that of the leading anomaly, Rule how to choose among offers.
	Kind string
	Rule odds.Rule
}

// Trace finds out what became of an action that was ordered before the daemon was
// killed; the answer is Traced.
type Trace struct {
	Ticket
	Recovery  string
	Component string
	Index     int
	Action    sdk.Action
	// Since is when it was ordered.
	Since time.Time
}

// Act carries one action of a proposal out; the answer is Acted. The next one is
// ordered when this one has ended and that is durable.
type Act struct {
	Ticket
	Recovery  string
	Component string
	// Index is the action's place in the proposal.
	Index  int
	Action sdk.Action
	Reason string
}

// Undo takes an action back that was carried out; the answer is Undone.
type Undo struct {
	Ticket
	Recovery string
	Index    int
	Action   sdk.Action
	Receipt  string
	Reason   string
}

// Save makes an incident's new state durable and known.
type Save struct {
	Incident record.Incident
	// News are the lines of its history that nobody has seen yet.
	News []record.Entry
}

// State is what survives a restart beside the incidents.
type State struct {
	// Mode is the daemon's where it was set live.
	Mode policy.Mode `json:"mode,omitempty"`
	// Modes are those of components that were set live.
	Modes       map[string]policy.Own `json:"modes,omitempty"`
	Maintenance []record.Maintenance  `json:"maintenance"`
	Promotions  []record.Promotion    `json:"promotions,omitempty"`
}

// SaveState makes the mode and the maintenance windows durable.
type SaveState struct {
	State State
}

// Audit appends to the audit log.
type Audit struct {
	Kind   string
	Fields map[string]any
}

// Publish tells listeners of something that is in no incident.
type Publish struct {
	Topic string
	Item  any
}

// Learn tells a strategy how its recovery ended.
type Learn struct {
	Strategy string
	// Kind is that of the incident's leading anomaly.
	Kind    string
	Outcome sdk.Outcome
}

func (Confirm) effect()   {}
func (Ask) effect()       {}
func (Act) effect()       {}
func (Trace) effect()     {}
func (Undo) effect()      {}
func (Save) effect()      {}
func (SaveState) effect() {}
func (Audit) effect()     {}
func (Publish) effect()   {}
func (Learn) effect()     {}
