package genetic

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"slices"

	"github.com/homeostat/homeostat/plugins/internal/evolve/arms"
	"github.com/homeostat/homeostat/plugins/internal/evolve/elites"
	"github.com/homeostat/homeostat/plugins/internal/evolve/population"
	"github.com/homeostat/homeostat/plugins/internal/evolve/search"
	"github.com/homeostat/homeostat/sdk"
)

// record is what is known of one component as it is declared: a component whose
// parameters are declared differently begins a new one, and the old one is set
// aside.
type record struct {
	Component string `json:"component"`
	Schema    string `json:"schema"`
	Used      uint64 `json:"used"`
	// Present are the values that the search's steps begin at, in the order of the
	// parameters.
	Present []sdk.Value `json:"present"`
	// Recorded reports that the search's costs are those of recorded load.
	Recorded bool `json:"recorded,omitempty"`
	// Saved is the search as it was saved; it is read at its first use, when the
	// parameters are known.
	Saved json.RawMessage `json:"search,omitempty"`
	// Tables hold the arms by the signature of the incidents.
	Tables map[string]*arms.Table `json:"tables"`

	search *search.Search
}

const (
	mostRecords = 32
	mostTables  = 32
)

func (r *record) key() string { return r.Component + " " + r.Schema }

// schemaOf names what was declared, apart from the present values.
func schemaOf(p sdk.Problem) (string, error) {
	declared := slices.Clone(p.Parameters)
	for i := range declared {
		declared[i].Value = sdk.Value{}
	}
	return population.Schema(struct {
		Parameters []sdk.Parameter
		Forbidden  []sdk.Forbidden
	}{declared, p.Forbidden})
}

// record returns the record of a problem with its search in the problem's space.
func (s *Strategy) record(p sdk.Problem) (*record, error) {
	schema, err := schemaOf(p)
	if err != nil {
		return nil, err
	}
	r := s.records[p.Component+" "+schema]
	if r == nil {
		s.tellAside(p.Component)
		r = &record{Component: p.Component, Schema: schema, Tables: map[string]*arms.Table{}}
		s.records[r.key()] = r
	}
	r.Used = s.tick()
	s.forget()
	s.settle(r, p)
	return r, nil
}

// tellAside says that what was found for other parameters is of no use now.
func (s *Strategy) tellAside(component string) {
	for _, key := range slices.Sorted(maps.Keys(s.records)) {
		if s.records[key].Component == component {
			s.log.Warn("the declared parameters have changed, so the population found for them before is set aside", "component", component, "schema", s.records[key].Schema)
		}
	}
}

// forget drops the record that was not used for longest.
func (s *Strategy) forget() {
	for len(s.records) > mostRecords {
		delete(s.records, s.oldest())
	}
}

func (s *Strategy) oldest() string {
	oldest := ""
	for _, key := range slices.Sorted(maps.Keys(s.records)) {
		if oldest == "" || s.records[key].Used < s.records[oldest].Used {
			oldest = key
		}
	}
	return oldest
}

// settle makes sure that the record's search is one around the present values:
// where steps are limited, other values can be reached from other ones.
func (s *Strategy) settle(r *record, p sdk.Problem) {
	present := make([]sdk.Value, len(p.Parameters))
	for i, param := range p.Parameters {
		present[i] = param.Value
	}
	before := p
	if len(r.Present) == len(present) {
		before = at(p, r.Present)
	}
	if r.search == nil && len(r.Saved) > 0 {
		found, err := search.Load(spaceOf(before), r.Saved)
		if err != nil {
			s.log.Warn("the saved population cannot be carried on and is set aside", "component", r.Component, "error", err)
		} else {
			r.search = found
		}
		r.Saved = nil
	}
	switch {
	case r.search == nil:
		r.search = search.New(spaceOf(p), s.seedOf(r, present), search.Known{})
	case !sameReach(before, p):
		known := search.Known{Elites: carry(r.search.Elites(), before, p)}
		known.Default, known.Tested = r.search.Default()
		r.search = search.New(spaceOf(p), s.seedOf(r, present), known)
	}
	r.Present = present
}

// sameReach reports that the same values can be reached in one step.
func sameReach(a, b sdk.Problem) bool {
	return slices.EqualFunc(a.Parameters, b.Parameters, func(a, b sdk.Parameter) bool {
		return a.Decode(0) == b.Decode(0) && a.Decode(1) == b.Decode(1)
	})
}

// at returns the problem with other present values.
func at(p sdk.Problem, present []sdk.Value) sdk.Problem {
	p.Parameters = slices.Clone(p.Parameters)
	for i := range p.Parameters {
		p.Parameters[i].Value = present[i]
	}
	return p
}

// carry brings elites into a space around other present values, those that can
// still be reached.
func carry(list []elites.Elite, from, to sdk.Problem) []elites.Elite {
	var out []elites.Elite
	for _, e := range list {
		values, err := from.Decode(e.Genes)
		if err != nil {
			continue
		}
		genes := to.Encode(values)
		if reached, err := to.Decode(genes); err == nil && same(reached, values) {
			out = append(out, elites.Elite{Genes: genes, Cost: e.Cost, Tests: 1})
		}
	}
	return out
}

// seedOf gives each search random numbers of its own.
func (s *Strategy) seedOf(r *record, present []sdk.Value) uint64 {
	h := fnv.New64a()
	fmt.Fprint(h, s.seed, r.Component, r.Schema, present)
	return h.Sum64()
}

// spaceOf is the unit cube of a problem.
func spaceOf(p sdk.Problem) search.Space {
	base := make(map[string]sdk.Value, len(p.Parameters))
	levels := make([]int, len(p.Parameters))
	for i, param := range p.Parameters {
		base[param.Name] = param.Default
		switch param.Type {
		case sdk.TypeBool:
			levels[i] = 2
		case sdk.TypeChoice:
			levels[i] = len(param.Choices)
		}
	}
	space := search.Space{Levels: levels, Default: p.Encode(base)}
	space.Allowed = func(genes []float64) bool {
		_, err := p.Decode(genes)
		return err == nil
	}
	space.Snap = func(genes []float64) []float64 {
		out := make([]float64, len(genes))
		for i, param := range p.Parameters {
			out[i] = genes[i]
			if param.Type != sdk.TypeFloat {
				out[i] = param.Encode(param.Decode(genes[i]))
			}
		}
		return out
	}
	return space
}

// table returns the arms of a signature, brought up to date with the search.
func (r *record) table(signature string, p sdk.Problem) *arms.Table {
	t := r.Tables[signature]
	if t == nil {
		r.makeRoom()
		t = &arms.Table{}
		r.Tables[signature] = t
	}
	found := r.eliteArms(p, t)
	if len(t.Arms) == 0 || len(found) > 0 && (r.search.Over() || len(t.Arms) < 2) {
		t.Refresh(r.baseArm(p), found)
	}
	return t
}

// makeRoom drops the table with the fewest trials when there are too many.
func (r *record) makeRoom() {
	for len(r.Tables) >= mostTables {
		least, fewest := "", math.MaxInt
		for _, signature := range slices.Sorted(maps.Keys(r.Tables)) {
			trials := 0
			for _, a := range r.Tables[signature].Arms {
				trials += len(a.Costs)
			}
			if trials < fewest {
				least, fewest = signature, trials
			}
		}
		delete(r.Tables, least)
	}
}

func (r *record) baseArm(p sdk.Problem) arms.Arm {
	base := map[string]sdk.Value{}
	for _, param := range p.Parameters {
		base[param.Name] = param.Default
	}
	score, _ := r.search.Default()
	return arms.Arm{Key: keyOf(base), Score: max(score, 0), Recorded: r.Recorded}
}

// eliteArms are the elites as arms. One that the table has already keeps its key,
// though floats that came through genes differ in their last digits.
func (r *record) eliteArms(p sdk.Problem, t *arms.Table) []arms.Arm {
	var out []arms.Arm
	for _, e := range r.search.Elites() {
		values, err := p.Decode(e.Genes)
		if err != nil {
			continue
		}
		key := keyOf(values)
		for _, a := range t.Arms {
			if old, err := valuesOf(a.Key); err == nil && same(old, values) {
				key = a.Key
			}
		}
		out = append(out, arms.Arm{Key: key, Score: max(e.Cost, 0), Recorded: r.Recorded})
	}
	return out
}

// keyOf writes values as the key of an arm.
func keyOf(values map[string]sdk.Value) string {
	text, err := json.Marshal(values)
	if err != nil {
		return "" // numbers of genes are always finite
	}
	return string(text)
}

func valuesOf(key string) (map[string]sdk.Value, error) {
	var values map[string]sdk.Value
	err := json.Unmarshal([]byte(key), &values)
	return values, err
}

// same compares values by name.
func same(a, b map[string]sdk.Value) bool { return maps.EqualFunc(a, b, sameValue) }

// sameValue allows for the last digits, in which floats that came through a gene
// may differ.
func sameValue(x, y sdk.Value) bool {
	return x.Choice == y.Choice && math.Abs(x.Number-y.Number) <= 1e-9*max(math.Abs(x.Number), math.Abs(y.Number))
}
