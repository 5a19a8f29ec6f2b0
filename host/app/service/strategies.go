package service

import (
	"context"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/heal"
	"github.com/homeostat/homeostat/host/heal/choice"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/host/heal/score"
)

// Strategies is api.Strategies.
type Strategies struct {
	Healer *heal.Healer
	// Ready are the strategies that can be asked now, Configured all there are.
	Ready, Configured func() []string
	// Ladder is the daemon's, empty for the usual one; Own are those of
	// components.
	Ladder func() (ladder []string, own map[string][]string)
}

// Strategies lists the rungs, in the ladder's order, then what is on no ladder.
func (s Strategies) Strategies() []api.Strategy {
	ready, all := s.Ready(), s.Configured()
	ladder, own := s.Ladder()
	order := choice.Fixed{}.Order(choice.Question{Ladder: ladder, Ready: all})
	for _, name := range all {
		if !slices.Contains(order, name) {
			order = append(order, name)
		}
	}
	resting := s.Healer.Resting()
	list := make([]api.Strategy, len(order))
	for i, name := range order {
		list[i] = api.Strategy{Name: name, Ready: slices.Contains(ready, name), BuiltIn: name == choice.HandOver, Resting: restsOf(resting, name)}
		if len(ladder) == 0 || slices.Contains(ladder, name) {
			list[i].Rung = i + 1
		}
		for component, names := range own {
			if slices.Contains(names, name) {
				list[i].Ladders = append(list[i].Ladders, component)
			}
		}
		slices.Sort(list[i].Ladders)
	}
	return list
}

func restsOf(resting map[string]map[string]time.Time, strategy string) []api.Rest {
	var out []api.Rest
	for component, rests := range resting {
		if until, ok := rests[strategy]; ok {
			out = append(out, api.Rest{Component: component, Until: until})
		}
	}
	slices.SortFunc(out, func(a, b api.Rest) int { return a.Until.Compare(b.Until) })
	return out
}

// Scoreboard shows how they have done; what is promoted is on it before its first
// decision too.
func (s Strategies) Scoreboard() api.Scoreboard {
	promoted := s.Healer.Promotions()
	rows := s.Healer.Scoreboard()
	for _, p := range promoted {
		if !slices.ContainsFunc(rows, func(r score.Row) bool { return p.Component == r.Component && p.Strategy == r.Strategy }) {
			rows = append(rows, score.Row{Component: p.Component, Strategy: p.Strategy})
		}
	}
	return api.Scoreboard{Bar: score.Bar(), List: api.NewList(convert(rows, func(r score.Row) api.Score {
		out := api.Score{
			Strategy: r.Strategy, Component: r.Component, Tried: r.Tried, Healed: r.Healed, Failed: r.Failed, Recorded: r.Recorded,
			Rejected: r.Rejected, False: r.False, MinutesSaved: r.Saved.Minutes(), MinutesSaveable: r.Saveable.Minutes(), First: r.First, Last: r.Last,
		}
		out.Passes, out.Lacks = r.Passes()
		n := slices.IndexFunc(promoted, func(p record.Promotion) bool { return p.Component == r.Component && p.Strategy == r.Strategy })
		if n >= 0 {
			out.PromotedBy = promoted[n].By
		}
		return out
	}))}
}

// Promote lets a strategy act unasked on a component.
func (s Strategies) Promote(ctx context.Context, strategy, component string) error {
	return problem(s.Healer.Promote(component, strategy, api.Actor(ctx)))
}

// Demote ends that.
func (s Strategies) Demote(ctx context.Context, strategy, component string) error {
	return problem(s.Healer.Demote(component, strategy, api.Actor(ctx)))
}
