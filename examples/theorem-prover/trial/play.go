package trial

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Row is what came of one fault. Rates are proofs a minute.
type Row struct {
	Fault string `json:"fault"`
	Shows string `json:"shows"`
	// Healer and Action are who acted, and how.
	Healer string `json:"healer"`
	Action string `json:"action"`
	// Seconds is how long it took from the harm to its end.
	Seconds float64 `json:"seconds"`
	Before  float64 `json:"before"`
	During  float64 `json:"during"`
	After   float64 `json:"after"`
	// Wrong says what was not as it should be.
	Wrong []string `json:"wrong"`
	// Evolved is of the fault drift alone.
	Evolved *Evolved `json:"evolved,omitempty"`
}

// scene is one fault under way.
type scene struct {
	*stage
	fault    Fault
	row      *Row
	injected mark
	pushed   chan string
}

const (
	// look is for how long proofs are counted before a fault and after it.
	look = 10 * time.Second
	// enough is the share of the rate before that must be there after. Both are
	// measured on a machine that may be doing other things, so it is far from 1: on
	// one with ten times as much to do as processors it was .5 where nothing was wrong.
	enough = 0.33
)

// Run plays the faults and returns what came of them. An error says that they
// could not be played.
func Run(ctx context.Context, o Options, faults []Fault) ([]Row, error) {
	var rows []Row
	var shared []Fault
	for _, f := range faults {
		if !f.fresh {
			shared = append(shared, f)
		}
	}
	if len(shared) > 0 {
		played, err := runOn(ctx, o, "shared", "", shared)
		if err != nil {
			return played, err
		}
		rows = played
	}
	for _, f := range faults {
		if !f.fresh {
			continue
		}
		line, err := model(o.Bin)
		if err != nil {
			return rows, err
		}
		played, err := runOn(ctx, o, f.Name, line, []Fault{f})
		if err == nil {
			err = compare(ctx, o, &played[0])
		}
		rows = append(rows, played...)
		if err != nil {
			return rows, err
		}
	}
	return rows, nil
}

// runOn plays faults on one stage.
func runOn(ctx context.Context, o Options, name, model string, faults []Fault) (rows []Row, err error) {
	s, err := open(ctx, o, name, model)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if model != "" {
		if err := s.searched(ctx); err != nil {
			return nil, err
		}
	}
	sleep(ctx, look/2) // the first proofs of a cold machine are slow
	for _, f := range faults {
		if ctx.Err() != nil {
			return rows, ctx.Err()
		}
		rows = append(rows, s.play(ctx, f))
	}
	return rows, nil
}

// play breaks the engine in one way and counts.
func (s *stage) play(ctx context.Context, f Fault) Row {
	row := Row{Fault: f.Name, Shows: f.Shows, Healer: f.healer, Wrong: []string{}}
	sc := &scene{stage: s, fault: f, row: &row}
	s.opt.Say(fmt.Sprintf("%-14s %s", f.Name, f.Shows))
	if err := sc.count(ctx); err != nil {
		row.Wrong = append(row.Wrong, err.Error())
	} else if row.After < enough*row.Before {
		row.Wrong = append(row.Wrong, fmt.Sprintf("%.0f proofs a minute afterwards, %.0f before; want a third of them at least", row.After, row.Before))
	}
	s.opt.Say(fmt.Sprintf("%-14s %s", "", ending(row)))
	return row
}

// count measures before, during and after.
func (sc *scene) count(ctx context.Context) error {
	begun := sc.tally.mark()
	sleep(ctx, look)
	before := sc.tally.mark()
	sc.row.Before = begun.until(before)
	sc.injected = before
	healing, cancel := context.WithTimeout(ctx, healTime)
	defer cancel()
	if err := sc.fault.inflict(healing, sc); err != nil {
		return err
	}
	if err := sc.fault.heal(healing, sc); err != nil {
		return err
	}
	healed := sc.tally.mark()
	sc.row.During, sc.row.Seconds = sc.injected.until(healed), healed.at.Sub(sc.injected.at).Seconds()
	warm := sc.warm(ctx)
	sleep(ctx, look)
	sc.row.After = warm.until(sc.tally.mark())
	settling, done := context.WithTimeout(ctx, settleTime)
	defer done()
	return sc.fault.settle(settling, sc)
}

// warm waits until the engine proves again, for a process that has just been
// started has to open its files first.
func (sc *scene) warm(ctx context.Context) mark {
	from := sc.tally.mark()
	limit, cancel := context.WithTimeout(ctx, look)
	defer cancel()
	_ = until(limit, "the first proof", func() (bool, error) { return sc.tally.mark().total > from.total, nil }) // none is counted as none
	return sc.tally.mark()
}

func ending(r Row) string {
	if len(r.Wrong) == 0 {
		return fmt.Sprintf("healed by %s after %.1f s: %s", r.Healer, r.Seconds, r.Action)
	}
	return "WENT WRONG: " + fmt.Sprint(r.Wrong)
}
