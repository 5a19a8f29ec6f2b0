// Package backtest hands recorded data to a detector, in the windows in which it
// would have seen it live, and says how unusual each row was.
//
// It owns the reading of tables and logs, the windows made from them, what is
// written about each row, and the figures against labels. It does not start
// detectors, and knows no component of the configuration. All is streamed: the
// memory does not grow with the input, apart from labels, and apart from the
// ranking. A run is used from one goroutine.
package backtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// Detector is the detector under test.
type Detector interface {
	Detect(ctx context.Context, w sdk.Window) ([]sdk.Anomaly, error)
	// Train returns ErrUntrained when the detector only learns as it goes.
	Train(ctx context.Context, history []sdk.Window) error
}

// ErrUntrained means that a detector does not train: it is shown the training
// data as windows instead.
var ErrUntrained = errors.New("the detector does not train")

// Options are what a run needs.
type Options struct {
	Detector Detector
	// LookBack is how much of the past the detector wants with each window.
	LookBack time.Duration
	Form     Form
	// Out gets the result, Errs problems with the input, progress and figures.
	Out, Errs io.Writer
	// Clock is the wall clock, for progress.
	Clock func() time.Time
}

// Component is the name of the component that the columns of a table belong to.
const Component = "input"

// Columns that a run adds to a table.
const (
	ScoreColumn   = "anomaly_score"
	AnomalyColumn = "anomaly"
)

// mostProblems is how many problems of an input are told one by one.
const mostProblems = 20

// problems counts what is wrong with an input and tells the first ones.
type problems struct {
	errs  io.Writer
	count int
}

func (p *problems) tell(err error) {
	p.count++
	if p.count <= mostProblems {
		fmt.Fprintf(p.errs, "backtest: %v\n", err)
	}
	if p.count == mostProblems {
		fmt.Fprintln(p.errs, "backtest: more problems are only counted")
	}
}

// progress tells how far a run is, every few seconds.
type progress struct {
	errs        io.Writer
	clock       func() time.Time
	began, next time.Time
	unit        string
	count       int
}

// progressEvery is the pause between two reports.
const progressEvery = 5 * time.Second

func (o Options) progress(unit string) *progress {
	now := o.Clock()
	return &progress{errs: o.Errs, clock: o.Clock, began: now, next: now.Add(progressEvery), unit: unit}
}

func (p *progress) step(n int) {
	p.count += n
	now := p.clock()
	if now.Before(p.next) {
		return
	}
	p.next = now.Add(progressEvery)
	fmt.Fprintf(p.errs, "backtest: %d %s, %.0f a second\n", p.count, p.unit, float64(p.count)/now.Sub(p.began).Seconds())
}

func (p *progress) end(anomalies int, wrong *problems) {
	fmt.Fprintf(p.errs, "backtest: %d %s in %.1f s, %d anomalies, %d problems\n",
		p.count, p.unit, p.clock().Sub(p.began).Seconds(), anomalies, wrong.count)
}

// verdict is what a detector said of one row.
type verdict struct {
	score float64
	open  bool
	// signal is what the score is about; detectors of logs put the number of the
	// line's template there.
	signal string
	known  bool
}

// ledger keeps the anomalies that are open, as the daemon does.
type ledger struct {
	open  map[string]time.Time // until when, by id
	begun int
}

// defaultTTL is how many windows an anomaly without a TTL stands.
const defaultTTL = 3

// take notes the answer to a window and returns the verdict on its end.
func (l *ledger) take(w sdk.Window, found []sdk.Anomaly) verdict {
	v := verdict{known: true}
	scored := false
	for _, a := range found {
		switch {
		case a.Kind == sdk.AnomalyScore:
			v.score, v.signal, scored = max(a.Score, 0), a.Signal, true
		case a.Ended:
			delete(l.open, a.ID())
		default:
			l.report(w, a)
			if !scored {
				v.score = max(v.score, a.Score)
			}
		}
	}
	for id, until := range l.open {
		if until.Before(w.End) {
			delete(l.open, id)
		}
	}
	v.open = len(l.open) > 0
	return v
}

func (l *ledger) report(w sdk.Window, a sdk.Anomaly) {
	if _, old := l.open[a.ID()]; !old {
		l.begun++
	}
	ttl := a.TTL
	if ttl == 0 {
		ttl = defaultTTL * w.End.Sub(w.Start)
	}
	l.open[a.ID()] = w.End.Add(ttl)
}

func newLedger() *ledger { return &ledger{open: map[string]time.Time{}} }

// mostBlind is how many windows in a row may fail before the run ends.
const mostBlind = 10

// asker hands windows over and ends the run when the detector stays blind.
type asker struct {
	detector Detector
	ledger   *ledger
	blind    int
}

// ask returns the verdict on a window; one that is not known means that the
// detector could not judge, and the error why.
func (a *asker) ask(ctx context.Context, w sdk.Window) (verdict, error) {
	found, err := a.detector.Detect(ctx, w)
	switch {
	case errors.Is(err, sdk.ErrNotReady):
		a.blind = 0
		return a.ledger.take(w, nil), nil
	case err == nil:
		a.blind = 0
		return a.ledger.take(w, found), nil
	}
	a.blind++
	return verdict{}, err
}

// given up reports whether the run has to end.
func (a *asker) givenUp(ctx context.Context) bool { return a.blind >= mostBlind || ctx.Err() != nil }
