package tuning

import (
	"context"

	"github.com/homeostat/homeostat/host/evolve"
	"github.com/homeostat/homeostat/sdk"
)

// batch is how many genomes are asked for at once, as the daemon does.
const batch = 16

// evolve has the strategy spend the budget on the model and returns the settings that
// the model finds best.
func (g game) evolve(ctx context.Context) (map[string]sdk.Value, error) {
	return g.round(ctx, sdk.Problem{Component: component, Parameters: g.world.declared(), Budget: Evaluations, Round: 1}, g.world.foretold)
}

// evolveAndReplay has it spend a part of the budget under recorded load as well, as
// the daemon does.
func (g game) evolveAndReplay(ctx context.Context) (map[string]sdk.Value, error) {
	if _, err := g.evolve(ctx); err != nil {
		return nil, err
	}
	problem := sdk.Problem{Component: component, Parameters: g.world.declared(), Budget: Evaluations / evolve.ReplayShare, Round: 2, Recorded: true}
	return g.round(ctx, problem, g.world.replayed)
}

// round spends the problem's budget.
func (g game) round(ctx context.Context, problem sdk.Problem, model func(map[string]sdk.Value) float64) (map[string]sdk.Value, error) {
	best := valuesOf(g.world.declared())
	least := model(best)
	for {
		genomes, err := g.strategy.Ask(ctx, problem, batch)
		if err != nil || len(genomes) == 0 {
			return best, err
		}
		scores := make([]sdk.Score, len(genomes))
		for i, genome := range genomes {
			values, err := problem.Decode(genome.Genes)
			if err != nil {
				return nil, err
			}
			cost := model(values)
			scores[i] = sdk.Score{Genome: genome.ID, Value: cost}
			if cost < least {
				best, least = values, cost
			}
		}
		if err := g.strategy.Tell(ctx, problem, scores); err != nil {
			return nil, err
		}
	}
}
