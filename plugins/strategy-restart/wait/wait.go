// Package wait learns how long to wait before a restart.
//
// Some failures are not ended by a restart that comes at once: a port that is still
// taken, a lock that has to time out, a dependency that needs a moment. It owns the
// counts of which restarts lasted, by signature and by how long after the failure
// they began, and the wait that follows from them. It proposes nothing and is pure;
// a Memory belongs to one goroutine at a time.
package wait

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// steps are the waits that are told apart; a restart counts for the longest that it
// has waited.
var steps = []time.Duration{
	0, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second, 64 * time.Second,
}

// The rule's constants. fade lets a restart count half after 14 later ones of its
// signature, so that an old lesson is forgotten; clear and worth keep it from acting
// on noise: a wait is proposed while that many failures of a
// restart at once are remembered, and when it is expected to save that share of the
// time; so a restart at once is tried again in the end. A wait must have been seen to
// help: that many remembered restarts after it lasted.
const (
	fade          = 0.95
	clear         = 2
	worth         = 0.2
	seen          = 0.5
	maxSignatures = 1000
	maxPending    = 1000
)

// tally counts restarts that began a step after the failure.
type tally struct {
	Healed []float64 `json:"healed"`
	Failed []float64 `json:"failed"`
}

func newTally() *tally {
	return &tally{Healed: make([]float64, len(steps)), Failed: make([]float64, len(steps))}
}

func (t *tally) add(waited time.Duration, into []float64) {
	for i := range steps {
		t.Healed[i] *= fade
		t.Failed[i] *= fade
	}
	into[stepOf(waited)]++
}

// stepOf returns the longest step that is not longer than a wait.
func stepOf(waited time.Duration) int {
	n, found := slices.BinarySearch(steps, max(waited, 0))
	if !found {
		n--
	}
	return n
}

// chance estimates that a restart begun at a step lasts. What lasted after a
// shorter wait would have lasted after this one, and what failed after a longer one
// would have failed: so both count here. One of each is assumed.
func (t *tally) chance(step int) float64 {
	healed, failed := 1.0, 1.0
	for i := range steps {
		if i <= step {
			healed += t.Healed[i]
		}
		if i >= step {
			failed += t.Failed[i]
		}
	}
	return healed / (healed + failed)
}

// Memory holds what was learned. The zero value is empty and works.
type Memory struct {
	bySignature map[string]*tally
	// pending is how long the last restart of an incident will have waited.
	pending map[string]time.Duration
}

// Proposed notes that a restart for the incident begins that long after its start.
func (m *Memory) Proposed(incident string, waited time.Duration) {
	if m.pending == nil || len(m.pending) >= maxPending { // incidents that never ended are forgotten together
		m.pending = map[string]time.Duration{}
	}
	m.pending[incident] = waited
}

// Outcome is how a proposed restart ended.
type Outcome struct {
	Incident, Signature string
	// Healed reports that health lasted through the hold time.
	Healed bool
}

// Learn counts an outcome. One of a restart that Proposed was not told of is left
// out: how long it waited is not known.
func (m *Memory) Learn(o Outcome) {
	waited, known := m.pending[o.Incident]
	if !known {
		return
	}
	delete(m.pending, o.Incident)
	t := m.bySignature[o.Signature]
	if t == nil {
		m.makeRoom()
		t = newTally()
		m.bySignature[o.Signature] = t
	}
	if o.Healed {
		t.add(waited, t.Healed)
	} else {
		t.add(waited, t.Failed)
	}
}

// makeRoom drops the signature with the fewest remembered restarts when there are
// too many.
func (m *Memory) makeRoom() {
	if m.bySignature == nil {
		m.bySignature = map[string]*tally{}
	}
	if len(m.bySignature) < maxSignatures {
		return
	}
	total := func(t *tally) (sum float64) {
		for i := range steps {
			sum += t.Healed[i] + t.Failed[i]
		}
		return sum
	}
	least := slices.MinFunc(slices.Sorted(maps.Keys(m.bySignature)), func(a, b string) int {
		return cmp.Compare(total(m.bySignature[a]), total(m.bySignature[b]))
	})
	delete(m.bySignature, least)
}

// Before returns how long to wait before a first restart, zero for not at all, and
// why in a sentence. penalty is what a restart that fails costs.
func (m *Memory) Before(signature string, penalty time.Duration) (time.Duration, string) {
	t := m.bySignature[signature]
	if t == nil || t.Failed[0] < clear {
		return 0, ""
	}
	expected := func(step int) float64 {
		return steps[step].Seconds() + (1-t.chance(step))*penalty.Seconds()
	}
	best := 0
	for step := range steps {
		if t.Healed[step] >= seen && expected(step) < expected(best) {
			best = step
		}
	}
	if best == 0 || expected(best) > (1-worth)*expected(0) {
		return 0, ""
	}
	return steps[best], fmt.Sprintf("restarts at once lasted in %.0f %% of cases like this, those after %v in %.0f %%",
		100*t.chance(0), steps[best], 100*t.chance(best))
}

// Save returns the memory as JSON; what is pending is not part of it.
func (m *Memory) Save() ([]byte, error) { return json.Marshal(m.bySignature) }

// Load replaces the memory by one that Save returned. A damaged one is refused and
// changes nothing.
func (m *Memory) Load(data []byte) error {
	var saved map[string]*tally
	if err := json.Unmarshal(data, &saved); err != nil {
		return fmt.Errorf("load what was learned of waits: %w", err)
	}
	for signature, t := range saved {
		if t == nil || !sane(t.Healed) || !sane(t.Failed) {
			return fmt.Errorf("load what was learned of waits: the counts of %q are damaged", signature)
		}
	}
	if len(saved) > maxSignatures {
		return fmt.Errorf("load what was learned of waits: %d signatures, want at most %d", len(saved), maxSignatures)
	}
	m.bySignature = saved
	return nil
}

// sane reports that counts could have been made by Learn.
func sane(counts []float64) bool {
	if len(counts) != len(steps) {
		return false
	}
	return !slices.ContainsFunc(counts, func(c float64) bool { return !(c >= 0 && c <= 1/(1-fade)+1e-9) })
}
