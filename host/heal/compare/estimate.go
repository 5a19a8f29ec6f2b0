package compare

import (
	"math"

	"github.com/homeostat/homeostat/host/heal/compare/sequence"
)

// estimate follows both measures. Each takes half of what the level leaves, so that
// both intervals hold together.
type estimate struct {
	query            Query
	healed, downtime *measure
}

// usualDowntime is the guess at the first downtime, in seconds: about what a remedy
// needs. A wrong one costs width, not truth.
const usualDowntime = 10

func newEstimate(q Query) *estimate {
	half := 1 - (1-q.Level)/2
	return &estimate{query: q, healed: newMeasure(half, 0.5), downtime: newMeasure(half, min(usualDowntime/q.Longest.Seconds(), 0.5))}
}

func (e *estimate) add(u Unit) {
	healed := 0.0
	if u.Healed {
		healed = 1
	}
	e.healed.add(e.query, u, healed)
	e.downtime.add(e.query, u, u.seconds(e.query)/e.query.Longest.Seconds())
}

// needed is the plan for a shift of a mean downtime, in seconds.
func (e *estimate) needed(mean float64) int {
	m := e.downtime
	if m.seen.Count() < spread || mean <= 0 {
		return 0
	}
	n := float64(m.seen.Count())
	plan := sequence.Plan{Level: m.level, Deviation: math.Sqrt(max(m.squares/n-m.seen.Mean()*m.seen.Mean(), 0)), Range: m.reach / n}
	return plan.Needed(Shift * mean / e.query.Longest.Seconds())
}

// measure estimates the difference in one outcome, which is scaled to 0 to 1.
//
// Each incident gives the doubly robust score
//
//	b̂ − â + 1{B}/p_B (y − b̂) − 1{A}/p_A (y − â)
//
// whose mean is the difference whatever the guesses â and b̂ are, as long as they
// were made before and the propensities p are right (Robins, Rotnitzky and Zhao,
// 1994; for sequences: Waudby-Smith, Wu, Ramdas, Karampatziakis and Mineiro,
// "Anytime-valid off-policy inference for contextual bandits", 2022). Guesses are the
// means by signature so far, so that a shift from easy to hard trouble adds no
// noise.
type measure struct {
	level   float64
	seen    *sequence.Sequence
	guesses guesses
	squares float64 // of the scores
	reach   float64 // sum over scores of how far one may lie from 0
}

func newMeasure(level, guess float64) *measure {
	return &measure{level: level, seen: sequence.New(level), guesses: guesses{"": {bothArms: {n: 1, sum: guess}}}}
}

func (m *measure) add(q Query, u Unit, y float64) {
	a, b := m.guesses.of(u.Signature, 0), m.guesses.of(u.Signature, 1)
	pa, pb := u.propensity(q.A), u.propensity(q.B)
	side, isArm := q.side(u.Strategy)
	score := b - a
	switch {
	case isArm && side == 0:
		score -= (y - a) / pa
	case isArm:
		score += (y - b) / pb
	}
	o := sequence.Observation{
		Value: score,
		Low:   b - a - max(b/pb, (1-a)/pa),
		High:  b - a + max((1-b)/pb, a/pa),
	}
	if err := m.seen.Add(o); err != nil {
		panic("compare: an outcome outside 0 to 1: " + err.Error()) // seconds and the switch above keep it inside
	}
	m.squares += score * score
	m.reach += max(o.High, -o.Low)
	if isArm {
		m.guesses.add(u.Signature, side, y)
	}
}

// effect scales the difference to the outcome's unit.
func (m *measure) effect(unit float64) Effect {
	if m.seen.Count() == 0 {
		return Effect{Interval: sequence.Interval{Low: -unit, High: unit}}
	}
	i := m.seen.Interval()
	return Effect{Difference: unit * m.seen.Mean(), Interval: sequence.Interval{Low: unit * max(i.Low, -1), High: unit * min(i.High, 1)}}
}

// guesses hold means of outcomes by signature and arm; "" is all signatures, with a
// first guess that counts once, and bothArms is the third arm.
type guesses map[string]*[3]mean

const bothArms = 2

func (g guesses) add(signature string, arm int, y float64) {
	for _, key := range []string{"", signature} {
		if g[key] == nil {
			g[key] = &[3]mean{}
		}
		g[key][arm].add(y)
		g[key][bothArms].add(y)
	}
}

// lent is how many observations a wider circle lends to a narrower one.
const lent = 2

// of is the guess for an arm: its mean in the signature, leaning on that of both
// arms there, and this on that of all signatures.
func (g guesses) of(signature string, arm int) float64 {
	guess := g[""][bothArms].value()
	if own := g[signature]; own != nil {
		guess = lean(own[bothArms], guess)
		guess = lean(own[arm], guess)
	}
	return guess
}

func lean(m mean, on float64) float64 { return (m.sum + lent*on) / (float64(m.n) + lent) }
