package plugin

import (
	"context"
	"slices"

	"github.com/homeostat/homeostat/host/plugin/supervisor"
	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/wire"
)

// Strategy is a configured strategy plugin, running or not. It stays usable
// until the next Apply that changes it; then its calls fail.
type Strategy struct{ r *running }

// Strategies returns all strategies in the order of their names.
func (h *Host) Strategies() []Strategy {
	var out []Strategy
	for _, r := range h.of(wire.KindStrategy) {
		out = append(out, Strategy{r})
	}
	return out
}

// Name returns the plugin's name.
func (s Strategy) Name() string { return s.r.spec.Name }

// Ready reports whether the strategy can be asked now.
func (s Strategy) Ready() bool { return s.r.supervisor.Status().State == supervisor.Ready }

// Evolves reports that the strategy searches for parameters: it answers Ask and
// Tell.
func (s Strategy) Evolves() bool {
	return slices.Contains(s.r.supervisor.Status().Description.Features, wire.FeatureEvolve)
}

// Propose asks for a remedy. The proposal is valid by the rules of package sdk;
// whether its targets exist and may be touched is for the caller to judge. What the
// strategy remembers of it is saved soon.
func (s Strategy) Propose(ctx context.Context, in sdk.Incident) (sdk.Proposal, error) {
	var p sdk.Proposal
	err := s.r.call(ctx, func(ctx context.Context, c *wire.Client) (err error) {
		p, err = c.Propose(ctx, in)
		return err
	})
	if err != nil {
		return sdk.Proposal{}, err
	}
	s.r.supervisor.SaveSoon()
	return s.r.judge.proposal(p)
}

// Learn tells the strategy how its recovery ended. ErrUnsupported means that it
// does not learn. Each live outcome is dear, so it is saved soon.
func (s Strategy) Learn(ctx context.Context, o sdk.Outcome) error {
	err := s.r.ability(ctx, wire.FeatureLearn, func(ctx context.Context, c *wire.Client) error { return c.Learn(ctx, o) })
	if err == nil {
		s.r.supervisor.SaveSoon()
	}
	return err
}

// Ask asks for at most n candidates of a search. ErrUnsupported means that the
// strategy does not search.
func (s Strategy) Ask(ctx context.Context, p sdk.Problem, n int) ([]sdk.Genome, error) {
	var out []sdk.Genome
	err := s.r.ability(ctx, wire.FeatureEvolve, func(ctx context.Context, c *wire.Client) (err error) {
		out, err = c.Ask(ctx, p, n)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.r.judge.genomes(p, n, out)
}

// Tell hands the scores of candidates to the strategy. When it returns, the
// population that has them is durable: after a kill no evaluation that was told is
// made again.
func (s Strategy) Tell(ctx context.Context, p sdk.Problem, scores []sdk.Score) error {
	err := s.r.ability(ctx, wire.FeatureEvolve, func(ctx context.Context, c *wire.Client) error { return c.Tell(ctx, p, scores) })
	if err == nil {
		s.r.supervisor.SaveNow()
	}
	return err
}

// Explain asks what the strategy has learnt about a component. ErrUnsupported
// means that it cannot say.
func (s Strategy) Explain(ctx context.Context, component string) (string, error) {
	return s.r.explain(ctx, component)
}
