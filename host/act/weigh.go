package act

import (
	"fmt"
	"slices"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// Class says how an action can be taken back.
type Class string

// The classes of reversibility.
const (
	// Harmless actions change nothing that lasts: there is nothing to undo.
	Harmless Class = "harmless"
	// Reversible actions have an undo that restores what was.
	Reversible Class = "reversible"
	// Irreversible actions, and those of which nobody knows, need a person.
	Irreversible Class = "irreversible"
)

// Weight is what an action means for the host before it is done.
type Weight struct {
	Class Class
	// Undo names the action that takes it back, "none" where there is none.
	Undo string
	// Cost is the estimated time in which the component does not serve.
	Cost time.Duration
}

// Costs are estimates for comparing remedies, not promises: what a service of
// middling size needs to stop, to start and to read its configuration.
const (
	costStop   = 2 * time.Second
	costStart  = 2 * time.Second
	costReload = 100 * time.Millisecond
)

// Weigh returns an action's weight on this host.
func (a *Actor) Weigh(action sdk.Action) Weight {
	switch action := action.(type) {
	case sdk.Start:
		return Weight{Class: Reversible, Undo: "stop " + action.Component, Cost: costStart}
	case sdk.Stop:
		return Weight{Class: Reversible, Undo: "start " + action.Component, Cost: costStop}
	case sdk.Restart:
		return Weight{Class: Harmless, Undo: "none", Cost: costStop + costStart}
	case sdk.Reload:
		return Weight{Class: Harmless, Undo: "none", Cost: costReload}
	case sdk.RunDeclared:
		if c := a.declared(action.Component)[action.Name]; len(c.Undo) > 0 {
			return Weight{Class: Reversible, Undo: "the declared undo of " + action.Name, Cost: c.timeout()}
		}
		return Weight{Class: Irreversible, Undo: "none", Cost: costStop}
	case sdk.SubmitChange, sdk.SetParameters:
		return Weight{Class: Reversible, Undo: "rollback of the change", Cost: costStop + costStart}
	case sdk.RollbackChange:
		return Weight{Class: Reversible, Undo: "restore of the backup that the rollback makes", Cost: costStop + costStart}
	case sdk.OpenLink, sdk.CloseLink:
		return weighLink(action)
	case sdk.Wait:
		return Weight{Class: Harmless, Undo: "none", Cost: action.For}
	case sdk.HandOver:
		return Weight{Class: Harmless, Undo: "none"}
	}
	return Weight{Class: Irreversible, Undo: "none"}
}

// Cost estimates how long a component does not serve because of the proposal: the
// sum of its actions.
func (a *Actor) Cost(p sdk.Proposal) time.Duration {
	var total time.Duration
	for _, action := range p.Actions {
		total += a.Weigh(action).Cost
	}
	return total
}

// Class is the gravest class of the proposal's actions.
func (a *Actor) Class(p sdk.Proposal) string {
	order := []Class{Harmless, Reversible, Irreversible}
	worst := 0
	for _, action := range p.Actions {
		worst = max(worst, slices.Index(order, a.Weigh(action).Class))
	}
	return string(order[worst])
}

// NeedsPerson says why a person has to agree to the proposal in every mode;
// empty when none has to.
func (a *Actor) NeedsPerson(p sdk.Proposal) string {
	for _, action := range p.Actions {
		if a.Weigh(action).Class == Irreversible {
			return fmt.Sprintf("%s %s has no undo, so a person has to agree", action.Kind(), action.Target())
		}
	}
	return ""
}
