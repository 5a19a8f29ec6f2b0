// Package arms chooses among a few settings by what they were worth live: the
// default, which is an arm for ever, and the elites of a search.
//
// It keeps the costs of live trials and what the model foretold, draws by
// Thompson sampling, and judges whether the model is worth listening to. It
// knows nothing of what an arm does. A table is not safe for concurrent use.
package arms

import (
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/homeostat/homeostat/plugins/internal/evolve"
)

const (
	// Most is how many arms there are at most, beside the default. Each has to be
	// tried some times before it is known for bad: in simulated worlds whose model
	// is wrong, four cost 4 % of downtime where eight cost 7 %.
	Most = 4
	// boldness scales how far from what is believed a cost is drawn. Trials are few and
	// each is an incident, so less is explored than with plain Thompson sampling (1): in
	// 400 simulated worlds with a model error of 0.6 the downtime was 0.945 of the
	// default's instead of 0.965, at 0.08 it was 0.344 instead of 0.348.
	boldness = 0.5
	// mostTrials is how many of its latest costs an arm keeps: older ones are of
	// another world.
	mostTrials = 50
)

// Arm is one setting.
type Arm struct {
	// Key names the setting; what it means is the user's business.
	Key string `json:"key"`
	// Score is the model's cost of it; 0 means that there is none.
	Score float64 `json:"score,omitempty"`
	// Recorded reports that the score is of recorded load, which the model had not to
	// make up. Scores of the two kinds cannot be compared.
	Recorded bool `json:"recorded,omitempty"`
	// Costs are those of live trials, each above 0, newest last.
	Costs []float64 `json:"costs,omitempty"`
	// Promoted is set while the arm is proven to be better than the default.
	Promoted bool `json:"promoted,omitempty"`
}

// Table holds the arms of one kind of incident; the first is the default.
type Table struct {
	Arms []Arm `json:"arms"`
}

// Refresh brings the arms up to date with a search: its elites, best first, with
// their scores. Arms that were tried live stay, the best of them first; of the
// others only the present elites do.
func (t *Table) Refresh(base Arm, elites []Arm) {
	old := map[string]Arm{}
	for _, a := range t.Arms {
		old[a.Key] = a
	}
	next := []Arm{{Key: base.Key, Score: base.Score, Recorded: base.Recorded, Costs: old[base.Key].Costs}}
	seen := map[string]bool{base.Key: true}
	add := func(a Arm) {
		if !seen[a.Key] && len(next) <= Most {
			seen[a.Key] = true
			next = append(next, a)
		}
	}
	for _, a := range t.tried(elites) {
		add(a)
	}
	for _, e := range elites {
		add(Arm{Key: e.Key, Score: e.Score, Recorded: e.Recorded, Costs: old[e.Key].Costs, Promoted: old[e.Key].Promoted})
	}
	t.Arms = next
	t.promote()
}

// tried returns the arms with live trials, the cheapest first and at most half of
// the places, so that there is room for what the search has found since.
func (t *Table) tried(elites []Arm) []Arm {
	var list []Arm
	for _, a := range t.Arms[min(1, len(t.Arms)):] {
		if len(a.Costs) == 0 {
			continue
		}
		for _, e := range elites {
			if e.Key == a.Key {
				a.Score, a.Recorded = e.Score, e.Recorded
			}
		}
		list = append(list, a)
	}
	slices.SortStableFunc(list, func(a, b Arm) int {
		switch x, y := meanLog(a.Costs), meanLog(b.Costs); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	return list[:min(len(list), Most/2)]
}

// Tell adds the cost of a live trial; keys that are not known are ignored, and a
// cost that is no positive number says nothing.
func (t *Table) Tell(key string, cost float64) {
	if !(cost > 0) || math.IsInf(cost, 0) {
		return
	}
	for i := range t.Arms {
		if a := &t.Arms[i]; a.Key == key {
			a.Costs = append(a.Costs, cost)
			a.Costs = slices.Delete(a.Costs, 0, max(0, len(a.Costs)-mostTrials))
		}
	}
	t.promote()
}

// Worst returns the dearest trial so far, 0 when there is none.
func (t *Table) Worst() float64 {
	worst := 0.0
	for _, a := range t.Arms {
		for _, c := range a.Costs {
			worst = max(worst, c)
		}
	}
	return worst
}

// Choose draws an arm: of each a cost that it may well have, and takes the least.
// The default has its turn now and then whatever is believed of it, since a model
// that is wrong about it would never be found out otherwise: first after three
// trials, because one that heals asks for no other (in 60 simulated worlds that is
// as good as after one: 0.340, 0.678 and 0.975 of the default's downtime at model
// errors of 0.08, 0.25 and 0.6, and 0.345, 0.681 and 0.972).
func (t *Table) Choose(rng *evolve.Source) Arm {
	trials := 0
	for _, a := range t.Arms {
		trials += len(a.Costs)
	}
	if len(t.Arms[0].Costs) < bits.Len(uint(trials+1))-2 { // once in 3, 7, 15… trials
		return t.Arms[0]
	}
	best, least := 0, math.Inf(1)
	for i, b := range t.beliefs() {
		if drawn := b.mean + boldness*b.deviation*rng.NormFloat64(); drawn < least {
			best, least = i, drawn
		}
	}
	return t.Arms[best]
}

// promote marks the arms that are proven.
func (t *Table) promote() {
	beliefs := t.beliefs()
	for i := 1; i < len(t.Arms); i++ {
		t.Arms[i].Promoted = len(t.Arms[i].Costs) >= leastTrials && better(beliefs[i], beliefs[0]) > sure
	}
}

// Better returns the probability that an arm costs at least 5 % less than the
// default.
func (t *Table) Better(key string) float64 {
	beliefs := t.beliefs()
	for i, a := range t.Arms {
		if a.Key == key && i > 0 {
			return better(beliefs[i], beliefs[0])
		}
	}
	return 0
}

// Check reports a table, which may come from a damaged file, that is none.
func (t *Table) Check() error {
	if len(t.Arms) > Most+1 {
		return fmt.Errorf("arms: there are %d, at most %d are allowed", len(t.Arms), Most+1)
	}
	for _, a := range t.Arms {
		bad := slices.ContainsFunc(a.Costs, func(c float64) bool { return !(c > 0) || math.IsInf(c, 0) })
		if bad || len(a.Costs) > mostTrials || !(a.Score >= 0) || math.IsInf(a.Score, 0) {
			return fmt.Errorf("arms: the costs of %q are none", a.Key)
		}
	}
	return nil
}
