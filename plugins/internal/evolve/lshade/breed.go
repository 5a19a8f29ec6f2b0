package lshade

import (
	"math"
	"slices"

	"github.com/homeostat/homeostat/plugins/internal/evolve"
)

// breed makes a child of each member: a step towards one of the best, and along
// the difference of two others, crossed with the member itself.
func (l *LSHADE) breed() {
	order := make([]int, len(l.Members))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case l.Costs[a] < l.Costs[b]:
			return -1
		case l.Costs[a] > l.Costs[b]:
			return 1
		}
		return 0
	})
	leaders := order[:max(2, int(math.Round(bestShare*float64(len(order)))))]
	count := len(l.Members)
	l.Trials, l.TrialF, l.TrialCR = make([]evolve.Floats, count), make(evolve.Floats, count), make(evolve.Floats, count)
	for i := range l.Members {
		slot := l.Rand.IntN(memory)
		l.TrialF[i], l.TrialCR[i] = l.factor(slot), l.crossover(slot)
		l.Trials[i] = l.child(i, leaders[l.Rand.IntN(len(leaders))])
	}
}

// factor is drawn from a Cauchy distribution around a memory.
func (l *LSHADE) factor(slot int) float64 {
	for range 100 {
		f := l.MemoryF[slot] + spread*math.Tan(math.Pi*(l.Rand.Float64()-0.5))
		if f > 0 {
			return min(f, 1)
		}
	}
	return spread
}

// crossover is drawn from a normal distribution around a memory.
func (l *LSHADE) crossover(slot int) float64 {
	if l.MemoryCR[slot] < 0 {
		return 0
	}
	return max(0, min(l.MemoryCR[slot]+spread*l.Rand.NormFloat64(), 1))
}

func (l *LSHADE) child(i, leader int) evolve.Floats {
	a, b := l.others(i)
	x, best := l.Members[i], l.Members[leader]
	y := slices.Clone(x)
	sure := l.Rand.IntN(len(x))
	for d := range y {
		if l.Rand.Float64() >= l.TrialCR[i] && d != sure {
			continue
		}
		v := x[d] + l.TrialF[i]*(best[d]-x[d]+a[d]-b[d])
		switch { // half way back, so that the edge itself is seldom tried
		case v < 0:
			v = x[d] / 2
		case v > 1:
			v = (1 + x[d]) / 2
		}
		y[d] = v
	}
	return y
}

// others draws a second member, and a third that may come from the archive.
func (l *LSHADE) others(i int) (a, b evolve.Floats) {
	second := i
	for second == i {
		second = l.Rand.IntN(len(l.Members))
	}
	third := i
	for third == i || third == second {
		third = l.Rand.IntN(len(l.Members) + len(l.Archive))
	}
	if third < len(l.Members) {
		return l.Members[second], l.Members[third]
	}
	return l.Members[second], l.Archive[third-len(l.Members)]
}
