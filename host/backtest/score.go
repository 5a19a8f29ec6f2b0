package backtest

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// Input is a named stream of data.
type Input struct {
	Name string
	io.Reader
}

// Labels say which rows are anomalous; nil for unknown. Next is asked once for
// each row that has a score.
type Labels interface {
	Next(line int) (bool, error)
}

// Score copies a table and adds a score from 0 to 1 and 0 or 1 for an open
// anomaly to each row. Rows that cannot be read are told and left out; where the
// detector was blind both are empty. With labels, or with a column of them, the
// figures are written to Errs at the end.
func Score(ctx context.Context, o Options, in Input, labels Labels) error {
	t, err := openTable(in.Name, in, o.Form)
	if err != nil {
		return err
	}
	out := csv.NewWriter(o.Out)
	if !o.Form.Headless {
		if err := out.Write(append(t.names, ScoreColumn, AnomalyColumn)); err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
	}
	run := &scoring{
		table: t, out: out, labels: labels, maker: newMaker(t, o.LookBack), wrong: &problems{errs: o.Errs},
		asker: &asker{detector: o.Detector, ledger: newLedger()}, progress: o.progress("rows"),
	}
	if err := run.all(ctx); err != nil {
		out.Flush()
		return err
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	run.progress.end(run.asker.ledger.begun, run.wrong)
	if labels != nil || t.label >= 0 {
		run.figures.Write(o.Errs)
	}
	return nil
}

// scoring is a run over a table.
type scoring struct {
	table    *table
	out      *csv.Writer
	labels   Labels
	maker    *maker
	wrong    *problems
	asker    *asker
	progress *progress
	figures  Figures
}

// flushEvery is after how many rows the result is passed on.
const flushEvery = 256

func (s *scoring) all(ctx context.Context) error {
	for {
		r, err := s.table.next()
		var bad *rowError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &bad):
			s.wrong.tell(bad)
		case err != nil:
			return err
		}
		if r.time.IsZero() {
			if s.labels != nil {
				if _, err := s.labels.Next(r.line); err != nil {
					return err
				}
			}
			continue
		}
		if r.number == 1 && !r.time.After(s.table.form.After) {
			s.wrong.tell(&rowError{s.table.name, r.line, fmt.Sprintf("the time %s is not after the end of the training, %s", r.time.Format(time.RFC3339), s.table.form.After.Format(time.RFC3339))})
		}
		if err := s.row(ctx, r); err != nil {
			return err
		}
		s.progress.step(1)
		if s.progress.count%flushEvery == 0 {
			s.out.Flush()
		}
	}
}

func (s *scoring) row(ctx context.Context, r tableRow) error {
	v, err := s.asker.ask(ctx, s.maker.window(r))
	if err != nil {
		s.wrong.tell(&rowError{s.table.name, r.line, err.Error()})
		if s.asker.givenUp(ctx) {
			return fmt.Errorf("%s, line %d: the detector cannot judge, the run ends: %w", s.table.name, r.line, err)
		}
	}
	cells := append(r.cells, "", "")
	if v.known {
		cells[len(r.cells)] = strconv.FormatFloat(v.score, 'f', 6, 64)
		cells[len(r.cells)+1] = map[bool]string{false: "0", true: "1"}[v.open]
	}
	if err := s.label(r, v); err != nil {
		return err
	}
	if err := s.out.Write(cells); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

func (s *scoring) label(r tableRow, v verdict) error {
	anomalous := r.label
	if s.labels != nil {
		var err error
		if anomalous, err = s.labels.Next(r.line); err != nil {
			return err
		}
	}
	if (s.labels != nil || s.table.label >= 0) && v.known {
		s.figures.Add(Judged{Time: r.time, Score: v.score, Alarm: v.open, Anomalous: anomalous})
	}
	return nil
}

// trainSamples is about how many samples are trained with at once: a message to
// a detector has at most 16 MiB.
const trainSamples = 100_000

// Train shows a detector a table of usual behavior before a run. It returns the
// time of the last row: a table without times goes on from there.
func Train(ctx context.Context, o Options, in Input) (time.Time, error) {
	t, err := openTable(in.Name, in, o.Form)
	if err != nil {
		return time.Time{}, err
	}
	m, wrong, p := newMaker(t, 0), &problems{errs: o.Errs}, o.progress("rows of training")
	var windows []sdk.Window
	for {
		r, err := t.next()
		var bad *rowError
		if err != nil && !errors.Is(err, io.EOF) && !errors.As(err, &bad) {
			return time.Time{}, err
		}
		if bad != nil {
			wrong.tell(bad)
		}
		if !r.time.IsZero() {
			windows = append(windows, m.window(r))
		}
		ended := errors.Is(err, io.EOF)
		if ended || len(windows)*len(m.series) >= trainSamples {
			if err := TrainWindows(ctx, o.Detector, windows); err != nil {
				return time.Time{}, err
			}
			p.step(len(windows))
			windows = nil
		}
		if ended {
			p.end(0, wrong)
			return t.last, nil
		}
	}
}

// TrainWindows trains a detector; one that does not train sees the windows.
func TrainWindows(ctx context.Context, d Detector, windows []sdk.Window) error {
	if len(windows) == 0 {
		return nil
	}
	err := d.Train(ctx, windows)
	if err == nil {
		return nil
	}
	if !errors.Is(err, ErrUntrained) {
		return fmt.Errorf("train the detector: %w", err)
	}
	for _, w := range windows {
		if _, err := d.Detect(ctx, w); err != nil && !errors.Is(err, sdk.ErrNotReady) {
			return fmt.Errorf("show the training to the detector: %w", err)
		}
	}
	return nil
}
