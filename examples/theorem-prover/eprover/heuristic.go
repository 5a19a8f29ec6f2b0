package eprover

import (
	"fmt"
	"slices"
)

// Heuristic names one way to choose the next clause.
type Heuristic string

// heuristic is one of the table: what it is called and how E is told of it.
type heuristic struct {
	name    Heuristic
	options []string
}

// heuristics are those that an engine may be set to. E's own choice looks at the
// problem first; the others are the same for every problem: E's default; the
// oldest clause first; the lightest first; one old for every five light ones; what
// shares symbols with the conjecture first; and goals first, under another
// ordering and selection of literals.
var heuristics = []heuristic{
	{"auto", []string{"--auto"}},
	{"plain", nil},
	{"fifo", []string{"-H(1*FIFOWeight(ConstPrio))"}},
	{"weight", []string{"-H(1*Clauseweight(ConstPrio,1,1,1))"}},
	{"mixed", []string{"-H(5*Clauseweight(ConstPrio,2,1,1),1*FIFOWeight(ConstPrio))"}},
	{"goal", []string{"-H(4*ConjectureRelativeSymbolWeight(SimulateSOS,0.5,100,100,100,100,1.5,1.5,1),1*FIFOWeight(PreferProcessed))"}},
	{"refined", []string{"-H(4*Refinedweight(PreferGoals,1,2,2,1.5,2),1*FIFOWeight(ConstPrio))", "-tKBO6", "-WSelectMaxLComplexAvoidPosPred"}},
}

// Heuristics lists all of them.
func Heuristics() []Heuristic {
	names := make([]Heuristic, len(heuristics))
	for i, h := range heuristics {
		names[i] = h.name
	}
	return names
}

// Check refuses a heuristic that is not in the list.
func (h Heuristic) Check() error {
	_, err := h.options()
	return err
}

func (h Heuristic) options() ([]string, error) {
	for _, known := range heuristics {
		if known.name == h {
			return slices.Clone(known.options), nil
		}
	}
	return nil, fmt.Errorf("heuristic %q: there is none of this name; use one of %v", h, Heuristics())
}
