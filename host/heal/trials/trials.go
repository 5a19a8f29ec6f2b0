// Package trials keeps what is needed to compare strategies: the first remedy of
// each incident with what came of it, and the experiments.
//
// It owns both in memory and the experiments on the disk. Who is drawn and when an
// experiment is over is for heal/experiment, the estimate for heal/compare. A Keeper
// may be used from several goroutines; its lock is held while an experiment is
// saved, so that none is drawn for that is not durable.
package trials

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/heal/compare"
	"github.com/homeostat/homeostat/host/heal/experiment"
	"github.com/homeostat/homeostat/host/heal/record"
)

// Store keeps documents durably.
type Store interface {
	Put(ctx context.Context, kind, id string, doc []byte, at time.Time) error
	List(ctx context.Context, kind string, limit int) ([][]byte, error)
}

// kind is that of an experiment's document.
const kind = "experiment"

const (
	// maxUnits bounds the incidents that are compared: the newest.
	maxUnits = 5000
	// maxExperiments bounds those that are loaded.
	maxExperiments = 100
)

// Keeper keeps them. Use New, then Load.
type Keeper struct {
	log   hclog.Logger
	store Store
	audit func(kind string, fields map[string]any) error

	mu          sync.Mutex // guards what follows
	units       map[string]compare.Unit
	order       []string
	experiments []experiment.State // oldest first; only the last one may go on
}

// New returns a keeper of nothing. Audit returns when its record is durable.
func New(log hclog.Logger, store Store, audit func(kind string, fields map[string]any) error) *Keeper {
	return &Keeper{log: log, store: store, audit: audit, units: map[string]compare.Unit{}}
}

// Load reads the experiments. A damaged one is set aside with a word.
func (k *Keeper) Load(ctx context.Context) error {
	docs, err := k.store.List(ctx, kind, maxExperiments)
	if err != nil {
		return fmt.Errorf("load experiments: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, doc := range docs {
		var s experiment.State
		err := json.Unmarshal(doc, &s)
		if err == nil {
			err = s.Check()
		}
		if err != nil {
			k.log.Error("a saved experiment is damaged and set aside; nothing is drawn for it", "error", err)
			continue
		}
		k.experiments = append(k.experiments, s)
	}
	slices.SortStableFunc(k.experiments, func(a, b experiment.State) int { return a.Begun.Compare(b.Begun) })
	return nil
}

// Put counts an incident as its record stands now.
func (k *Keeper) Put(inc record.Incident) {
	u, ok := compare.Read(inc)
	if !ok {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, known := k.units[inc.ID]; !known {
		k.order = append(k.order, inc.ID)
	}
	k.units[inc.ID] = u
	for len(k.order) > maxUnits {
		delete(k.units, k.order[0])
		k.order = k.order[1:]
	}
}

// Units returns all that are kept, oldest first.
func (k *Keeper) Units() []compare.Unit {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.all()
}

func (k *Keeper) all() []compare.Unit {
	out := make([]compare.Unit, len(k.order))
	for n, id := range k.order {
		out[n] = k.units[id]
	}
	return out
}

// Experiments returns all that are known, newest first.
func (k *Keeper) Experiments() []experiment.State {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := slices.Clone(k.experiments)
	slices.Reverse(out)
	return out
}

// Current returns the experiment that the component takes part in now, false for
// none.
func (k *Keeper) Current(component string, now time.Time) (experiment.State, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if n := len(k.experiments); n > 0 && k.experiments[n-1].Concerns(component, now) {
		return k.experiments[n-1], true
	}
	return experiment.State{}, false
}

// Configure puts the settings in force: the same experiment goes on, or stays ended;
// another one ends what went on and begins, when that is written down.
func (k *Keeper) Configure(ctx context.Context, set experiment.Settings, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if n := len(k.experiments); n > 0 {
		last := &k.experiments[n-1]
		if last.Same(set) {
			if last.Ended == nil { // what is over keeps the limits that it had
				last.MaxIncidents, last.MaxTime = set.MaxIncidents, set.MaxTime
			}
			return
		}
		if last.Ended == nil && k.keep(ctx, last.End(experiment.OutcomeSettings, "the settings name it no more", now), "experiment_ended") != nil {
			return
		}
	}
	if !set.Set() {
		return
	}
	var seed [32]byte
	_, _ = rand.Read(seed[:]) // it never fails: crypto/rand ends the program instead
	_ = k.keep(ctx, experiment.New(set, seed, now), "experiment_begun")
}

// Judge ends the experiment that goes on where it is over.
func (k *Keeper) Judge(ctx context.Context, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := len(k.experiments)
	if n == 0 || k.experiments[n-1].Ended != nil {
		return
	}
	if judged := k.experiments[n-1].Judge(k.all(), now); judged.Ended != nil {
		k.log.Info("an experiment is over", "experiment", judged.ID, "outcome", judged.Outcome, "text", judged.Why)
		_ = k.keep(ctx, judged, "experiment_ended") // judged again with the next incident where it failed
	}
}

// keep makes a state durable, in the audit log first, and then known. The caller
// holds the lock.
func (k *Keeper) keep(ctx context.Context, s experiment.State, what string) error {
	doc, err := json.Marshal(s)
	if err == nil {
		err = k.audit(what, map[string]any{
			"experiment": s.ID, "a": s.A, "b": s.B, "share": s.Share, "components": s.Components, "seed": s.Seed,
			"outcome": string(s.Outcome), "why": s.Why,
		})
	}
	if err == nil {
		err = k.store.Put(context.WithoutCancel(ctx), kind, s.ID, doc, s.Begun)
	}
	if err != nil {
		k.log.Error("an experiment could not be written down and does not change", "experiment", s.ID, "what", what, "error", err)
		return err
	}
	if n := len(k.experiments); n > 0 && k.experiments[n-1].ID == s.ID {
		k.experiments[n-1] = s
	} else {
		k.experiments = append(k.experiments, s)
	}
	return nil
}
