package plugin

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/sdk"
)

// judge lets through what keeps the rules of package sdk and counts the rest.
type judge struct {
	log     hclog.Logger
	refused atomic.Uint64
	// nextLog is the Unix time in nanoseconds before which refusals are only
	// counted: a broken detector is asked often.
	nextLog atomic.Int64
}

// ErrAnswerRefused means that nothing of an answer could be used.
var ErrAnswerRefused = errors.New("the plugin's answer breaks the rules")

// anomalies fills what the contract lets a detector leave out, and keeps the
// anomalies that are valid. When all are invalid the detector was blind, and
// the error says why.
func (j *judge) anomalies(w sdk.Window, in []sdk.Anomaly) ([]sdk.Anomaly, error) {
	out := in[:0]
	var first error
	for _, a := range in {
		a = a.WithDefaults(w)
		if err := a.Validate(); err != nil {
			j.refuse(err)
			if first == nil {
				first = err
			}
			continue
		}
		out = append(out, a)
	}
	if len(out) == 0 && first != nil {
		return nil, fmt.Errorf("%w: %w", ErrAnswerRefused, first)
	}
	return out, nil
}

func (j *judge) proposal(p sdk.Proposal) (sdk.Proposal, error) {
	if err := p.Validate(); err != nil {
		j.refuse(err)
		return sdk.Proposal{}, fmt.Errorf("%w: %w", ErrAnswerRefused, err)
	}
	return p, nil
}

// genomes wants as many genes as parameters, each from 0 to 1, and at most n.
func (j *judge) genomes(p sdk.Problem, n int, in []sdk.Genome) ([]sdk.Genome, error) {
	if err := validGenomes(p, n, in); err != nil {
		j.refuse(err)
		return nil, fmt.Errorf("%w: %w", ErrAnswerRefused, err)
	}
	return in, nil
}

func validGenomes(p sdk.Problem, n int, in []sdk.Genome) error {
	if len(in) > n {
		return fmt.Errorf("%d genomes, %d were asked for", len(in), n)
	}
	for _, g := range in {
		if len(g.Genes) != len(p.Parameters) {
			return fmt.Errorf("genome %d has %d genes, the problem has %d parameters", g.ID, len(g.Genes), len(p.Parameters))
		}
		for _, gene := range g.Genes {
			if !(gene >= 0 && gene <= 1) {
				return fmt.Errorf("genome %d: gene %v is outside 0 to 1", g.ID, gene)
			}
		}
	}
	return nil
}

// logEvery is the least pause between two log lines about refused answers of
// one plugin.
const logEvery = 10 * time.Second

func (j *judge) refuse(why error) {
	total := j.refused.Add(1)
	now, next := time.Now().UnixNano(), j.nextLog.Load()
	if now >= next && j.nextLog.CompareAndSwap(next, now+int64(logEvery)) {
		j.log.Warn("plugin answer breaks the rules and is dropped", "why", why, "so_far", total)
	}
}
