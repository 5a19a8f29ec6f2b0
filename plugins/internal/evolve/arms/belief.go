package arms

import (
	"math"
	"slices"
)

// Costs are judged by their logarithms: times to recover are spread over orders
// of magnitude, and what matters is by which factor an arm is cheaper.
const (
	// pseudoTrials is how many live trials the word of the model is worth, and
	// recordedTrials where it was given recorded load: that much of it is no guess.
	pseudoTrials   = 3
	recordedTrials = 6
	// doubt is what an arm has for a start where no model speaks: half a trial at
	// the mean of all.
	doubt = 0.5
	// usualSpread and spreadTrials are the deviation of log costs that is believed
	// before there are trials, and how many trials that belief is worth.
	usualSpread  = 0.6
	spreadTrials = 2
	// leastTrials, margin and sure say when an arm is proven to be better.
	leastTrials = 3
	margin      = 0.95
	sure        = 0.9
	// trustAbove is the rank correlation of the model with live costs below which
	// it is not listened to; trustTrials and trustArms are the least to judge by.
	trustAbove  = 0.3
	trustTrials = 12
	trustArms   = 3
)

// belief is the normal distribution of an arm's mean log cost.
type belief struct{ mean, deviation float64 }

func (t *Table) beliefs() []belief {
	foretold := t.foretold()
	level, spread := t.level(foretold), t.spread()
	out := make([]belief, len(t.Arms))
	for i, a := range t.Arms {
		weight, sum := doubt, doubt*level
		if !math.IsNaN(foretold[i]) {
			weight = pseudoTrials
			if a.Recorded {
				weight = recordedTrials
			}
			sum = weight * (level + foretold[i])
		}
		for _, c := range a.Costs {
			sum += math.Log(c)
		}
		trials := weight + float64(len(a.Costs))
		out[i] = belief{sum / trials, spread / math.Sqrt(trials)}
	}
	return out
}

// foretold holds, for each arm, the log of the factor by which the model thinks
// that it differs from the default; NaN where the model says nothing or is not
// trusted.
func (t *Table) foretold() []float64 {
	trusted, _ := t.Trust()
	out := make([]float64, len(t.Arms))
	for i, a := range t.Arms {
		out[i] = math.NaN()
		if trusted && a.Score > 0 && t.Arms[0].Score > 0 && a.Recorded == t.Arms[0].Recorded {
			out[i] = math.Log(a.Score / t.Arms[0].Score)
		}
	}
	return out
}

// level is the mean log cost of the default as all trials tell it, with the help
// of what is foretold.
func (t *Table) level(foretold []float64) float64 {
	sum, count := 0.0, 0.0
	for i, a := range t.Arms {
		shift := foretold[i]
		if math.IsNaN(shift) {
			shift = 0
		}
		for _, c := range a.Costs {
			sum += math.Log(c) - shift
			count++
		}
	}
	return sum / max(count, 1)
}

// spread is the deviation of log costs within arms.
func (t *Table) spread() float64 {
	sum, free := spreadTrials*usualSpread*usualSpread, float64(spreadTrials)
	for _, a := range t.Arms {
		if len(a.Costs) < 2 {
			continue
		}
		mean := meanLog(a.Costs)
		for _, c := range a.Costs {
			sum += (math.Log(c) - mean) * (math.Log(c) - mean)
		}
		free += float64(len(a.Costs) - 1)
	}
	return math.Sqrt(sum / free)
}

func meanLog(costs []float64) float64 {
	sum := 0.0
	for _, c := range costs {
		sum += math.Log(c)
	}
	return sum / float64(max(1, len(costs)))
}

// better is the probability that a costs at most margin times as much as b.
func better(a, b belief) float64 {
	d := b.mean + math.Log(margin) - a.mean
	return 0.5 * math.Erfc(-d/math.Hypot(a.deviation, b.deviation)/math.Sqrt2)
}

// Trust reports whether the model is listened to, and the rank correlation of
// its scores with live costs. With too few trials it is given credit, and the
// correlation is NaN.
func (t *Table) Trust() (trusted bool, correlation float64) {
	var scores, costs []float64
	tried := 0
	for _, a := range t.Arms {
		if a.Score <= 0 || len(a.Costs) == 0 || a.Recorded != t.Arms[0].Recorded {
			continue
		}
		tried++
		for _, c := range a.Costs {
			scores, costs = append(scores, a.Score), append(costs, c)
		}
	}
	if len(costs) < trustTrials || tried < trustArms {
		return true, math.NaN()
	}
	correlation = pearson(ranks(scores), ranks(costs))
	return correlation >= trustAbove, correlation
}

// ranks returns the rank of each value; equal ones share the mean of theirs.
func ranks(values []float64) []float64 {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case values[a] < values[b]:
			return -1
		case values[a] > values[b]:
			return 1
		}
		return 0
	})
	out := make([]float64, len(values))
	for from := 0; from < len(order); {
		to := from
		for to < len(order) && values[order[to]] == values[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			out[i] = float64(from+to-1) / 2
		}
		from = to
	}
	return out
}

// pearson is the correlation of two lists; 0 where one of them does not vary.
func pearson(a, b []float64) float64 {
	var sa, sb, saa, sbb, sab float64
	n := float64(len(a))
	for i := range a {
		sa, sb = sa+a[i], sb+b[i]
		saa, sbb, sab = saa+a[i]*a[i], sbb+b[i]*b[i], sab+a[i]*b[i]
	}
	va, vb := saa-sa*sa/n, sbb-sb*sb/n
	if va <= 1e-12 || vb <= 1e-12 {
		return 0
	}
	return (sab - sa*sb/n) / math.Sqrt(va*vb)
}
