package backtest

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// The limits of the log lines of a window. Longer lines are cut, as live.
const (
	linesPerWindow = 256
	longestLine    = 64 << 10
)

// lineSpacing is the time between two lines: a log that is read from a file
// says when it was written only in its text, which is the detector's business.
const lineSpacing = time.Millisecond

// Lines reads a log and writes template_id,anomaly_score for each line. The
// detector answers each line with an anomaly of the kind "score" whose signal is
// the number of the line's template; both are empty for a line without.
func Lines(ctx context.Context, o Options, in Input) error {
	plain, err := text(in.Name, in)
	if err != nil {
		return err
	}
	out := csv.NewWriter(o.Out)
	if err := out.Write([]string{"template_id", ScoreColumn}); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	run := &logRun{
		name: in.Name, in: plain, out: out, wrong: &problems{errs: o.Errs}, progress: o.progress("lines"),
		asker: &asker{detector: o.Detector, ledger: newLedger()}, at: beginning,
	}
	err = run.all(ctx)
	out.Flush()
	if err := errors.Join(err, out.Error()); err != nil {
		return err
	}
	run.progress.end(run.asker.ledger.begun, run.wrong)
	return nil
}

type logRun struct {
	name     string
	in       *bufio.Reader
	out      *csv.Writer
	wrong    *problems
	progress *progress
	asker    *asker
	at       time.Time
	read     int
}

func (r *logRun) all(ctx context.Context) error {
	for {
		start := r.at
		batch, err := r.batch()
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read %s, line %d: %w", r.name, r.read+1, err)
		}
		if len(batch) > 0 {
			if err := r.window(ctx, start, batch); err != nil {
				return err
			}
			r.progress.step(len(batch))
			r.out.Flush()
		}
		if err != nil {
			return nil
		}
	}
}

// batch reads the lines of one window.
func (r *logRun) batch() ([]sdk.LogLine, error) {
	var out []sdk.LogLine
	for len(out) < linesPerWindow {
		line, cut, err := r.line()
		if err != nil && line == "" {
			return out, err
		}
		r.read++
		r.at = r.at.Add(lineSpacing)
		clean := strings.ToValidUTF8(line, "\uFFFD")
		out = append(out, sdk.LogLine{Time: r.at, Component: Component, Source: r.name, Text: clean, Truncated: cut})
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// line reads a line without its end and cuts it where it is too long.
func (r *logRun) line() (string, bool, error) {
	var line []byte
	cut := false
	for {
		part, err := r.in.ReadSlice('\n')
		room := longestLine - len(line)
		cut = cut || len(strings.TrimRight(string(part), "\r\n")) > room
		line = append(line, part[:min(len(part), room)]...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			return string(line), cut, err
		}
		return strings.TrimRight(string(line), "\r\n"), cut, nil
	}
}

func (r *logRun) window(ctx context.Context, start time.Time, batch []sdk.LogLine) error {
	w := sdk.Window{
		Component: Component, Reason: sdk.ReasonHistory, Start: start, End: r.at, Logs: batch,
		Status: sdk.ComponentStatus{Name: Component, Kind: "command", State: sdk.StateUp, Generation: 1},
	}
	found, err := r.asker.detector.Detect(ctx, w)
	if err != nil && !errors.Is(err, sdk.ErrNotReady) {
		r.wrong.tell(&rowError{r.name, r.read, err.Error()})
		r.asker.blind++
		if r.asker.givenUp(ctx) {
			return fmt.Errorf("%s, line %d: the detector cannot judge, the run ends: %w", r.name, r.read, err)
		}
	}
	r.asker.ledger.take(w, found)
	for _, cells := range answers(batch, found) {
		if err := r.out.Write(cells); err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
	}
	return nil
}

// answers finds the answer to each line by its time.
func answers(batch []sdk.LogLine, found []sdk.Anomaly) [][]string {
	byTime := map[int64]sdk.Anomaly{}
	for _, a := range found {
		if a.Kind == sdk.AnomalyScore {
			byTime[a.Start.UnixMilli()] = a
		}
	}
	out := make([][]string, 0, len(batch))
	for _, line := range batch {
		cells := []string{"", ""}
		if a, answered := byTime[line.Time.UnixMilli()]; answered {
			cells[0], cells[1] = a.Signal, strconv.FormatFloat(a.Score, 'f', 6, 64)
		}
		out = append(out, cells)
	}
	return out
}
