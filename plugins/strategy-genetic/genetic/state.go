package genetic

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/homeostat/homeostat/plugins/internal/evolve"
	"github.com/homeostat/homeostat/plugins/internal/evolve/arms"
	"github.com/homeostat/homeostat/plugins/internal/evolve/population"
	"github.com/homeostat/homeostat/sdk"
)

// saved is the whole state.
type saved struct {
	Rand    *evolve.Source   `json:"rand"`
	Clock   uint64           `json:"clock"`
	Records []*record        `json:"records"`
	Trials  map[string]trial `json:"trials"`
}

// SaveState writes all populations into one sealed envelope. Where that is more
// than the host keeps, the searches used longest ago go first, then what is known
// of them: live evidence is dearer than what can be searched again.
func (s *Strategy) SaveState() ([]byte, error) {
	out := saved{Rand: s.rand, Clock: s.clock, Trials: s.trials}
	for _, key := range slices.Sorted(maps.Keys(s.records)) {
		r := *s.records[key]
		if r.search != nil {
			var err error
			if r.Saved, err = json.Marshal(r.search); err != nil {
				return nil, fmt.Errorf("save the population of %s: %w", r.Component, err)
			}
		}
		out.Records = append(out.Records, &r)
	}
	slices.SortStableFunc(out.Records, func(a, b *record) int { return int(int64(b.Used) - int64(a.Used)) })
	for last := len(out.Records) - 1; ; {
		text, err := json.Marshal(out)
		if err != nil {
			return nil, fmt.Errorf("save the populations: %w", err)
		}
		if sealed := population.Seal(text); len(sealed) <= sdk.MaxState {
			return sealed, nil
		}
		switch {
		case last >= 0:
			out.Records[last].Saved = nil
			last--
		case len(out.Records) > 0:
			out.Records = out.Records[:len(out.Records)-1]
		default:
			return nil, errors.New("save the populations: not even the trials fit")
		}
	}
}

// LoadState reads what SaveState wrote. The searches are read when the parameters
// that they are for are known.
func (s *Strategy) LoadState(state []byte) error {
	content, err := population.Open(state)
	if err != nil {
		return err
	}
	var in saved
	if err := json.Unmarshal(content, &in); err != nil {
		return fmt.Errorf("%w: %w", population.ErrDamaged, err)
	}
	if !in.Rand.Usable() || len(in.Records) > mostRecords || len(in.Trials) > mostTrials {
		return fmt.Errorf("%w: its parts are out of range", population.ErrDamaged)
	}
	records := map[string]*record{}
	for _, r := range in.Records {
		if err := r.check(); err != nil {
			return err
		}
		records[r.key()] = r
	}
	if in.Trials == nil {
		in.Trials = map[string]trial{}
	}
	s.rand, s.clock, s.records, s.trials = in.Rand, in.Clock, records, in.Trials
	return nil
}

// check reports a record that was not written by SaveState.
func (r *record) check() error {
	if r == nil || r.Component == "" || len(r.Tables) > mostTables || len(r.Present) > sdk.MaxParameters {
		return fmt.Errorf("%w: a record is out of range", population.ErrDamaged)
	}
	if r.Tables == nil {
		r.Tables = map[string]*arms.Table{}
	}
	for _, t := range r.Tables {
		if t == nil {
			return fmt.Errorf("%w: a table of %s is missing", population.ErrDamaged, r.Component)
		}
		if err := t.Check(); err != nil {
			return fmt.Errorf("%w: %s: %w", population.ErrDamaged, r.Component, err)
		}
	}
	return nil
}

// explainTables tells what live trials said, by signature.
func (r *record) explainTables(text *strings.Builder) {
	for _, signature := range slices.Sorted(maps.Keys(r.Tables)) {
		t := r.Tables[signature]
		trials, promoted := 0, 0
		for _, a := range t.Arms {
			trials += len(a.Costs)
			if a.Promoted {
				promoted++
			}
		}
		fmt.Fprintf(text, " %s: %d settings, %d live trials, %d proven better than the default.", signature, len(t.Arms), trials, promoted)
		if trusted, correlation := t.Trust(); !trusted {
			fmt.Fprintf(text, " Its model is not listened to: the rank correlation with live outcomes is %.2f.", correlation)
		}
	}
}
