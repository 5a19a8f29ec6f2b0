package cmaes

import (
	"math"
	"slices"
)

// Members that leave the unit cube are judged at the nearest point of it, and
// pay for the way back. Folding them back as by mirrors would be simpler, but
// then every valley has copies behind the mirror: on a rotated Rastrigin function
// that costs half of the successes.

// Generation returns the members, moved into the unit cube.
func (c *CMA) Generation() [][]float64 {
	out := make([][]float64, len(c.Steps))
	for k, y := range c.Steps {
		x := make([]float64, len(y))
		for i, v := range y {
			x[i] = max(0, min(c.Mean[i]+c.Sigma*v, 1))
		}
		out[k] = x
	}
	return out
}

// penalized adds to the costs what members pay for being outside: the spread of
// the costs, times the square of the way in units of the distribution.
func (c *CMA) penalized(costs []float64) []float64 {
	n := len(c.Mean)
	width := 0.0 // the mean variance
	for i := range n {
		width += c.Sigma * c.Sigma * c.Cov[i*n+i] / float64(n)
	}
	unit := 2 * spreadOf(costs) / (width * float64(n))
	out := slices.Clone(costs)
	for k, y := range c.Steps {
		way := 0.0
		for i, v := range y {
			x := c.Mean[i] + c.Sigma*v
			d := x - max(0, min(x, 1))
			way += d * d
		}
		if way > 0 {
			out[k] += unit * way
		}
	}
	return out
}

// spreadOf returns the distance between the quartiles of what is finite.
func spreadOf(costs []float64) float64 {
	finite := slices.DeleteFunc(slices.Clone(costs), func(v float64) bool { return math.IsInf(v, 0) })
	if len(finite) < 2 {
		return 1
	}
	slices.Sort(finite)
	spread := finite[3*(len(finite)-1)/4] - finite[(len(finite)-1)/4]
	if spread <= 0 || math.IsInf(spread, 0) {
		return 1
	}
	return spread
}
