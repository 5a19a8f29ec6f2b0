package search

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/homeostat/homeostat/plugins/internal/evolve"
	"github.com/homeostat/homeostat/plugins/internal/evolve/elites"
)

// saved is the whole state of a search, apart from its space.
type saved struct {
	Rand     *evolve.Source  `json:"rand"`
	Progress progress        `json:"progress"`
	Kind     kind            `json:"kind,omitempty"`
	Method   json.RawMessage `json:"method,omitempty"`
}

// MarshalJSON writes the whole state: a search that is loaded from it asks for
// the same candidates in the same order.
func (s *Search) MarshalJSON() ([]byte, error) {
	out := saved{Rand: s.rand, Progress: s.state, Kind: s.kind}
	if s.method != nil {
		var err error
		if out.Method, err = json.Marshal(s.method); err != nil {
			return nil, err
		}
		out.Rand = nil // the method's own, which is the same
	}
	return json.Marshal(out)
}

// Load returns the search that was saved, or says why the bytes are none of this
// space.
func Load(space Space, data []byte) (*Search, error) {
	var in saved
	if err := json.Unmarshal(data, &in); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	s := &Search{space: space, rand: in.Rand, kind: in.Kind, state: in.Progress}
	n := len(space.Default)
	if len(in.Method) > 0 {
		if s.method = in.Kind.empty(); s.method == nil {
			return nil, fmt.Errorf("search: method %q is not known", in.Kind)
		}
		if err := json.Unmarshal(in.Method, s.method); err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
		if err := s.method.Check(n); err != nil {
			return nil, err
		}
		s.rand = sourceOf(s.method)
	}
	if !s.rand.Usable() {
		return nil, errors.New("search: it has no source of random numbers")
	}
	return s, s.check(n)
}

// check reports what of the progress does not fit together.
func (s *Search) check(n int) error {
	p := s.state
	if err := p.Elites.Check(n); err != nil {
		return err
	}
	if len(p.Seeds) > elites.Most || slices.ContainsFunc(p.Seeds, func(g evolve.Floats) bool { return !g.InCube(n) }) {
		return errors.New("search: its seeds do not fit")
	}
	if p.Round < 0 || p.Budget < 0 || p.Spent < 0 || p.Runs < 0 || p.Doublings < 0 || p.Doublings > 8 || p.DefaultTests < 0 ||
		math.IsNaN(p.Default) || math.IsInf(p.Default, 0) {
		return errors.New("search: its counts are out of range")
	}
	if len(p.Known) != len(p.Costs) || len(p.Known) > 0 && (s.method == nil || len(p.Known) != len(s.method.Generation())) {
		return errors.New("search: its costs do not belong to the generation")
	}
	return s.checkWaiting(n)
}

// checkWaiting wants exactly one candidate for each cost that is not known.
func (s *Search) checkWaiting(n int) error {
	ids, missing := map[uint64]bool{}, map[int]bool{}
	for i, known := range s.state.Known {
		if !known {
			missing[i] = true
		}
	}
	for _, c := range s.state.Waiting {
		if !c.Genes.InCube(n) || ids[c.ID] || c.ID > s.state.LastID {
			return fmt.Errorf("search: candidate %d does not fit", c.ID)
		}
		ids[c.ID] = true
		switch {
		case c.Member == isDefault, c.Member == isElite, c.Member == isSeed:
		case !missing[c.Member]:
			return fmt.Errorf("search: candidate %d is of no member that waits", c.ID)
		default:
			delete(missing, c.Member)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("search: %d members wait and no candidate is theirs", len(missing))
	}
	return nil
}
