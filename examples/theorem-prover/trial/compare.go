package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/homeostat/homeostat/examples/theorem-prover/engine"
	"github.com/homeostat/homeostat/examples/theorem-prover/eprover"
	"github.com/homeostat/homeostat/examples/theorem-prover/problem"
)

// Measured is a setting and the proofs a minute that it makes.
type Measured struct {
	Setting engine.Prove `json:"setting"`
	Rate    float64      `json:"rate"`
}

const (
	// taste is how long each setting is measured; twice that for those that are
	// compared in the end.
	taste = 3 * time.Second
	// little is a memory limit that gives hard problems up early.
	little = 8
)

// compare measures the default and the evolved setting of a row, and every
// heuristic with the default's limits and with little memory, under the demand
// to which it drifted. Nothing else of the trial runs meanwhile.
func compare(ctx context.Context, o Options, row *Row) error {
	e := row.Evolved
	if e == nil {
		return nil // it went wrong before, and the row says so
	}
	o.Say("               measuring settings one by one for comparison")
	m, err := newMeasure(filepath.Join(o.Dir, row.Fault, "problems"))
	if err != nil {
		return err
	}
	for _, h := range eprover.Heuristics() {
		for _, memory := range []int{e.Default.Setting.MemoryLimit, little} {
			s := e.Default.Setting
			s.Heuristic, s.MemoryLimit = h, memory
			rate, err := m.rate(ctx, s, taste)
			if err != nil {
				return err
			}
			if e.Measured++; rate > e.Best.Rate {
				e.Best = Measured{s, rate}
			}
		}
	}
	for _, one := range []*Measured{&e.Default, &e.Found, &e.Best} {
		if one.Rate, err = m.rate(ctx, one.Setting, 2*taste); err != nil {
			return err
		}
	}
	if e.Found.Rate <= e.Default.Rate {
		row.Wrong = append(row.Wrong, fmt.Sprintf("the evolved setting makes %.0f proofs a minute, the default %.0f", e.Found.Rate, e.Default.Rate))
	}
	return nil
}

// measure proves without engine and store.
type measure struct {
	prover   *eprover.Prover
	problems []problem.Problem
	demand   problem.Demand
}

func newMeasure(dir string) (*measure, error) {
	prover, errProver := eprover.Find()
	problems, errProblems := problem.Load(dir)
	m := &measure{prover: prover, problems: problems}
	return m, errors.Join(errProver, errProblems, json.Unmarshal([]byte(latticeDemand), &m.demand))
}

// rate returns the proofs a minute of a setting, from the first problem of each
// family on.
func (m *measure) rate(ctx context.Context, s engine.Prove, d time.Duration) (float64, error) {
	rota, err := problem.NewRota(m.problems, m.demand)
	if err != nil {
		return 0, err
	}
	limited, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var turn sync.Mutex // guards rota
	var proofs atomic.Int64
	var workers sync.WaitGroup
	for range s.Workers {
		workers.Go(func() { // ends with limited
			for limited.Err() == nil {
				turn.Lock()
				p := rota.Next()
				turn.Unlock()
				o, err := m.prover.Run(limited, p.Path, s.Heuristic, eprover.Limits{Seconds: s.TimeLimit, Memory: s.MemoryLimit})
				if err == nil && o.Verdict == eprover.Proved {
					proofs.Add(1)
				}
			}
		})
	}
	workers.Wait()
	return float64(proofs.Load()) / d.Minutes(), ctx.Err()
}
