package api

import (
	"context"
	"time"

	"github.com/homeostat/homeostat/host/api/contest"
)

// Strategies shows the ladder and how its rungs have done.
type Strategies interface {
	Strategies() []Strategy
	Scoreboard() Scoreboard
	Promote(ctx context.Context, strategy, component string) error
	Demote(ctx context.Context, strategy, component string) error
	// Compare says which of two ends trouble better.
	Compare(ctx context.Context, q contest.Query) (contest.Comparison, error)
	Experiments() []contest.Experiment
}

// Strategy is one rung of the ladder.
type Strategy struct {
	Name string `json:"name"`
	// Rung counts from 1.
	Rung    int      `json:"rung,omitempty" doc:"its place in the daemon's ladder, absent where it is not on it"`
	Ready   bool     `json:"ready"`
	BuiltIn bool     `json:"built_in,omitempty"`
	Ladders []string `json:"ladders,omitempty" doc:"components whose own ladder names it"`
	Resting []Rest   `json:"resting,omitempty" doc:"components that it failed on lately"`
}

// Rest is until when a strategy is not asked about a component.
type Rest struct {
	Component string    `json:"component"`
	Until     time.Time `json:"until"`
}

// Scoreboard is how the strategies have done.
type Scoreboard struct {
	List[Score]
	Bar string `json:"bar" doc:"what a row has to show to be promoted"`
}

// Score is how one strategy has done with one component.
type Score struct {
	Strategy        string    `json:"strategy"`
	Component       string    `json:"component"`
	Tried           int       `json:"tried" doc:"carried out"`
	Healed          int       `json:"healed" doc:"of those, healthy through the hold time"`
	Failed          int       `json:"failed"`
	Recorded        int       `json:"recorded" doc:"decided in learning mode, or overtaken while waiting for a person"`
	Rejected        int       `json:"rejected" doc:"not allowed by a person"`
	False           int       `json:"false_actions" doc:"not needed or harmful: the trouble passed by itself within 30 s, the host was worse for it, or a person said no"`
	MinutesSaved    float64   `json:"minutes_saved" doc:"by how much shorter trouble was than it is without a remedy"`
	MinutesSaveable float64   `json:"minutes_saveable" doc:"what the recorded ones would have saved, at most"`
	First           time.Time `json:"first,omitzero" doc:"the first decision, absent where it is only promoted so far"`
	Last            time.Time `json:"last,omitzero"`
	Passes          bool      `json:"passes" doc:"the row passes the bar"`
	Lacks           string    `json:"lacks,omitempty" doc:"what it lacks where it does not"`
	PromotedBy      string    `json:"promoted_by,omitempty" doc:"who lets it act unasked"`
}

func (s *Server) registerStrategies() {
	svc := s.opt.Services.Strategies
	get(s, Base+"/strategies", "the rungs of the ladder", func(context.Context, *none) (List[Strategy], error) {
		return NewList(svc.Strategies()), nil
	})
	get(s, Base+"/strategies/scoreboard", "how each strategy has done with each component", func(context.Context, *none) (Scoreboard, error) {
		return svc.Scoreboard(), nil
	})
	s.registerComparisons()
	type in struct {
		Name string `path:"name" maxLength:"63"`
		Body struct {
			Component string `json:"component" maxLength:"63"`
		}
	}
	post(s, Base+"/strategies/{name}/promote", "let a strategy act unasked on a component", func(ctx context.Context, in *in) (done, error) {
		return done{OK: true}, svc.Promote(ctx, in.Name, in.Body.Component)
	})
	post(s, Base+"/strategies/{name}/demote", "end that", func(ctx context.Context, in *in) (done, error) {
		return done{OK: true}, svc.Demote(ctx, in.Name, in.Body.Component)
	})
}
