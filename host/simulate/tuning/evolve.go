package tuning

import (
	"context"

	"github.com/homeostat/homeostat/sdk"
)

// batch is how many genomes are asked for at once, as the daemon does.
const batch = 16

// evolve has the strategy spend the budget on the model and returns the settings that
// the model finds best.
func (g game) evolve(ctx context.Context) (map[string]sdk.Value, error) {
	problem := sdk.Problem{Component: component, Parameters: g.world.declared(), Budget: Evaluations, Round: 1}
	best := valuesOf(g.world.declared())
	least := g.world.foretold(best)
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
			cost := g.world.foretold(values)
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
