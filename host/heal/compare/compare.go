// Package compare says which of two strategies ends trouble better: from the
// choices that chance has made between them, with intervals that hold at every
// look.
//
// It owns what counts as one observation, the estimate, how many incidents are
// needed, and the sentence that says all this. It draws nothing and asks nobody:
// everything comes from the incidents' records. Replays of a model are for
// heal/replay, and who is drawn for heal/experiment. The package is pure; values
// belong to one goroutine at a time.
package compare

import (
	"math"
	"time"

	"github.com/homeostat/homeostat/host/heal/compare/sequence"
)

// Query says what is compared. Names, Longest, Level and Now are required.
type Query struct {
	// A and B are strategies. Differences are B's figure less A's.
	A, B string
	// Component narrows to one, empty for all; Since leaves out what was chosen
	// earlier; Experiment keeps what was drawn by one.
	Component  string
	Since      time.Time
	Experiment string
	// Longest bounds the downtime of one incident: a longer one counts as this.
	// Without a bound no interval could be given. It must not be chosen by looking
	// at the outcomes.
	Longest time.Duration
	// Level is the probability with which both intervals hold at all looks, for
	// example 0.95.
	Level float64
	Now   time.Time
}

// The defaults of a Query.
const (
	DefaultLongest = 5 * time.Minute
	DefaultLevel   = 0.95
)

// Floor is the smallest propensity of either strategy with which a choice still
// counts. Rarer ones would be weighted by more than 20 and drown the rest; leaving
// them out, whatever came of them, narrows what is estimated to the other choices
// and biases nothing (Crump, Hotz, Imbens and Mitnik, "Dealing with limited overlap",
// 2009).
const Floor = 0.05

// Arm is what is known of one of the two.
type Arm struct {
	Strategy string
	// Chosen counts the incidents in which it was the first remedy, Healed those of
	// them that it ended, Compared those of them that chance decided.
	Chosen, Healed, Compared int
	// Downtime is the mean of the compared, of all that were chosen where none is.
	Downtime time.Duration
	// Effective is how many equally weighted observations the compared are worth
	// (Kish's formula).
	Effective float64
}

// Effect is a difference, B less A, with bounds that hold at every look.
type Effect struct {
	Difference float64
	sequence.Interval
}

// Known reports that the interval excludes no difference.
func (e Effect) Known() bool { return e.Excludes(0) }

// Result is the answer to a Query.
type Result struct {
	Query Query
	A, B  Arm
	// Certain counts choices of A or B that could not have been the other one, Rare
	// those with a propensity below Floor, Pending what is not over yet and so not
	// counted, with all that was chosen after it.
	Certain, Rare, Pending int
	// Compared counts the incidents that chance decided, and that are over.
	Compared int
	// Healed is the difference in the chance to heal, from -1 to 1; Downtime that in
	// seconds.
	Healed, Downtime Effect
	// Needed is how many compared incidents show a difference of Shift of the mean
	// downtime of both, by the spread seen so far; 0 while too few are known to say.
	Needed int
}

// Shift is the relative difference that Needed is meant for.
const Shift = 0.3

// The usual numbers for it, both arms together, where the spread is not known yet:
// 175 to 390 incidents an arm were needed in simulated streams.
const (
	UsualLeast = 350
	UsualMost  = 780
)

// spread is how many compared incidents say something of the spread.
const spread = 8

// Decided reports that one of the intervals excludes no difference.
func (r Result) Decided() bool { return r.Compared > 0 && (r.Healed.Known() || r.Downtime.Known()) }

// Compare answers a query from units in any order.
func Compare(q Query, units []Unit) Result {
	out := Result{Query: q, A: Arm{Strategy: q.A}, B: Arm{Strategy: q.B}}
	var weights [2]kish
	var all, compared [2]mean
	e := newEstimate(q)
	for _, u := range inOrder(units) {
		if !q.wants(u) {
			continue
		}
		side, isArm := q.side(u.Strategy)
		if out.Pending > 0 || !u.over(q) {
			out.Pending++
			continue
		}
		if isArm {
			out.count(side, u)
			all[side].add(u.seconds(q))
		}
		switch pa, pb := u.propensity(q.A), u.propensity(q.B); {
		case pa == 0 || pb == 0:
			if isArm {
				out.Certain++
			}
			continue
		case pa < Floor || pb < Floor:
			out.Rare++
			continue
		}
		out.Compared++
		e.add(u)
		if isArm {
			out.arm(side).Compared++
			weights[side].add(1 / u.propensity(u.Strategy))
			compared[side].add(u.seconds(q))
		}
	}
	for side := range all {
		arm, m := out.arm(side), compared[side]
		if m.n == 0 {
			m = all[side]
		}
		arm.Downtime, arm.Effective = time.Duration(m.value()*float64(time.Second)), weights[side].size()
	}
	out.Healed, out.Downtime = e.healed.effect(1), e.downtime.effect(q.Longest.Seconds())
	out.Needed = e.needed((compared[0].value() + compared[1].value()) / 2)
	return out
}

func (r *Result) arm(side int) *Arm { return [2]*Arm{&r.A, &r.B}[side] }

func (r *Result) count(side int, u Unit) {
	arm := r.arm(side)
	arm.Chosen++
	if u.Healed {
		arm.Healed++
	}
}

// kish adds weights up.
type kish struct{ sum, squares float64 }

func (k *kish) add(w float64) { k.sum, k.squares = k.sum+w, k.squares+w*w }

func (k *kish) size() float64 {
	if k.squares == 0 {
		return 0
	}
	return k.sum * k.sum / k.squares
}

// mean is a running one.
type mean struct {
	n   int
	sum float64
}

func (m *mean) add(x float64) { m.n, m.sum = m.n+1, m.sum+x }

func (m *mean) value() float64 { return m.sum / math.Max(float64(m.n), 1) }
