// Package mixed searches where some parameters are choices: a population whose
// children cross two parents, step in what is a number, and draw anew what is a
// choice.
//
// Numbers step as in an evolution strategy whose members carry their own step.
// A method is not safe for concurrent use.
package mixed

import (
	"fmt"
	"math"
	"slices"

	"github.com/homeostat/homeostat/plugins/internal/evolve"
)

// Mixed is one run. Its fields are its state; use New.
type Mixed struct {
	Rand *evolve.Source `json:"rand"`
	// Levels holds for each dimension how many choices it has, 0 for a number.
	Levels []int `json:"levels"`
	// Members, their Costs and Steps, best first; without costs the members
	// themselves are asked for.
	Members []evolve.Floats `json:"members"`
	Costs   evolve.Floats   `json:"costs"`
	Steps   evolve.Floats   `json:"steps"`
	// Children wait for their costs.
	Children     []evolve.Floats `json:"children"`
	ChildrenStep evolve.Floats   `json:"children_step"`
	// Idle counts the generations in a row without a better best.
	Idle int `json:"idle"`
}

const (
	firstStep = 0.2
	lastStep  = 1e-7
	// mostMembers bounds the population.
	mostMembers = 40
)

// size of the population in n dimensions.
func size(n int) int { return min(8+2*n, mostMembers) }

// New begins with the given points; the other members are drawn.
func New(rng *evolve.Source, levels []int, known [][]float64) *Mixed {
	m := &Mixed{Rand: rng, Levels: slices.Clone(levels)}
	for _, x := range known[:min(len(known), size(len(levels)))] {
		m.Members = append(m.Members, append(evolve.Floats(nil), x...))
	}
	for len(m.Members) < size(len(levels)) {
		m.Members = append(m.Members, rng.Point(len(levels)))
	}
	for range m.Members {
		m.Steps = append(m.Steps, firstStep)
	}
	return m
}

// Generation returns the members at first and the children from then on.
func (m *Mixed) Generation() [][]float64 {
	from := m.Children
	if len(m.Costs) == 0 {
		from = m.Members
	}
	out := make([][]float64, len(from))
	for i, x := range from {
		out[i] = x
	}
	return out
}

// Tell keeps the best of members and children.
func (m *Mixed) Tell(costs []float64) {
	if len(m.Costs) == 0 {
		m.Costs = slices.Clone(costs)
		m.sort()
		m.breed()
		return
	}
	before := m.Costs[0]
	m.Members = append(m.Members, m.Children...)
	m.Costs = append(m.Costs, costs...)
	m.Steps = append(m.Steps, m.ChildrenStep...)
	m.sort()
	keep := size(len(m.Levels))
	m.Members, m.Costs, m.Steps = m.Members[:keep:keep], m.Costs[:keep:keep], m.Steps[:keep:keep]
	m.Idle++
	if m.Costs[0] < before {
		m.Idle = 0
	}
	m.breed()
}

// sort puts the best first; of two alike the newer one, so that the population
// drifts on a plain.
func (m *Mixed) sort() {
	order := make([]int, len(m.Members))
	for i := range order {
		order[i] = len(order) - 1 - i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case m.Costs[a] < m.Costs[b]:
			return -1
		case m.Costs[a] > m.Costs[b]:
			return 1
		}
		return 0
	})
	members, costs, steps := make([]evolve.Floats, len(order)), make(evolve.Floats, len(order)), make(evolve.Floats, len(order))
	for to, from := range order {
		members[to], costs[to], steps[to] = m.Members[from], m.Costs[from], m.Steps[from]
	}
	m.Members, m.Costs, m.Steps = members, costs, steps
}

func (m *Mixed) breed() {
	count := len(m.Members)
	m.Children, m.ChildrenStep = make([]evolve.Floats, count), make(evolve.Floats, count)
	for i := range m.Children {
		m.Children[i], m.ChildrenStep[i] = m.child(m.parent(), m.parent())
	}
}

// parent is the better of two members.
func (m *Mixed) parent() int { return min(m.Rand.IntN(len(m.Members)), m.Rand.IntN(len(m.Members))) }

func (m *Mixed) child(a, b int) (evolve.Floats, float64) {
	n := float64(len(m.Levels))
	step := math.Sqrt(m.Steps[a]*m.Steps[b]) * math.Exp(m.Rand.NormFloat64()/math.Sqrt(2*n))
	step = max(lastStep/10, min(step, 1))
	x := slices.Clone(m.Members[a])
	anew := max(1/n, 0.05)
	for d, levels := range m.Levels {
		if m.Rand.Float64() < 0.5 {
			x[d] = m.Members[b][d]
		}
		switch {
		case levels == 0:
			x[d] = evolve.Reflect(x[d] + step*m.Rand.NormFloat64())
		case m.Rand.Float64() < anew:
			x[d] = (float64(m.Rand.IntN(levels)) + 0.5) / float64(levels)
		}
	}
	return x, step
}

// Done reports that nothing better was found for long.
func (m *Mixed) Done() string {
	if m.Idle > 20+3*len(m.Levels) {
		return "nothing better was found for long"
	}
	return ""
}

// Check reports a state that cannot be carried on.
func (m *Mixed) Check(n int) error {
	count := size(n)
	fits := m.Rand.Usable() && len(m.Levels) == n && len(m.Members) == count && len(m.Steps) == count && m.Idle >= 0
	if len(m.Costs) > 0 {
		fits = fits && len(m.Costs) == count && len(m.Children) == count && len(m.ChildrenStep) == count
	}
	for _, list := range [][]evolve.Floats{m.Members, m.Children} {
		fits = fits && !slices.ContainsFunc(list, func(x evolve.Floats) bool { return !x.InCube(n) })
	}
	for _, steps := range []evolve.Floats{m.Steps, m.ChildrenStep} {
		fits = fits && !slices.ContainsFunc(steps, func(s float64) bool { return !(s > 0 && s <= 1) })
	}
	fits = fits && !slices.ContainsFunc(m.Levels, func(l int) bool { return l < 0 })
	if !fits {
		return fmt.Errorf("mixed search: its state does not fit %d dimensions", n)
	}
	return nil
}
