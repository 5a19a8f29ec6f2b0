// Package lshade is differential evolution that learns its two rates from its
// successes and lets its population shrink: strong where parameters hardly
// depend on each other, and the complement of cmaes.
//
// It follows Tanabe and Fukunaga, "Improving the search performance of SHADE
// using linear population size reduction" (CEC 2014), with their settings, but
// for smaller populations in many dimensions. A method is not safe for
// concurrent use.
package lshade

import (
	"fmt"
	"math"
	"slices"

	"github.com/homeostat/homeostat/plugins/internal/evolve"
)

// LSHADE is one run. Its fields are its state; use New.
type LSHADE struct {
	Rand *evolve.Source `json:"rand"`
	// Budget is how many evaluations the run is planned for, Spent how many it had.
	Budget int `json:"budget"`
	Spent  int `json:"spent"`
	First  int `json:"first"` // members at the beginning
	// Members and their Costs; without costs the members themselves are asked for.
	Members []evolve.Floats `json:"members"`
	Costs   evolve.Floats   `json:"costs"`
	// Trials are the children, one for each member, with the rates that made them.
	Trials   []evolve.Floats `json:"trials"`
	TrialF   evolve.Floats   `json:"trial_f"`
	TrialCR  evolve.Floats   `json:"trial_cr"`
	Archive  []evolve.Floats `json:"archive"`
	MemoryF  evolve.Floats   `json:"memory_f"`
	MemoryCR evolve.Floats   `json:"memory_cr"` // negative once no success needed crossover
	Slot     int             `json:"slot"`
}

// The settings of the paper.
const (
	perDimension = 18
	archiveRate  = 2.6
	bestShare    = 0.11
	memory       = 6
	fewest       = 4
	spread       = 0.1 // of the rates around a memory
	// mostMembers bounds the state of a run in many dimensions.
	mostMembers = 200
)

// New plans a run of so many evaluations. The first members are the given points,
// the others are drawn.
func New(rng *evolve.Source, n, budget int, known [][]float64) *LSHADE {
	size := max(fewest, min(perDimension*n, mostMembers, budget/10))
	l := &LSHADE{Rand: rng, Budget: max(budget, 2*size), First: size}
	for _, x := range known[:min(len(known), size)] {
		l.Members = append(l.Members, append(evolve.Floats(nil), x...))
	}
	for len(l.Members) < size {
		l.Members = append(l.Members, rng.Point(n))
	}
	for range memory {
		l.MemoryF, l.MemoryCR = append(l.MemoryF, 0.5), append(l.MemoryCR, 0.5)
	}
	return l
}

// Generation returns the members at first and the trials from then on.
func (l *LSHADE) Generation() [][]float64 {
	from := l.Trials
	if len(l.Costs) == 0 {
		from = l.Members
	}
	out := make([][]float64, len(from))
	for i, x := range from {
		out[i] = x
	}
	return out
}

// Tell keeps what is no worse, learns from what is better and shrinks.
func (l *LSHADE) Tell(costs []float64) {
	l.Spent += len(costs)
	if len(l.Costs) == 0 {
		l.Costs = slices.Clone(costs)
	} else {
		l.choose(costs)
		l.shrink()
	}
	l.breed()
}

func (l *LSHADE) choose(costs []float64) {
	var better []success
	for i, cost := range costs {
		if cost < l.Costs[i] {
			better = append(better, success{l.TrialF[i], l.TrialCR[i], gain(l.Costs[i], cost)})
			l.Archive = append(l.Archive, l.Members[i])
		}
		if cost <= l.Costs[i] {
			l.Members[i], l.Costs[i] = l.Trials[i], cost
		}
	}
	l.remember(better)
}

// gain is how much a cost fell; from what could not be evaluated, one.
func gain(from, to float64) float64 {
	if math.IsInf(from, 0) {
		return 1
	}
	return from - to
}

type success struct{ f, cr, gain float64 }

// remember puts the weighted Lehmer means of what succeeded into one slot.
func (l *LSHADE) remember(list []success) {
	if len(list) == 0 {
		return
	}
	var f, ff, cr, crcr, most float64
	for _, s := range list {
		f, ff = f+s.gain*s.f, ff+s.gain*s.f*s.f
		cr, crcr = cr+s.gain*s.cr, crcr+s.gain*s.cr*s.cr
		most = max(most, s.cr)
	}
	if mean := ff / f; mean > 0 && mean <= 1 {
		l.MemoryF[l.Slot] = mean
	}
	if mean := crcr / cr; l.MemoryCR[l.Slot] < 0 || most == 0 {
		l.MemoryCR[l.Slot] = -1
	} else if mean >= 0 && mean <= 1 {
		l.MemoryCR[l.Slot] = mean
	}
	l.Slot = (l.Slot + 1) % memory
}

// shrink drops the worst members, in step with what is spent.
func (l *LSHADE) shrink() {
	share := min(float64(l.Spent)/float64(l.Budget), 1)
	size := max(fewest, int(math.Round(float64(l.First)-share*float64(l.First-fewest))))
	for len(l.Members) > size {
		worst := 0
		for i, cost := range l.Costs {
			if cost > l.Costs[worst] {
				worst = i
			}
		}
		l.Members = slices.Delete(l.Members, worst, worst+1)
		l.Costs = slices.Delete(l.Costs, worst, worst+1)
	}
	for len(l.Archive) > int(archiveRate*float64(len(l.Members))) {
		i := l.Rand.IntN(len(l.Archive))
		l.Archive = slices.Delete(l.Archive, i, i+1)
	}
}

// Done reports a spent budget or a population that has become one point.
func (l *LSHADE) Done() string {
	switch {
	case l.Spent >= l.Budget:
		return "its evaluations are spent"
	case len(l.Costs) > 0 && slices.Max(l.Costs)-slices.Min(l.Costs) <= 1e-12*min(1, math.Abs(slices.Min(l.Costs))):
		return "the population has become one point"
	}
	return ""
}

// Check reports a state that cannot be carried on.
func (l *LSHADE) Check(n int) error {
	count := len(l.Members)
	fits := l.Rand.Usable() && l.First >= fewest && l.First <= mostMembers && count >= fewest && count <= l.First &&
		l.Budget > 0 && l.Spent >= 0 && l.Slot >= 0 && l.Slot < memory && len(l.Archive) <= int(archiveRate*mostMembers)
	if len(l.Costs) > 0 {
		fits = fits && len(l.Costs) == count && len(l.Trials) == count && len(l.TrialF) == count && len(l.TrialCR) == count
	}
	fits = fits && len(l.MemoryF) == memory && len(l.MemoryCR) == memory
	for _, rates := range []evolve.Floats{l.MemoryF, l.MemoryCR, l.TrialF, l.TrialCR} {
		fits = fits && !slices.ContainsFunc(rates, func(r float64) bool { return !(r >= -1 && r <= 1) })
	}
	for _, list := range [][]evolve.Floats{l.Members, l.Trials, l.Archive} {
		fits = fits && !slices.ContainsFunc(list, func(x evolve.Floats) bool { return !x.InCube(n) })
	}
	if !fits {
		return fmt.Errorf("L-SHADE: its state does not fit %d dimensions", n)
	}
	return nil
}
