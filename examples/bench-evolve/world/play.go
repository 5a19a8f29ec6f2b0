package world

import (
	"context"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/plugins/strategy-genetic/genetic"
	"github.com/homeostat/homeostat/sdk"
)

// Played is how long incidents lasted on average in one world, in seconds: with
// the default settings, with those that the model finds best, and with the
// genetic strategy, which chooses by live outcomes.
type Played struct {
	Default, ModelOnly, Live float64
}

// player is the strategy in a world.
type player struct {
	strategy sdk.Strategy
	world    *World
	present  []sdk.Parameter
}

// Play evolves settings on the model with a budget of evaluations and lives
// through so many incidents.
func (w *World) Play(ctx context.Context, seed uint64, evaluations, incidents int) (Played, error) {
	s, err := genetic.New(genetic.Config{ControlWait: time.Second}, sdk.Env{Seed: seed})
	if err != nil {
		return Played{}, err
	}
	p := player{strategy: s, world: w, present: w.Parameters()}
	found, err := p.evolve(ctx, evaluations)
	if err != nil {
		return Played{}, err
	}
	base := values(w.parameters)
	var out Played
	for n := range incidents {
		number := seed<<20 + uint64(n)
		live, err := p.incident(ctx, number)
		if err != nil {
			return out, err
		}
		out.Live += live / float64(incidents)
		out.Default += w.Incident(number, base) / float64(incidents)
		out.ModelOnly += w.Incident(number, found) / float64(incidents)
	}
	return out, nil
}

// evolve spends the budget and returns the settings that the model finds best.
func (p player) evolve(ctx context.Context, evaluations int) (map[string]sdk.Value, error) {
	evolver := p.strategy.(sdk.Evolver)
	problem := sdk.Problem{Component: "web", Parameters: p.world.Parameters(), Budget: evaluations, Round: 1}
	var best map[string]sdk.Value
	least := 0.0
	for {
		const batch = 16
		genomes, err := evolver.Ask(ctx, problem, batch)
		if err != nil || len(genomes) == 0 {
			return best, err
		}
		scores := make([]sdk.Score, len(genomes))
		for i, g := range genomes {
			v, err := problem.Decode(g.Genes)
			if err != nil {
				return nil, err
			}
			cost := p.world.Model(v)
			scores[i] = sdk.Score{Genome: g.ID, Value: cost}
			if best == nil || cost < least {
				best, least = v, cost
			}
		}
		if err := evolver.Tell(ctx, problem, scores); err != nil {
			return nil, err
		}
	}
}

// incident lets the strategy propose, puts its values in force and tells it how
// long the incident lasted.
func (p player) incident(ctx context.Context, number uint64) (float64, error) {
	in := sdk.Incident{ID: fmt.Sprint("inc_", number), Component: "web", Components: []string{"web"}, Signature: "web:probe", Parameters: p.present}
	proposal, err := p.strategy.Propose(ctx, in)
	if err != nil {
		return 0, err
	}
	for _, a := range proposal.Actions {
		if set, ok := a.(sdk.SetParameters); ok {
			for i := range p.present {
				if v, moved := set.Values[p.present[i].Name]; moved {
					p.present[i].Value = v
				}
			}
		}
	}
	lasted := p.world.Incident(number, values(p.present))
	o := sdk.Outcome{
		Incident: in.ID, Component: "web", Signature: in.Signature, Result: sdk.ResultHealed,
		Downtime: time.Duration(lasted * float64(time.Second)),
	}
	return lasted, p.strategy.(sdk.Learner).Learn(ctx, o)
}

func values(list []sdk.Parameter) map[string]sdk.Value {
	out := make(map[string]sdk.Value, len(list))
	for _, p := range list {
		out[p.Name] = p.Value
	}
	return out
}
