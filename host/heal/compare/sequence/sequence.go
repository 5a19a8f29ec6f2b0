// Package sequence bounds a running mean at every look: it owns confidence
// sequences of bounded numbers whose mean may drift.
//
// An ordinary 95 % interval holds for a number of observations that was fixed in
// advance; whoever looks again and again until it excludes zero is wrong far more
// often than 5 %. The interval here holds at all times together, so that looking
// and stopping are free. The package is pure; a Sequence belongs to one goroutine.
package sequence

import (
	"fmt"
	"math"
)

// Observation is one number with what was known of it beforehand.
type Observation struct {
	// Value lies between Low and High, which were known before it was seen.
	Value, Low, High float64
}

// Interval holds at every look with the level of its Sequence.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Excludes reports whether the value lies outside.
func (i Interval) Excludes(x float64) bool { return x < i.Low || x > i.High }

// The grid of the mixture. The largest bet suits observations whose range to one
// side is 1, the smallest some million of them.
const (
	bets    = 32
	largest = 0.95
	shrink  = 0.8
)

// Sequence estimates the mean over all observations of their conditional means.
//
// For each λ of a grid, exp(Σ λ(x−μ) − ψ(λ)(x−x̂)²) with x̂ the mean seen before
// and ψ(λ) = (−log(1−cλ) − cλ)/c², c the distance from x̂ to the far end of the
// range, is a supermartingale whatever the distribution (Fan, Grama and Liu,
// "Exponential inequalities for martingales with applications", 2015; Howard, Ramdas,
// McAuliffe and Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence
// sequences", 2021, theorem 4). So is their average (the method of mixtures), and by
// Ville's inequality it exceeds 1/δ at any time with probability δ at most. The
// interval is all means for which neither it nor its mirror image does, δ being
// half of what the level leaves. The mean that is bounded is the running one, so
// a drift of what is observed does no harm. Use New.
type Sequence struct {
	limit float64 // log(1/δ)
	n     int
	sum   float64
	// The penalties Σ ψ(λ)(x−x̂)² of each bet, for both directions. +Inf is a bet that
	// an observation's range was too wide for.
	above, below [bets]float64
	low, high    float64 // the widest range that was given
}

// New returns a sequence whose interval holds at all times with the probability
// level, between 0 and 1.
func New(level float64) *Sequence {
	return &Sequence{limit: math.Log(2 / (1 - level)), low: math.Inf(1), high: math.Inf(-1)}
}

// Add takes the next observation in. A value outside its range, or not a number,
// is a mistake of the caller and refused, for no bound could be kept.
func (s *Sequence) Add(o Observation) error {
	if !(o.Low <= o.Value && o.Value <= o.High) || math.IsInf(o.High-o.Low, 0) {
		return fmt.Errorf("observation %g is not between %g and %g", o.Value, o.Low, o.High)
	}
	guess := min(max(s.Mean(), o.Low), o.High)
	off := (o.Value - guess) * (o.Value - guess)
	for k := range bets {
		s.above[k] += penalty(grid[k], guess-o.Low, off)
		s.below[k] += penalty(grid[k], o.High-guess, off)
	}
	s.n++
	s.sum += o.Value
	s.low, s.high = min(s.low, o.Low), max(s.high, o.High)
	return nil
}

// grid holds the bets λ, the largest first.
var grid = func() (g [bets]float64) {
	for k := range bets {
		g[k] = largest * math.Pow(shrink, float64(k))
	}
	return g
}()

// penalty is ψ for a bet and a range to the far end, times the square of what was
// off. A bet that the range is too wide for is lost, whatever was seen.
func penalty(bet, far, off float64) float64 {
	x := bet * far
	if x >= 1 {
		return math.Inf(1)
	}
	if x < 1e-4 {
		return bet * bet * (0.5 + x/3) * off // its series, where the difference below would cancel
	}
	return (-math.Log1p(-x) - x) / (far * far) * off
}

// Count is how many observations were taken in.
func (s *Sequence) Count() int { return s.n }

// Mean is the mean of the observations, 0 before the first.
func (s *Sequence) Mean() float64 {
	if s.n == 0 {
		return 0
	}
	return s.sum / float64(s.n)
}

// Interval returns the bounds of the running mean; before the first observation
// they are infinite.
func (s *Sequence) Interval() Interval {
	if s.n == 0 {
		return Interval{Low: math.Inf(-1), High: math.Inf(1)}
	}
	n := float64(s.n)
	return Interval{
		Low:  max(s.Mean()-distance(&s.above, n, s.limit), s.low),
		High: min(s.Mean()+distance(&s.below, n, s.limit), s.high),
	}
}

// Excludes reports whether the running mean is known not to be x. It is quicker
// than asking the Interval.
func (s *Sequence) Excludes(x float64) bool {
	excess := s.sum - float64(s.n)*x
	return wealth(&s.above, excess) > s.limit || wealth(&s.below, -excess) > s.limit
}

// wealth is the logarithm of the average bet's gain, when the sum of observations
// is by excess above what it is in the mean.
func wealth(penalties *[bets]float64, excess float64) float64 {
	most := math.Inf(-1)
	var gains [bets]float64
	for k := range bets {
		gains[k] = grid[k]*excess - penalties[k]
		most = max(most, gains[k])
	}
	if math.IsInf(most, -1) {
		return most
	}
	total := 0.0
	for _, g := range gains {
		total += math.Exp(g - most)
	}
	return most + math.Log(total/bets)
}

// distance is how far from the mean of n observations the bound lies: where the
// wealth reaches the limit. The wealth grows with the distance.
func distance(penalties *[bets]float64, n, limit float64) float64 {
	far := 1.0
	for wealth(penalties, n*far) < limit {
		if far *= 2; far > 1e12 {
			return math.Inf(1) // no bet was small enough
		}
	}
	near := 0.0
	for range 60 {
		if mid := (near + far) / 2; wealth(penalties, n*mid) < limit {
			near = mid
		} else {
			far = mid
		}
	}
	return far
}

// Plan says what observations are expected to be like.
type Plan struct {
	// Level is that of the sequence.
	Level float64
	// Deviation is the standard deviation of one, Range how far one may lie from
	// the mean.
	Deviation, Range float64
}

// most bounds the answer of Needed.
const most = 1 << 24

// Needed returns how many observations make the interval reach no further than
// half from the mean, at most 16,777,216.
func (p Plan) Needed(half float64) int {
	if half <= 0 {
		return most
	}
	limit := math.Log(2 / (1 - p.Level))
	narrow := func(n int) bool {
		var penalties [bets]float64
		for k := range bets {
			penalties[k] = penalty(grid[k], p.Range, float64(n)*p.Deviation*p.Deviation)
		}
		return wealth(&penalties, float64(n)*half) >= limit
	}
	high := 1
	for !narrow(high) {
		if high *= 2; high >= most {
			return most
		}
	}
	low := high / 2
	for high-low > 1 {
		if mid := (low + high) / 2; narrow(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return high
}
