package table

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Setting is what an engine can be set to.
type Setting struct {
	// Heuristic is an index of Heuristics.
	Heuristic int
	// Seconds and Memory (MiB) are the limits of one run.
	Seconds, Memory float64
	Workers         int
}

// What is assumed of the machine and of the demand. The demand is drawn anew for
// each seed, because nobody knows what will be asked for.
const (
	processors = 2
	tasks      = 80
	// start is what a run costs beside its CPU time, in seconds.
	start = 0.02
	// tolerated is the share of runs without a proof that nobody minds; beyond it
	// the detectors' thresholds do, and each hundredth counts as a second.
	tolerated = 0.2
	dear      = 100
	// hopeless is the cost of a setting that proves nothing.
	hopeless = 1000
)

// Cost returns how many seconds an engine takes for a hundred proofs, and more
// where too many runs end without one; lower is better. The same seed gives the
// same demand and the same problems, whatever the setting is.
func (t *Table) Cost(s Setting, seed uint64) (float64, error) {
	if s.Heuristic < 0 || s.Heuristic >= len(t.Heuristics) || !(s.Seconds > 0) || !(s.Memory > 0) || s.Workers < 1 {
		return 0, fmt.Errorf("got %+v, want a heuristic below %d, limits above 0 and at least one worker", s, len(t.Heuristics))
	}
	r := rand.New(rand.NewPCG(seed, 1))
	shares := make([]float64, len(t.Families))
	sum := 0.0
	for i := range shares {
		shares[i] = r.ExpFloat64()
		sum += shares[i]
	}
	free := make([]float64, s.Workers) // when each worker is free again
	slower := max(1, float64(s.Workers)/processors)
	proofs := 0.0
	for range tasks {
		runs := t.runs[[2]string{t.Families[draw(shares, r.Float64()*sum)], t.Heuristics[s.Heuristic]}]
		seconds, proved := runs[r.IntN(len(runs))].under(s)
		first := slices.Index(free, slices.Min(free))
		free[first] += slower * (start + seconds)
		if proved {
			proofs++
		}
	}
	if proofs == 0 {
		return hopeless, nil
	}
	const hundred = 100
	return hundred*slices.Max(free)/proofs + dear*max(0, 1-proofs/tasks-tolerated), nil
}

// draw returns the index of the share in which a point of their sum lies.
func draw(shares []float64, point float64) int {
	for i, share := range shares {
		if point -= share; point < 0 {
			return i
		}
	}
	return len(shares) - 1
}

// under reckons what the run would have been under other limits than it was
// measured with. Memory is taken to grow evenly with time.
func (r Run) under(s Setting) (seconds float64, proved bool) {
	seconds, proved = r.Seconds, r.Proved
	if !proved {
		seconds = math.Inf(1) // the measurement's own limit is all that is known
	}
	if r.Peak > s.Memory {
		seconds, proved = r.Seconds*s.Memory/r.Peak, false
	}
	if seconds > s.Seconds {
		return s.Seconds, false
	}
	return seconds, proved
}
