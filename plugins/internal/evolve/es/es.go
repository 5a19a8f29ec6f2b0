// Package es is the (1+1) evolution strategy: one parent, one child, and a step
// that grows with success. It is the method for few evaluations, up to some
// hundred, where a population would hardly have begun.
//
// A method is not safe for concurrent use.
package es

import (
	"fmt"
	"math"

	"github.com/homeostat/homeostat/plugins/internal/evolve"
)

// ES is one run. Its fields are its state; use New.
type ES struct {
	Rand   *evolve.Source `json:"rand"`
	Parent evolve.Floats  `json:"parent"`
	Child  evolve.Floats  `json:"child"`
	// Cost is the parent's mean cost over Tests; none is +Inf.
	Cost  evolve.Floats `json:"cost"`
	Tests int           `json:"tests"`
	Step  float64       `json:"step"`
	// Idle counts the children in a row that were no better.
	Idle int `json:"idle"`
	// Exact is set when a second test of the parent gave the very same cost.
	Exact bool `json:"exact"`
}

// Steps are measured in widths of the cube.
const (
	firstStep = 0.2
	lastStep  = 1e-7
	// retest is how many children may fail before the parent has to show again
	// that it is as good as it seemed: with noise, a lucky one would stay for ever.
	retest = 20
)

// New begins at a point of the unit cube.
func New(rng *evolve.Source, start []float64) *ES {
	return &ES{Rand: rng, Parent: append(evolve.Floats(nil), start...), Cost: evolve.Floats{math.Inf(1)}, Step: firstStep}
}

// Generation returns the child, or the parent where its cost is asked.
func (e *ES) Generation() [][]float64 {
	if e.testing() {
		return [][]float64{e.Parent}
	}
	return [][]float64{e.Child}
}

// testing reports that the parent's own cost is wanted.
func (e *ES) testing() bool { return len(e.Child) == 0 }

// Tell takes one cost. The step follows the rule of one success in five.
func (e *ES) Tell(costs []float64) {
	cost := costs[0]
	switch {
	case e.testing():
		e.tested(cost)
	case cost <= e.Cost[0]:
		better := cost < e.Cost[0]
		e.Parent, e.Cost[0], e.Tests = e.Child, cost, 1
		e.Exact = false
		if better {
			e.Idle = 0
			e.Step = min(e.Step*math.Exp(0.8/e.damping()), 1)
		}
	default:
		e.Idle++
		e.Step *= math.Exp(-0.2 / e.damping())
	}
	if e.Idle > 0 && e.Idle%retest == 0 && !e.Exact && !e.testing() {
		e.Child = nil
		return
	}
	e.mutate()
}

func (e *ES) tested(cost float64) {
	e.Exact = e.Tests > 0 && cost == e.Cost[0]
	e.Tests++
	if e.Tests == 1 || math.IsInf(cost, 0) || math.IsInf(e.Cost[0], 0) {
		e.Cost[0] = cost
		return
	}
	e.Cost[0] += (cost - e.Cost[0]) / float64(e.Tests)
}

func (e *ES) mutate() {
	e.Child = make(evolve.Floats, len(e.Parent))
	for i, x := range e.Parent {
		e.Child[i] = evolve.Reflect(x + e.Step*e.Rand.NormFloat64())
	}
}

func (e *ES) damping() float64 { return 1 + float64(len(e.Parent))/4 }

// Done reports a step so small that no child differs any more.
func (e *ES) Done() string {
	if e.Step < lastStep {
		return "the step is as small as it gets"
	}
	return ""
}

// Check reports a state that cannot be carried on.
func (e *ES) Check(n int) error {
	child := len(e.Child) == 0 || e.Child.InCube(n)
	if !e.Rand.Usable() || !e.Parent.InCube(n) || !child || len(e.Cost) != 1 || !(e.Step > 0 && e.Step <= 1) || e.Tests < 0 || e.Idle < 0 {
		return fmt.Errorf("(1+1)-ES: its state does not fit %d dimensions", n)
	}
	return nil
}
