// Package policy decides who has to agree to a recovery: the host alone, a
// person, or nobody because it is only recorded.
//
// It owns the four modes and the rule that joins them with a severity. It is
// pure and may be used from several goroutines.
package policy

import (
	"fmt"
	"strings"

	"github.com/homeostat/homeostat/sdk"
)

// Mode says how freely the host may act.
type Mode string

// The four modes, freest first.
const (
	Automated  Mode = "automated"  // everything that can be undone is done at once
	Supervised Mode = "supervised" // low and medium at once, high and critical after a person's yes
	Manual     Mode = "manual"     // everything after a person's yes
	Learning   Mode = "learning"   // decide and record, do nothing
)

var order = []Mode{Automated, Supervised, Manual, Learning}

// ParseMode reads a mode's name.
func ParseMode(text string) (Mode, error) {
	for _, m := range order {
		if string(m) == text {
			return m, nil
		}
	}
	return "", fmt.Errorf("mode %q: want one of manual, supervised, automated, learning", strings.TrimSpace(text))
}

// Effective returns the mode that holds for a component: the stricter of the
// daemon's and its own, or its own where the operator has said that it wins.
func Effective(daemon Mode, own Own) Mode {
	switch {
	case own.Mode == "":
		return daemon
	case own.Wins:
		return own.Mode
	}
	return Strictest(daemon, own.Mode)
}

// Own is a component's own mode, empty for none.
type Own struct {
	Mode Mode `json:"mode"`
	// Wins reports that it holds even where the daemon's mode is stricter.
	Wins bool `json:"wins,omitempty"`
}

// Strictest returns the most careful of the modes, Automated for none.
func Strictest(modes ...Mode) Mode {
	worst := 0
	for _, m := range modes {
		worst = max(worst, rank(m))
	}
	return order[worst]
}

// rank takes an unknown mode for the most careful that still asks.
func rank(m Mode) int {
	for i, known := range order {
		if known == m {
			return i
		}
	}
	return 2
}

// Decision is what a mode makes of a proposal.
type Decision string

// The three decisions.
const (
	Act    Decision = "act"    // carry it out now
	Ask    Decision = "ask"    // wait for a person
	Record Decision = "record" // note what would have been done
)

// Decide returns the decision for a proposal of an incident of the severity. A
// proposal that cannot be undone is asked for in every mode that acts.
func Decide(m Mode, s sdk.Severity, irreversible string) Decision {
	switch {
	case m == Learning:
		return Record
	case rank(m) >= rank(Manual), irreversible != "":
		return Ask
	case m == Supervised && s >= sdk.SeverityHigh:
		return Ask
	}
	return Act
}
