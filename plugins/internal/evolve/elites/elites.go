// Package elites keeps the few best points of a search that differ from each
// other, with the mean of all tests of each.
//
// It holds points and costs and decides nothing about their use. A list is not
// safe for concurrent use.
package elites

import (
	"fmt"
	"math"
	"slices"

	"github.com/homeostat/homeostat/plugins/internal/evolve"
)

// Most is how many elites are kept.
const Most = 8

// Apart is how far two elites must differ in a dimension, in widths of the cube:
// live trials of points that are nearly the same would teach nothing.
const Apart = 0.08

// Elite is a good point with the mean cost of its tests, at least one.
type Elite struct {
	Genes evolve.Floats `json:"genes"`
	Cost  float64       `json:"cost"`
	Tests int           `json:"tests"`
}

// List holds at most Most elites, best first. The zero value is empty.
type List struct {
	Elites []Elite `json:"elites"`
}

// Add offers a point. It is kept when it is among the best and better than those
// that it nearly equals, which it replaces.
func (l *List) Add(genes []float64, cost float64) {
	if math.IsInf(cost, 0) || math.IsNaN(cost) || len(l.Elites) == Most && cost >= l.Elites[Most-1].Cost {
		return
	}
	for _, e := range l.Elites {
		if e.Cost <= cost && near(e.Genes, genes) {
			return
		}
	}
	l.Elites = slices.DeleteFunc(l.Elites, func(e Elite) bool { return near(e.Genes, genes) })
	l.Elites = append(l.Elites, Elite{Genes: append(evolve.Floats(nil), genes...), Cost: cost, Tests: 1})
	l.sort()
	l.Elites = l.Elites[:min(len(l.Elites), Most)]
}

// Test adds one more cost of an elite to its mean. One that could not be
// evaluated any more is dropped, and a point that is no elite is ignored.
func (l *List) Test(genes []float64, cost float64) {
	i := slices.IndexFunc(l.Elites, func(e Elite) bool { return slices.Equal(e.Genes, genes) })
	switch {
	case i < 0:
		return
	case math.IsInf(cost, 0) || math.IsNaN(cost):
		l.Elites = slices.Delete(l.Elites, i, i+1)
		return
	}
	e := &l.Elites[i]
	e.Tests++
	e.Cost += (cost - e.Cost) / float64(e.Tests)
	l.sort()
}

func (l *List) sort() {
	slices.SortStableFunc(l.Elites, func(a, b Elite) int {
		switch {
		case a.Cost < b.Cost:
			return -1
		case a.Cost > b.Cost:
			return 1
		}
		return 0
	})
}

// near reports that two points differ nowhere by more than Apart.
func near(a, b []float64) bool {
	for i := range a {
		if math.Abs(a[i]-b[i]) > Apart {
			return false
		}
	}
	return true
}

// Check reports a list, which may come from a damaged file, that is none of n
// dimensions.
func (l *List) Check(n int) error {
	bad := slices.ContainsFunc(l.Elites, func(e Elite) bool {
		return !e.Genes.InCube(n) || e.Tests < 1 || math.IsNaN(e.Cost) || math.IsInf(e.Cost, 0)
	})
	if bad || len(l.Elites) > Most {
		return fmt.Errorf("elites: the list does not fit %d dimensions", n)
	}
	return nil
}
