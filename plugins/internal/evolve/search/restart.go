package search

import (
	"slices"

	"github.com/homeostat/homeostat/plugins/internal/evolve"
	"github.com/homeostat/homeostat/plugins/internal/evolve/cmaes"
	"github.com/homeostat/homeostat/plugins/internal/evolve/es"
	"github.com/homeostat/homeostat/plugins/internal/evolve/lshade"
	"github.com/homeostat/homeostat/plugins/internal/evolve/mixed"
)

// kind names a method in a saved state.
type kind string

const (
	kindES     kind = "es"
	kindCMA    kind = "cmaes"
	kindLSHADE kind = "lshade"
	kindMixed  kind = "mixed"
)

const (
	// fewEvaluations is where a population begins to pay.
	fewEvaluations = 500
	// firstStep and restartStep are those of CMA-ES, in widths of the cube: a
	// restart looks further around.
	firstStep   = 0.15
	restartStep = 0.25
	// shadeShare is the part of what is left of a budget that a run of L-SHADE is
	// planned for, shadePerDimension the most of it.
	shadeShare        = 0.5
	shadePerDimension = 3000
)

// restart begins the next method of the round.
func (s *Search) restart() {
	n, run, left := len(s.space.Default), s.state.Runs, s.state.Budget-s.state.Spent
	s.state.Runs++
	switch {
	case slices.ContainsFunc(s.space.Levels, func(l int) bool { return l > 0 }):
		s.kind, s.method = kindMixed, mixed.New(s.rand, s.space.Levels, s.known())
	case s.state.Budget <= fewEvaluations:
		s.kind, s.method = kindES, es.New(s.rand, s.start(run))
	case run%3 == 2:
		plan := min(left, max(int(shadeShare*float64(left)), 1), shadePerDimension*n)
		s.kind, s.method = kindLSHADE, lshade.New(s.rand, n, plan, nil)
	default:
		step := firstStep
		if run > 0 {
			step = restartStep
		}
		s.kind, s.method = kindCMA, cmaes.New(s.rand, s.start(run), step, cmaes.DefaultLambda(n)<<s.state.Doublings)
		s.state.Doublings = min(s.state.Doublings+1, 8)
		if s.state.Doublings == 2 {
			s.state.Doublings = 4 // what two small populations missed needs a much larger one
		}
	}
}

// start is the best point known for the first run of a round, and any point for
// the others.
func (s *Search) start(run int) []float64 {
	if known := s.known(); run == 0 {
		return known[0]
	}
	return s.rand.Point(len(s.space.Default))
}

// known are the elites, best first, and the default.
func (s *Search) known() [][]float64 {
	var out [][]float64
	for _, e := range s.state.Elites.Elites {
		out = append(out, e.Genes)
	}
	return append(out, s.space.Default)
}

// empty returns a method of the kind without a state.
func (k kind) empty() evolve.Method {
	switch k {
	case kindES:
		return &es.ES{}
	case kindCMA:
		return &cmaes.CMA{}
	case kindLSHADE:
		return &lshade.LSHADE{}
	case kindMixed:
		return &mixed.Mixed{}
	}
	return nil
}

// sourceOf returns the source that a method draws from.
func sourceOf(m evolve.Method) *evolve.Source {
	switch m := m.(type) {
	case *es.ES:
		return m.Rand
	case *cmaes.CMA:
		return m.Rand
	case *lshade.LSHADE:
		return m.Rand
	case *mixed.Mixed:
		return m.Rand
	}
	return nil
}
