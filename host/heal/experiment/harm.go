package experiment

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/heal/compare"
)

// When B is held to be harmful.
const (
	// sure is how probable it has to be that B is worse by margin: of healing in
	// points, of downtime as a share of A's.
	sure   = 0.9
	margin = 0.05
	// fewest is how many incidents each must have had.
	fewest = 5
)

// tally is what is known of one strategy.
type tally struct {
	n, healed    int
	sum, squares float64 // of the downtimes in seconds
}

func (t *tally) mean() float64 { return t.sum / float64(t.n) }

// error2 is the square of the standard error of the mean.
func (t *tally) error2() float64 {
	n := float64(t.n)
	return max(t.squares-t.sum*t.sum/n, 0) / ((n - 1) * n)
}

// harm reports whether B is likely to be worse, and how. Unlike the intervals it is
// quick to believe so and often wrong (docs/healing.md has figures): who stops too
// early loses an answer, who stops too late loses service.
func harm(s State, units []compare.Unit, now time.Time) (bool, string) {
	a, b := s.tallies(units, now)
	if a.n < fewest || b.n < fewest {
		return false, ""
	}
	if p := less(b, a); p > sure {
		return true, fmt.Sprintf("%s is likely to be worse: it healed %d of %d, %s %d of %d; over %.0f points less often with a probability of %.2f", s.B, b.healed, b.n, s.A, a.healed, a.n, 100*margin, p)
	}
	if p := slower(b, a); p > sure {
		return true, fmt.Sprintf("%s is likely to be worse: its incidents last %.0f s in the mean, those of %s %.0f s; over %.0f %% longer with a probability of %.2f", s.B, b.mean(), s.A, a.mean(), 100*margin, p)
	}
	return false, ""
}

func (s State) tallies(units []compare.Unit, now time.Time) (a, b tally) {
	for _, u := range units {
		seconds, over := u.Downtime(s.Query(now))
		if u.Experiment != s.ID || !over {
			continue
		}
		t := &a
		if u.Strategy == s.B {
			t = &b
		}
		t.n++
		t.sum += seconds
		t.squares += seconds * seconds
		if u.Healed {
			t.healed++
		}
	}
	return a, b
}

// less is the probability that x heals less often than y by margin, each chance
// with a uniform prior, by the trapezoids of a grid.
func less(x, y tally) float64 {
	const steps = 400
	fx, fy := density(x, steps), density(y, steps)
	tail, p := 0.0, 0.0
	const shift = int(margin * steps)
	for k := steps; k >= 0; k-- {
		if at := k + shift; at <= steps {
			tail += fy[at]
		}
		p += fx[k] * tail
	}
	return p
}

// density is the posterior of a chance at the points of a grid, of sum 1. It is reckoned
// in logarithms, less the highest: over a thousand incidents have a likelihood that no
// float64 holds.
func density(t tally, steps int) []float64 {
	out := make([]float64, steps+1)
	for k := range out {
		x := (float64(k) + 0.5) / float64(steps+1)
		out[k] = float64(t.healed)*math.Log(x) + float64(t.n-t.healed)*math.Log(1-x)
	}
	highest, total := slices.Max(out), 0.0
	for k := range out {
		out[k] = math.Exp(out[k] - highest)
		total += out[k]
	}
	for k := range out {
		out[k] /= total
	}
	return out
}

// slower is the probability that the mean downtime of x is longer than y's by
// margin, both means taken for normal.
func slower(x, y tally) float64 {
	off := x.mean() - (1+margin)*y.mean()
	sd := math.Sqrt(x.error2() + (1+margin)*(1+margin)*y.error2())
	if sd == 0 {
		if off > 0 {
			return 1
		}
		return 0
	}
	return math.Erfc(-off/(sd*math.Sqrt2)) / 2
}
