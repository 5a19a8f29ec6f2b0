// Package choice decides in which order the rungs of the ladder are asked
// about an incident.
//
// It owns that order and nothing else: what a strategy may do, and whether it
// is done, is for the machine. A chooser that learns takes the place of Fixed
// by the same method. It is pure and may be used from several goroutines.
package choice

import (
	"cmp"
	"slices"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// Question is what an order is made from.
type Question struct {
	Incident sdk.Incident
	// Ladder is the operator's order of names, empty for none.
	Ladder []string
	// Ready are the strategies that can be asked now.
	Ready []string
	// Resting are the strategies that failed on the component lately, and until
	// when they are not asked.
	Resting map[string]time.Time
}

// Rest reports until when a strategy is not to be asked, zero when it may be.
func (q Question) Rest(name string) time.Time {
	if until := q.Resting[name]; until.After(q.Incident.Now) {
		return until
	}
	return time.Time{}
}

// HandOver is the name of the last rung, which the host has built in.
const HandOver = "hand_over"

// least is the order of the first-party strategies, least invasive first:
// taking back what just changed, starting anew, cutting off, moving a
// parameter by rule, and searching for a better set of parameters.
var least = []string{"revert", "restart", "isolate", "reconfigure", "genetic"}

// Fixed asks in the operator's order. Without one the first-party strategies
// come first, least invasive first, then others by name, and the hand-over last.
type Fixed struct{}

// Order returns the names to ask, in order. Names that rest stay in the list:
// the caller skips them and says why.
func (Fixed) Order(q Question) []string {
	if len(q.Ladder) > 0 {
		return slices.Clone(q.Ladder)
	}
	names := slices.Clone(q.Ready)
	slices.SortStableFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
	})
	return names
}

func rank(name string) int {
	if name == HandOver {
		return len(least) + 1
	}
	if n := slices.Index(least, name); n >= 0 {
		return n
	}
	return len(least)
}
