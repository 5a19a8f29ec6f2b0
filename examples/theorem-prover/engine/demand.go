package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/homeostat/homeostat/examples/theorem-prover/problem"
)

// loadDemand takes the demand of an earlier run, or else that of the settings.
func (e *Engine) loadDemand(settings map[string]int) error {
	demand := problem.Demand(settings)
	b, err := os.ReadFile(e.demandFile)
	if err == nil {
		demand = nil
		err = json.Unmarshal(b, &demand)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the demand %s: %w; delete it to begin with that of the settings", e.demandFile, err)
	}
	rota, err := problem.NewRota(e.problems, demand)
	if err != nil {
		return err
	}
	e.demand, e.rota = demand, rota
	return nil
}

// saveDemand replaces the file as a whole, so that a crash leaves the old or the
// new demand.
func saveDemand(path string, d problem.Demand) error {
	b, err := json.Marshal(d)
	if err != nil {
		return err
	}
	fresh := path + ".new"
	if err := os.WriteFile(fresh, append(b, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}
