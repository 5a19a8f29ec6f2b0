package score

import (
	"fmt"
	"strings"
	"time"
)

// The bar for acting unasked.
const (
	// LeastDecisions have to be judged, over LeastSpan at least: ten of one bad
	// afternoon say little.
	LeastDecisions = 10
	LeastSpan      = 24 * time.Hour
	// MostFalse is the largest share of false actions, LeastHealed the smallest
	// share of those carried out and ended that healed.
	MostFalse   = 0.05
	LeastHealed = 0.90
)

// Bar says in a sentence what a row has to show.
func Bar() string {
	return fmt.Sprintf("at least %d decisions over %v, at most %.0f %% of them false, and at least %.0f %% of those carried out healed",
		LeastDecisions, LeastSpan, 100*MostFalse, 100*LeastHealed)
}

// Passes reports whether the row passes the bar, and what it lacks where it
// does not.
func (r Row) Passes() (bool, string) {
	var lacks []string
	if n := r.Decisions(); n < LeastDecisions {
		lacks = append(lacks, fmt.Sprintf("%d of %d decisions", n, LeastDecisions))
	}
	if span := r.Last.Sub(r.First); span < LeastSpan {
		lacks = append(lacks, fmt.Sprintf("seen over %v of %v", span.Round(time.Minute), LeastSpan))
	}
	if n := r.Decisions(); n > 0 && float64(r.False) > MostFalse*float64(n) {
		lacks = append(lacks, fmt.Sprintf("%d of %d were false", r.False, n))
	}
	if ended := r.Healed + r.Failed; ended > 0 && float64(r.Healed) < LeastHealed*float64(ended) {
		lacks = append(lacks, fmt.Sprintf("%d of %d healed", r.Healed, ended))
	}
	return len(lacks) == 0, strings.Join(lacks, "; ")
}
