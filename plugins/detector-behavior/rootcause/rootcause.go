// Package rootcause ranks components by how likely they are the cause of a
// fault that several of them feel.
//
// It owns the ranking alone: what counts as normal, and who calls whom, comes
// from the caller. It is pure and keeps nothing between calls, so it may be used
// from several goroutines.
package rootcause

import (
	"cmp"
	"math"
	"slices"
)

// Series is one metric of one component in two stretches of time: before the
// fault and during it. Values that are not finite are left out.
type Series struct {
	Component string
	Metric    string
	Normal    []float64
	Abnormal  []float64
}

// Call says that a component uses another one.
type Call struct{ From, To string }

// Suspect is one component of the ranking.
type Suspect struct {
	Component string
	// Metric is the one that deviates most.
	Metric string
	// Deviation is the upper decile of that metric's distance from its normal
	// median, in units of its normal spread; 3 and less is usual.
	Deviation float64
	// Value, Low and High are the metric's abnormal median, and the normal
	// quartiles.
	Value, Low, High float64
}

// The figures of the robust deviation, see Rank.
const (
	upper    = 0.9  // the part of the abnormal values that may be as usual
	leastIQR = 0.02 // the least spread, as a share of the median
	// Usual is the deviation up to which a component counts as normal.
	Usual = 3.0
	// level is the share of the strongest deviation from which on the call graph
	// decides between components.
	level = 0.5
	// earliness is the share of the normal stretch by whose end the onset may be
	// wrong; it is left out of what counts as normal in a second try.
	earliness = 0.2
)

// Rank returns all components, the likeliest cause first.
//
// Each metric is judged by the upper decile of |x − median| / max(IQR, 2 % of
// |median|), median and quartiles being those of the normal stretch; a component
// counts as much as its worst metric. The onset may be up to a fifth of the
// normal stretch too late: the deviation is worked out without that end, too,
// and the larger one holds. Among components that deviate about as much, one
// whose callees are normal goes before one that calls an abnormal one. Equal
// components keep the order of their names.
func Rank(series []Series, calls []Call) []Suspect {
	worst := map[string]Suspect{}
	for _, s := range series {
		found := judge(s)
		if old, seen := worst[s.Component]; !seen || found.Deviation > old.Deviation {
			worst[s.Component] = found
		}
	}
	out := make([]Suspect, 0, len(worst))
	for _, s := range worst {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Suspect) int {
		return cmp.Or(cmp.Compare(b.Deviation, a.Deviation), cmp.Compare(a.Component, b.Component))
	})
	return deepestFirst(out, calls)
}

// judge tries the given onset and an earlier one.
func judge(s Series) Suspect {
	abnormal := finite(s.Abnormal)
	best := Suspect{Component: s.Component, Metric: s.Metric}
	for _, leftOut := range []float64{0, earliness} {
		n := len(s.Normal) - int(leftOut*float64(len(s.Normal)))
		if found, ok := deviation(finite(s.Normal[:n]), abnormal); ok && (found.Deviation > best.Deviation || leftOut == 0) {
			found.Component, found.Metric = s.Component, s.Metric
			best = found
		}
	}
	return best
}

// hugest bounds the values that are looked at, so that differences are finite.
const hugest = 1e150

func finite(values []float64) []float64 {
	out := make([]float64, 0, len(values))
	for _, v := range values {
		if math.Abs(v) < hugest {
			out = append(out, v)
		}
	}
	return out
}

// deviation sorts both slices.
func deviation(normal, abnormal []float64) (Suspect, bool) {
	if len(normal) == 0 || len(abnormal) == 0 {
		return Suspect{}, false
	}
	slices.Sort(normal)
	slices.Sort(abnormal)
	low, median, high := quantile(normal, 0.25), quantile(normal, 0.5), quantile(normal, 0.75)
	found := Suspect{Value: quantile(abnormal, 0.5), Low: low, High: high}
	spread := max(high-low, leastIQR*math.Abs(median))
	distances := make([]float64, len(abnormal))
	for i, x := range abnormal {
		distances[i] = math.Abs(x - median)
	}
	slices.Sort(distances)
	far := quantile(distances, upper)
	switch {
	case far == 0:
		return found, true
	case spread == 0:
		spread = far / mostSpreads // it was always zero and is no more
	}
	found.Deviation = min(far/spread, mostSpreads)
	return found, true
}

// mostSpreads bounds a deviation.
const mostSpreads = 1e6

// quantile of sorted values, by linear interpolation.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	part := at - float64(i)
	return sorted[i]*(1-part) + sorted[i+1]*part
}

// deepestFirst moves those of the strongest suspects that call an abnormal one
// of them behind the others; the order is kept otherwise.
func deepestFirst(ranked []Suspect, calls []Call) []Suspect {
	strong := map[string]bool{}
	n := 0
	for _, s := range ranked {
		if s.Deviation <= Usual || s.Deviation < level*ranked[0].Deviation {
			break
		}
		strong[s.Component] = true
		n++
	}
	reach := reachable(calls)
	blames := func(s Suspect) int {
		for other := range reach[s.Component] {
			// Components that call each other in a circle do not blame each other.
			if strong[other] && other != s.Component && !reach[other][s.Component] {
				return 1
			}
		}
		return 0
	}
	slices.SortStableFunc(ranked[:n], func(a, b Suspect) int { return cmp.Compare(blames(a), blames(b)) })
	return ranked
}

// reachable returns whom each component calls, directly or through others.
func reachable(calls []Call) map[string]map[string]bool {
	next := map[string][]string{}
	for _, c := range calls {
		next[c.From] = append(next[c.From], c.To)
	}
	all := map[string]map[string]bool{}
	for from := range next {
		seen := map[string]bool{}
		for todo := slices.Clone(next[from]); len(todo) > 0; {
			to := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if !seen[to] {
				seen[to] = true
				todo = append(todo, next[to]...)
			}
		}
		all[from] = seen
	}
	return all
}
