package trial

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/homeostat/homeostat/examples/theorem-prover/engine"
)

// Evolved is what the search for better parameters came to. Rates are proofs a
// minute, all measured one after the other in the same way.
type Evolved struct {
	// Evaluations is how many settings were tried on the model, at least: the
	// search is looked at now and then.
	Evaluations int `json:"evaluations"`
	// Incidents is how many it took until the strategy drew a setting that healed.
	Incidents int `json:"incidents"`
	// Default, Found and Best are what is usual, what was evolved, and the best of
	// all that were measured.
	Default Measured `json:"default"`
	Found   Measured `json:"found"`
	Best    Measured `json:"best"`
	// Measured is how many settings were measured for Best.
	Measured int `json:"measured"`
}

// geneticForm is what the shipped configuration lacks for evolving: the component's
// model, and the strategy. The first look at a search is soon, and there is one.
const geneticForm = `
[evolve]
evaluations = 400
every = "24h"
look = "1s"

[plugins.genetic]
kind = "strategy"
path = "strategy-genetic"
`

// modelForm goes into the engine's component.
const modelForm = "model = { module = %q, sha256 = \"%x\" }\n"

// model returns the line that gives the engine its model.
func model(bin string) (string, error) {
	path := filepath.Join(bin, "prover-model.wasm")
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the model: %w; make theorem-prover builds it", err)
	}
	return fmt.Sprintf(modelForm, path, sha256.Sum256(b)), nil
}

// searched waits until the search for parameters is done.
func (s *stage) searched(ctx context.Context) error {
	s.opt.Say("               searching parameters on the model")
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	return until(ctx, "the search is done", func() (bool, error) {
		found, err := s.search(ctx)
		s.evaluations = max(s.evaluations, found.Spent)
		if err == nil && found.State == "set_aside" {
			err = fmt.Errorf("the search was set aside: %s", found.Why)
		}
		return found.State == "done", err
	})
}

// search is what the trial needs of a search.
type search struct {
	State, Why string
	Spent      int
}

func (s *stage) search(ctx context.Context) (search, error) {
	out, err := s.daemon.Command(ctx, "component", "searches", "--json")
	if err != nil {
		return search{}, err
	}
	var list struct{ Items []search }
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		return search{}, fmt.Errorf("read the searches: %w", err)
	}
	if len(list.Items) != 1 {
		return search{}, nil
	}
	return list.Items[0], nil
}

const (
	// mostIncidents is how often the demand drifts until an evolved setting must
	// have been drawn: one draw in five or so is the default, for comparison.
	mostIncidents = 4
	// trialTime bounds one incident.
	trialTime = 90 * time.Second
)

// evolved lets incidents come until one was healed by an evolved setting. After
// one in which the present settings were drawn the demand is the usual one until
// that incident is over.
func evolved(ctx context.Context, sc *scene) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mostIncidents*trialTime)
	defer cancel()
	usual, err := sc.setting()
	if err != nil {
		return err
	}
	for n := 1; n <= mostIncidents; n++ {
		moved, err := sc.drawn(ctx, usual)
		if err != nil {
			return err
		}
		if moved {
			found, err := sc.setting()
			if err != nil {
				return err
			}
			sc.row.Evolved = &Evolved{Evaluations: sc.evaluations, Incidents: n, Default: Measured{Setting: usual}, Found: Measured{Setting: found}}
			sc.row.Action = found.String()
			return nil
		}
		if err := errors.Join(sc.want(ctx, usualDemand), resolved(ctx, sc), sc.want(ctx, latticeDemand)); err != nil {
			return err
		}
		sc.injected = sc.tally.mark()
	}
	return fmt.Errorf("%d incidents, and none was healed by an evolved setting", mostIncidents)
}

// drawn waits until the strategy has had its trial in this incident, and says
// whether other settings came of it.
func (sc *scene) drawn(ctx context.Context, usual engine.Prove) (moved bool, err error) {
	after := sc.injected.at
	err = until(ctx, "genetic has had its trial", func() (bool, error) {
		list, err := sc.daemon.Recoveries(ctx)
		for _, r := range list {
			if r.Component == "engine" && r.Strategy == sc.fault.healer && r.ActedAt != nil && r.ActedAt.After(after) {
				now, errNow := sc.setting()
				if now != usual {
					calm, errCalm := sc.calm(ctx, "holding", "resolved")
					return calm, errors.Join(err, errNow, errCalm)
				}
				return r.Result != "" && r.Result != "running", errors.Join(err, errNow)
			}
		}
		return false, err
	})
	if err != nil {
		return false, err
	}
	now, err := sc.setting()
	return now != usual, err
}

// setting returns the engine's present parameters.
func (s *stage) setting() (engine.Prove, error) {
	var e struct{ Prove engine.Prove }
	_, err := toml.DecodeFile(s.engineFile(), &e)
	return e.Prove, err
}
