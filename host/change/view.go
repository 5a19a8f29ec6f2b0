package change

import (
	"context"

	"github.com/homeostat/homeostat/host/change/candidate"
)

// Candidate returns what was submitted as a change, for trying it again without applying it.
func (p *Pipeline) Candidate(ctx context.Context, id string) (candidate.Candidate, error) {
	if _, err := p.Change(ctx, id); err != nil {
		return candidate.Candidate{}, err
	}
	return p.shelf.Of(id)
}
