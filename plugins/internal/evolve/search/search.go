// Package search spends a budget of evaluations: it chooses the method by budget
// and by what the parameters are, restarts it when it is done, and keeps the
// elites.
//
// Up to 500 evaluations it is a (1+1)-ES. Above, it is CMA-ES with growing
// populations, and one restart in three is L-SHADE, which is strong where CMA-ES
// is weak. Where a parameter is a choice it is the mixed search. A search begins
// at its elites, which are tested again first. It is not safe for concurrent use.
package search

import (
	"math"
	"slices"

	"github.com/homeostat/homeostat/plugins/internal/evolve"
	"github.com/homeostat/homeostat/plugins/internal/evolve/elites"
)

// Space is what is searched: a unit cube with some knowledge about it.
type Space struct {
	// Levels holds for each dimension how many choices it has, 0 for a number.
	Levels []int
	// Allowed reports that a point may be evaluated; nil allows all. Points that
	// are not allowed cost nothing and count as the worst.
	Allowed func(genes []float64) bool
	// Snap moves a point to the middle of those that mean the same; nil leaves it.
	Snap func(genes []float64) []float64
	// Default is the point that everything is compared with.
	Default []float64
}

// Candidate is a point whose cost is wanted.
type Candidate struct {
	ID    uint64        `json:"id"`
	Genes evolve.Floats `json:"genes"`
	// Member is its place in the method's generation, or one of the roles below.
	Member int `json:"member"`
}

// Roles of candidates that are no member of a generation.
const (
	isDefault = -1
	isElite   = -2
	isSeed    = -3 // a former elite, whose cost was of another measure
)

// Search is the search of one space. Use New or Load.
type Search struct {
	space  Space
	rand   *evolve.Source
	method evolve.Method
	kind   kind
	state  progress
}

// progress is what is saved beside the method and the source.
type progress struct {
	Round  int `json:"round"`
	Budget int `json:"budget"`
	Spent  int `json:"spent"`
	// Runs counts the methods begun in this round, Doublings those of CMA-ES.
	Runs      int         `json:"runs"`
	Doublings int         `json:"doublings"`
	LastID    uint64      `json:"last_id"`
	Waiting   []Candidate `json:"waiting"`
	// Costs are those of the method's generation so far; Known says which.
	Costs  evolve.Floats `json:"costs"`
	Known  []bool        `json:"known"`
	Elites elites.List   `json:"elites"`
	// Seeds are former elites that the next round tests anew.
	Seeds []evolve.Floats `json:"seeds,omitempty"`
	// Default is the mean cost of the default over DefaultTests.
	Default      float64 `json:"default"`
	DefaultTests int     `json:"default_tests"`
	Stuck        bool    `json:"stuck,omitempty"`
}

// Known is what an earlier search of another space has found.
type Known struct {
	Elites []elites.Elite
	// Default is the mean cost of the default; nothing where Tested is false.
	Default float64
	Tested  bool
}

// New returns a search that has not begun; it will begin at what is known.
func New(space Space, seed uint64, known Known) *Search {
	s := &Search{space: space, rand: evolve.NewSource(seed)}
	for _, e := range known.Elites {
		s.state.Elites.Add(s.snap(e.Genes), e.Cost)
	}
	if known.Tested {
		s.testDefault(known.Default)
	}
	return s
}

// Begin starts a round with a budget of evaluations. The default and the elites
// come first: the random numbers of the model are others now.
func (s *Search) Begin(round, budget int) {
	s.state.Round, s.state.Budget, s.state.Spent = round, budget, 0
	s.state.Runs, s.state.Doublings, s.state.Waiting, s.state.Stuck = 0, 0, nil, false
	s.wait(s.snap(s.space.Default), isDefault)
	for _, e := range s.state.Elites.Elites {
		s.wait(e.Genes, isElite)
	}
	for _, genes := range s.state.Seeds {
		s.wait(genes, isSeed)
	}
	s.state.Seeds = nil
	s.method, s.kind = nil, ""
}

// Remeasure drops all costs, because those to come are another measure: the next
// round begins at the elites and knows nothing of them but where they are.
func (s *Search) Remeasure() {
	s.state.Seeds = nil
	for _, e := range s.state.Elites.Elites {
		s.state.Seeds = append(s.state.Seeds, e.Genes)
	}
	s.state.Elites = elites.List{}
	s.state.Default, s.state.DefaultTests = 0, 0
}

func (s *Search) wait(genes []float64, member int) {
	s.state.LastID++
	s.state.Waiting = append(s.state.Waiting, Candidate{ID: s.state.LastID, Genes: append(evolve.Floats(nil), genes...), Member: member})
}

// Round returns the number of the round that Begin was given.
func (s *Search) Round() int { return s.state.Round }

// Spent returns how many evaluations of the round were told.
func (s *Search) Spent() int { return s.state.Spent }

// Elites returns the best points found, best first.
func (s *Search) Elites() []elites.Elite { return slices.Clone(s.state.Elites.Elites) }

// Default returns the mean cost of the default, and whether there is one.
func (s *Search) Default() (float64, bool) { return s.state.Default, s.state.DefaultTests > 0 }

// Over reports that the round is over: its budget is spent, or nothing is left
// that may be evaluated.
func (s *Search) Over() bool { return s.state.Spent >= s.state.Budget || s.state.Stuck }

// Ask returns at most n candidates, none when the round is over. Candidates
// whose cost was never told come again.
func (s *Search) Ask(n int) []Candidate {
	if s.Over() {
		return nil
	}
	// A generation may hold no point that is allowed; the next one is drawn then.
	const patience = 1000
	for range patience {
		if len(s.state.Waiting) > 0 {
			break
		}
		s.prepare()
	}
	s.state.Stuck = len(s.state.Waiting) == 0
	n = min(n, len(s.state.Waiting), s.state.Budget-s.state.Spent)
	return slices.Clone(s.state.Waiting[:n])
}

// prepare makes candidates of the method's generation, or ends the generation
// when none of it may be evaluated.
func (s *Search) prepare() {
	if s.method == nil || s.method.Done() != "" {
		s.restart()
	}
	points := s.method.Generation()
	s.state.Costs, s.state.Known = make(evolve.Floats, len(points)), make([]bool, len(points))
	for i, x := range points {
		if s.space.Allowed != nil && !s.space.Allowed(x) {
			s.state.Costs[i], s.state.Known[i] = math.Inf(1), true
			continue
		}
		s.wait(x, i)
	}
	s.finish()
}

// finish tells the method its generation when every cost is known.
func (s *Search) finish() {
	if s.method == nil || len(s.state.Known) == 0 || slices.Contains(s.state.Known, false) {
		return
	}
	s.method.Tell(s.state.Costs)
	s.state.Costs, s.state.Known = nil, nil
}

// Tell takes the cost of a candidate; +Inf is one that could not be evaluated.
// Ids that nobody waits for, such as those of a state that was lost, are ignored.
func (s *Search) Tell(id uint64, cost float64) {
	i := slices.IndexFunc(s.state.Waiting, func(c Candidate) bool { return c.ID == id })
	if i < 0 {
		return
	}
	if math.IsNaN(cost) || math.IsInf(cost, -1) {
		cost = math.Inf(1)
	}
	c := s.state.Waiting[i]
	s.state.Waiting = slices.Delete(s.state.Waiting, i, i+1)
	s.state.Spent++
	switch c.Member {
	case isDefault:
		s.testDefault(cost)
	case isElite:
		s.state.Elites.Test(c.Genes, cost)
	case isSeed:
		s.state.Elites.Add(c.Genes, cost)
	default:
		s.state.Elites.Add(s.snap(c.Genes), cost)
		s.state.Costs[c.Member], s.state.Known[c.Member] = cost, true
		s.finish()
	}
}

func (s *Search) testDefault(cost float64) {
	if math.IsInf(cost, 0) {
		return
	}
	s.state.DefaultTests++
	s.state.Default += (cost - s.state.Default) / float64(s.state.DefaultTests)
}

func (s *Search) snap(genes []float64) []float64 {
	if s.space.Snap == nil {
		return genes
	}
	return s.space.Snap(genes)
}
