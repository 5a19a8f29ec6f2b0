package api

import (
	"context"
	"time"
)

// Searches lists the searches for better parameters.
type Searches interface {
	Searches() []Search
}

// Search is the search of one component. Costs are those of its model.
type Search struct {
	Component  string         `json:"component"`
	State      string         `json:"state" enum:"searching,replaying,proving,done,set_aside"`
	Why        string         `json:"why,omitempty" doc:"why it was set aside or interrupted"`
	Round      int            `json:"round"`
	Spent      int            `json:"spent" doc:"settings tried in this round"`
	Budget     int            `json:"budget"`
	Failed     int            `json:"failed" doc:"settings that the model could not judge"`
	Refused    int            `json:"refused" doc:"settings that broke a rule and were not tried"`
	Default    *float64       `json:"default,omitempty" doc:"cost of the default settings"`
	Best       *float64       `json:"best,omitempty" doc:"cost of the best settings"`
	BestValues map[string]any `json:"best_values,omitempty"`
	Hours      int            `json:"recorded_hours" doc:"recorded hours that these costs are of; 0: load that the model makes up"`
	Replay     string         `json:"replay,omitempty" doc:"why recorded load is not replayed"`
	Begun      time.Time      `json:"begun,omitzero"`
	Ended      time.Time      `json:"ended,omitzero"`
}

func (s *Server) registerSearches() {
	get(s, Base+"/searches", "the searches for better parameters of components that have a model", func(context.Context, *struct{}) (List[Search], error) {
		return NewList(s.opt.Services.Searches.Searches()), nil
	})
}
