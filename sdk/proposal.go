package sdk

import (
	"errors"
	"fmt"
	"time"
)

// Proposal is an ordered list of actions that a strategy offers.
type Proposal struct {
	// Actions are carried out in order; the first that fails ends the recovery.
	// None means that the strategy has nothing to offer now.
	Actions []Action `json:"-"`
	// Reason is one sentence for the operator: why this, or why nothing.
	Reason string `json:"reason"`
	// NotBefore asks the host to wait until then, for example for a back-off.
	// The host shows it as "next try at" and asks again when it has come.
	NotBefore time.Time `json:"not_before"`
	// Probing marks a cheap trial after a limit was reached (half-open).
	Probing bool `json:"probing,omitempty"`
	// Trial makes an attempt of a proposal that does nothing but wait: it is verified
	// and learned from like any other. Without it such a proposal only puts the next
	// question off.
	Trial bool `json:"trial,omitempty"`
	// Confidence is the strategy's own estimate that this helps, 0 to 1.
	Confidence float64 `json:"confidence,omitempty"`
}

// MaxActions is the most actions that one proposal may hold.
const MaxActions = 16

// Validate reports the first rule that the proposal breaks.
func (p Proposal) Validate() error {
	if len(p.Actions) > MaxActions {
		return fmt.Errorf("proposal: %d actions, at most %d are allowed", len(p.Actions), MaxActions)
	}
	if len(p.Reason) > MaxText {
		return fmt.Errorf("proposal: reason of %d bytes, at most %d are allowed", len(p.Reason), MaxText)
	}
	if !(p.Confidence >= 0 && p.Confidence <= 1) {
		return fmt.Errorf("proposal: confidence %v is outside 0 to 1", p.Confidence)
	}
	for i, a := range p.Actions {
		if a == nil {
			return fmt.Errorf("proposal: action %d is missing", i+1)
		}
		if err := a.Validate(); err != nil {
			return fmt.Errorf("proposal: action %d: %w", i+1, err)
		}
	}
	return nil
}

// ErrNotReady is what a detector returns while it lacks data to judge a window.
// The host counts the window as inconclusive, not as a fault of the plugin.
var ErrNotReady = errors.New("not enough data to judge the window")
