// Package burden measures how ill a host is as a whole, so that a remedy for
// one component is not paid for by others.
//
// It owns the measure and its order. What follows from a host that got worse is
// for the caller. It is pure and may be used from several goroutines.
package burden

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/homeostat/homeostat/sdk"
)

// Burden is the worst open severity of each component that has one.
type Burden map[string]sdk.Severity

// Add notes an open anomaly.
func (b Burden) Add(component string, s sdk.Severity) { b[component] = max(b[component], s) }

// counts tells how many components are of each severity.
func (b Burden) counts() [sdk.SeverityCritical + 1]int {
	var n [sdk.SeverityCritical + 1]int
	for _, s := range b {
		n[s]++
	}
	return n
}

// Compare is negative when b is lighter than o, zero when they weigh the same.
// More components of the worst severity are worse, whatever there is of milder
// ones: two that are degraded do not make up for one that is down.
func (b Burden) Compare(o Burden) int {
	x, y := b.counts(), o.counts()
	for s := sdk.SeverityCritical; s > sdk.SeverityUnknown; s-- {
		if c := cmp.Compare(x[s], y[s]); c != 0 {
			return c
		}
	}
	return 0
}

// Worse lists the components that are more severe than they were in o, by name.
func (b Burden) Worse(o Burden) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if b[name] > o[name] {
			names = append(names, name)
		}
	}
	return names
}

// Of returns the part of the burden that the components bear.
func (b Burden) Of(names []string) Burden {
	out := Burden{}
	for _, name := range names {
		if s, ok := b[name]; ok {
			out[name] = s
		}
	}
	return out
}

// String lists the components with their severities.
func (b Burden) String() string {
	parts := make([]string, 0, len(b))
	for _, name := range slices.Sorted(maps.Keys(b)) {
		parts = append(parts, fmt.Sprintf("%s %s", name, b[name]))
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}
