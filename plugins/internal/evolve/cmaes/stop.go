package cmaes

import (
	"math"
	"slices"
)

// What is too small to search on. Costs are compared by their differences, which
// have to be above what a double can hold beside the cost itself.
const (
	leastDifference = 1e-10
	leastStep       = 1e-11
	mostCondition   = 1e14
)

// stop says why the run has come to its end, after the costs of a generation.
func (c *CMA) stop(costs []float64, order []int) string {
	best := costs[order[0]]
	c.Bests = append(c.Bests, best)
	if extra := len(c.Bests) - c.set.window; extra > 0 {
		c.Bests = slices.Delete(c.Bests, 0, extra)
	}
	spread := max(slices.Max(c.Bests)-slices.Min(c.Bests), costs[order[len(order)/2]]-best)
	smallest, largest := slices.Min(c.Scale), slices.Max(c.Scale)
	switch {
	case math.IsInf(best, 1) && len(c.Bests) == c.set.window && math.IsInf(slices.Min(c.Bests), 1):
		return "no member could be evaluated"
	case len(c.Bests) == c.set.window && spread <= leastDifference*min(1, math.Abs(best)):
		return "the costs do not differ any more"
	case c.Sigma*max(largest, peak(c.PathC)) < leastStep:
		return "the step is as small as it gets"
	case largest*largest > mostCondition*smallest*smallest:
		return "the distribution is flat in a direction"
	case c.Gen >= c.set.most:
		return "the run is as long as it gets"
	}
	return ""
}

func peak(v []float64) float64 {
	most := 0.0
	for _, x := range v {
		most = max(most, math.Abs(x))
	}
	return most
}
