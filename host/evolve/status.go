package evolve

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// State says how far the search of a component is.
type State string

// The states of a search.
const (
	Searching State = "searching"
	Replaying State = "replaying" // the search goes on under recorded load
	Proving   State = "proving"   // the elites are judged again with other random numbers
	Done      State = "done"      // until the next round is due
	SetAside  State = "set_aside" // Why says what is wrong; it is tried again when the model or the declaration changes, or the next round is due
)

// Status is what is known of the search of one component. It survives restarts.
type Status struct {
	Component string `json:"component"`
	State     State  `json:"state"`
	// Why says why the search was set aside, or what stopped it last.
	Why string `json:"why,omitempty"`
	// Round counts rounds since the component was first searched, and Spent the
	// evaluations of this one, of Budget.
	Round  int `json:"round"`
	Spent  int `json:"spent"`
	Budget int `json:"budget"`
	// Failed counts the evaluations of the round that the model could not do, and
	// Refused the genomes that broke a rule.
	Failed  int `json:"failed"`
	Refused int `json:"refused"`
	// Default and Best are the model's costs, the best with its values; Tested
	// says that there are any.
	Tested     bool                 `json:"tested"`
	Default    float64              `json:"default"`
	Best       float64              `json:"best"`
	BestValues map[string]sdk.Value `json:"best_values,omitempty"`
	// Model and Schema name what was searched: other ones begin anew.
	Model  string `json:"model"`
	Schema string `json:"schema"`
	// Hours are the recorded ones that candidates of the round meet, none where the
	// model makes load up. Replay says why recorded load is not replayed.
	Hours  []time.Time `json:"hours,omitempty"`
	Replay string      `json:"replay,omitempty"`
	// Costs are the first two distinct costs of the round, and Costed counts those who
	// had one: a search that has converged sees one cost alone, a round does not.
	Costs  []float64 `json:"costs,omitempty"`
	Costed int       `json:"costed,omitempty"`
	// Untold are scores of this round that the strategy may not have yet.
	Untold []sdk.Score `json:"untold,omitempty"`
	// Begun and Ended are those of the round; Ended is zero while it is under way.
	Begun time.Time `json:"begun"`
	Ended time.Time `json:"ended,omitzero"`
}

// Statuses returns what is known, by the names of the components.
func (s *Searcher) Statuses() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Status, 0, len(s.statuses))
	for _, name := range slices.Sorted(maps.Keys(s.statuses)) {
		status := s.statuses[name]
		status.BestValues = maps.Clone(status.BestValues)
		out = append(out, status)
	}
	return out
}

// status returns what is known of a component, from the store at first.
func (s *Searcher) status(ctx context.Context, component string) Status {
	s.mu.Lock()
	status, known := s.statuses[component]
	s.mu.Unlock()
	if known {
		return status
	}
	fresh := Status{Component: component}
	doc, err := s.opt.Kept(ctx, component)
	if err != nil || len(doc) == 0 {
		if err != nil {
			s.opt.Log.Warn("what was known of a search cannot be read, it begins anew", "component", component, "error", err)
		}
		return fresh
	}
	if err := json.Unmarshal(doc, &status); err != nil || status.Component != component || status.Round < 0 {
		s.opt.Log.Warn("what was known of a search is damaged, it begins anew", "component", component, "error", err)
		return fresh
	}
	return status
}

// keep makes a status durable and visible. Without it a restart would repeat some
// evaluations, no more: an error stops nothing.
func (s *Searcher) keep(ctx context.Context, status Status) {
	s.mu.Lock()
	s.statuses[status.Component] = status
	s.mu.Unlock()
	doc, err := json.Marshal(status)
	if err == nil {
		err = s.opt.Keep(ctx, status.Component, doc)
	}
	if err != nil && ctx.Err() == nil {
		s.opt.Log.Warn("the progress of a search was not kept", "component", status.Component, "error", err)
	}
}
