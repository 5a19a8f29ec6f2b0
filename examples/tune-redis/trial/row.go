package trial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/homeostat/homeostat/examples/harness/daemon"
	"github.com/homeostat/homeostat/examples/tune-redis/guess"
	"github.com/homeostat/homeostat/examples/tune-redis/load"
)

// Row is what became of one way.
type Row struct {
	Way string `json:"way"`
	// Streams is how many streams were added up; see Sum.
	Streams int `json:"streams"`
	// Downtime is how many seconds the users were not well, of Seconds.
	Downtime int `json:"downtime_s"`
	Seconds  int `json:"seconds"`
	// Trials are remedies that were tried on the users, Healed those of them that
	// ended an incident. Evaluations are settings that were tried on the model.
	Trials      int `json:"live_trials"`
	Healed      int `json:"healed"`
	Evaluations int `json:"sandbox_evaluations"`
	// Outside are trials with a value beyond the declared set, Broke those under
	// which more requests failed than is allowed.
	Outside int `json:"outside_the_declared_set"`
	Broke   int `json:"broke_the_error_limit"`
	// Before, During and After are the median 99th percentiles, in milliseconds:
	// before the first drift, in the first seconds of each, and in its last.
	Before float64 `json:"p99_before_ms"`
	During float64 `json:"p99_during_ms"`
	After  float64 `json:"p99_after_ms"`
	// Drifts are what each drift has cost.
	Drifts []Cost `json:"drifts"`
	// Judged are the settings that were in force for long enough to tell.
	Judged []Judged `json:"judged"`
	// Timeline is one entry for each second.
	Timeline []Second `json:"timeline"`
}

// Second is one second of the stream.
type Second struct {
	Phase string  `json:"phase"`
	P99   float64 `json:"p99_ms"`
	Hits  float64 `json:"hit_ratio"`
	// Wrong says what was wrong for the users; empty when nothing was.
	Wrong string `json:"wrong,omitempty"`
}

// Violations are all trials that should never have been.
func (r Row) Violations() int { return r.Outside + r.Broke }

// ShortestDrift is long enough for a beginning and an end.
const ShortestDrift = 2 * edge

// edge is how much of a drift counts as its beginning, and as its end.
const edge = 4 * time.Second

// row counts.
func (t *trial) row(ctx context.Context, w *watcher) (Row, error) {
	r := t.figures(w)
	all, err := t.daemon.Recoveries(ctx)
	if err != nil {
		return r, err
	}
	t.tell(&r, all)
	r.Drifts = costs(w.samples, all)
	return r, nil
}

// figures are those that the watcher has seen.
func (t *trial) figures(w *watcher) Row {
	r := Row{Way: t.way, Seconds: len(w.samples)}
	var before, during, after []load.Figures
	first := true
	for _, s := range w.samples {
		if s.wrong != "" {
			r.Downtime++
		}
		r.Timeline = append(r.Timeline, Second{s.phase.name, millis(s.figures.P99), s.figures.HitRatio(), s.wrong})
		since := s.at.Sub(s.phase.from)
		first = first && !s.phase.drifted
		switch {
		case first:
			before = append(before, s.figures)
		case !s.phase.drifted || since < load.Moment:
		case since <= edge:
			during = append(during, s.figures)
		case since > t.Drift-edge:
			after = append(after, s.figures)
		}
	}
	r.Before, r.During, r.After = middle(before), middle(during), middle(after)
	r.count(w.settings)
	r.Judged = judged(w.settings)
	return r
}

// healed is the result of a recovery that counts.
const healed = "healed"

// tell counts what homeostat did, and says it.
func (t *trial) tell(r *Row, all []daemon.Recovery) {
	for _, one := range slices.Backward(all) {
		if one.ActedAt == nil && one.Result == "aborted" {
			continue
		}
		r.Trials++
		if one.Result == healed {
			r.Healed++
		}
		t.Say(fmt.Sprintf("%s: %s: %s", t.way, one.Actions(), one.Result))
	}
}

// middle is the median of the 99th percentiles, in milliseconds.
func middle(list []load.Figures) float64 {
	if len(list) == 0 {
		return 0
	}
	all := make([]time.Duration, len(list))
	for i, f := range list {
		all[i] = f.P99
	}
	slices.Sort(all)
	return millis(all[len(all)/2])
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// count judges each setting once, by the first time that it was in force. The
// first is what the service was set up with, and what a person has edited is not
// the way's to answer for.
func (r *Row) count(all []setting) {
	seen := map[string]bool{}
	for i, s := range all {
		text := s.settings.String()
		if seen[text] || i == 0 || s.byHand {
			seen[text] = true
			continue
		}
		seen[text] = true
		if len(s.settings.Outside()) > 0 {
			r.Outside++
		}
		if s.figures.Errors() > limits.Errors {
			r.Broke++
		}
	}
}

// busy reports that downtimes tell of the machine and not of settings: those that are
// known to help left the users unwell for most of the time.
func busy(rows []Row) error {
	for _, r := range rows {
		if r.Way == guess.Known && 2*r.Downtime > r.Seconds {
			return fmt.Errorf("no verdict on downtimes: with the settings that are known to help it was %d of %d s, so this machine is too busy", r.Downtime, r.Seconds)
		}
	}
	return nil
}

// Judge returns which bars are missed: the rules and the genetic search never
// leave the declared set nor break the error limit, and both cost the users no
// more than the runbook, where that was tried too. Where the machine was too busy to
// tell, that is what is missed.
func Judge(rows []Row) error {
	tooBusy := busy(rows)
	missed := []error{tooBusy}
	for _, r := range rows {
		if bounded[r.Way] && r.Violations() > 0 {
			missed = append(missed, fmt.Errorf("%s: %d settings outside the declared set and %d that broke the error limit, want none", r.Way, r.Outside, r.Broke))
		}
		at := slices.IndexFunc(rows, func(o Row) bool { return o.Way == guess.Runbook })
		if bounded[r.Way] && at >= 0 && tooBusy == nil && r.Downtime > rows[at].Downtime {
			missed = append(missed, fmt.Errorf("%s: %d s of downtime, the runbook had %d", r.Way, r.Downtime, rows[at].Downtime))
		}
	}
	return errors.Join(missed...)
}
