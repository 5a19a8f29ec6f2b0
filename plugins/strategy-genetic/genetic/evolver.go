package genetic

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/homeostat/homeostat/sdk"
)

// Ask returns the candidates whose scores are wanted next; none when the budget
// of the round is spent. Candidates that were never scored come again, so a host
// that lost an answer, or was killed, carries on.
func (s *Strategy) Ask(_ context.Context, p sdk.Problem, n int) ([]sdk.Genome, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	if n < 1 || p.Budget < 1 {
		return nil, fmt.Errorf("search of %q: %d candidates of a budget of %d, want at least one", p.Component, n, p.Budget)
	}
	r, err := s.record(p)
	if err != nil {
		return nil, err
	}
	if r.search.Round() != p.Round {
		if r.Recorded != p.Recorded {
			r.Recorded = p.Recorded
			r.search.Remeasure()
		}
		r.search.Begin(p.Round, p.Budget)
	}
	var out []sdk.Genome
	for _, c := range r.search.Ask(n) {
		out = append(out, sdk.Genome{ID: c.ID, Genes: c.Genes})
	}
	return out, nil
}

// Tell takes scores. Those of another round are ignored.
func (s *Strategy) Tell(_ context.Context, p sdk.Problem, scores []sdk.Score) error {
	if err := p.Check(); err != nil {
		return err
	}
	r, err := s.record(p)
	if err != nil {
		return err
	}
	if r.search.Round() != p.Round {
		return nil
	}
	for _, score := range scores {
		cost := score.Value
		if score.Failed {
			cost = math.Inf(1)
		}
		r.search.Tell(score.Genome, cost)
	}
	return nil
}

// Explain tells what was found for a component and what live trials said of it.
func (s *Strategy) Explain(_ context.Context, component string) (string, error) {
	var r *record
	aside := 0
	for _, other := range s.records {
		switch {
		case other.Component != component:
		case r == nil || other.Used > r.Used:
			r = other
			aside++
		default:
			aside++
		}
	}
	if r == nil {
		return fmt.Sprintf("Nothing was evolved for %s.", component), nil
	}
	var text strings.Builder
	if r.search != nil {
		fmt.Fprintf(&text, "Round %d of the search of %s has had %d evaluations; %d elites.", r.search.Round(), component, r.search.Spent(), len(r.search.Elites()))
		if base, ok := r.search.Default(); ok && len(r.search.Elites()) > 0 {
			fmt.Fprintf(&text, " The model gives the default %.4g and the best of them %.4g.", base, r.search.Elites()[0].Cost)
		}
	}
	if r.Recorded {
		text.WriteString(" These are costs under recorded load.")
	}
	if r.search == nil {
		fmt.Fprintf(&text, "The population of %s was saved and is read when it is needed next.", component)
	}
	if aside > 1 {
		fmt.Fprintf(&text, " %d earlier populations are set aside: they are of other declared parameters.", aside-1)
	}
	r.explainTables(&text)
	return strings.TrimSpace(text.String()), nil
}
