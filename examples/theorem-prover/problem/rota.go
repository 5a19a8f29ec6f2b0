package problem

import (
	"fmt"
	"maps"
	"slices"
)

// Demand says how much each family is wanted, relative to the others; one that is
// not named is not wanted at all.
type Demand map[string]int

// maxShare bounds one family's share.
const maxShare = 1000

// Check refuses families that have no problems, shares outside 0 to 1000, and a
// demand for nothing.
func (d Demand) Check(all []Problem) error {
	known, sum := Families(all), 0
	for _, family := range slices.Sorted(maps.Keys(d)) {
		share := d[family]
		if !slices.Contains(known, family) {
			return fmt.Errorf("demand for %q: there is no such family; there are %v", family, known)
		}
		if share < 0 || share > maxShare {
			return fmt.Errorf("demand for %s: want 0 to %d, got %d", family, maxShare, share)
		}
		sum += share
	}
	if sum == 0 {
		return fmt.Errorf("demand: nothing is wanted; want a share above 0 of one of %v", known)
	}
	return nil
}

// Rota says whose turn is next. NewRota is the only way to one.
type Rota struct {
	lines []*line
}

// line is the problems of one family, and how long it has waited for its turn.
type line struct {
	problems []Problem
	share    int
	credit   int
	next     int
}

// NewRota checks the demand and begins with the first problem of each family.
func NewRota(all []Problem, d Demand) (*Rota, error) {
	if err := d.Check(all); err != nil {
		return nil, err
	}
	r := &Rota{}
	for _, family := range Families(all) {
		if d[family] == 0 {
			continue
		}
		l := &line{share: d[family]}
		for _, p := range all {
			if p.Family == family {
				l.problems = append(l.problems, p)
			}
		}
		r.lines = append(r.lines, l)
	}
	return r, nil
}

// Next returns the next problem. Families come in proportion to their shares, as
// evenly as can be (the one that has waited longest for its share), and within a
// family all problems in turn.
func (r *Rota) Next() Problem {
	sum, first := 0, r.lines[0]
	for _, l := range r.lines {
		l.credit += l.share
		sum += l.share
		if l.credit > first.credit {
			first = l
		}
	}
	first.credit -= sum
	p := first.problems[first.next]
	first.next = (first.next + 1) % len(first.problems)
	return p
}
