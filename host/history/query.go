package history

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/history/chunk"
	"github.com/homeostat/homeostat/host/history/database"
	"github.com/homeostat/homeostat/host/history/row"
	"github.com/homeostat/homeostat/sdk"
)

// Query chooses samples. From and To are both included.
type Query struct {
	Component string
	// Name is a signal's name; empty chooses all of the component.
	Name     string
	From, To time.Time
}

// stored is one row of the table series.
type stored struct {
	id     int64
	series sdk.Series
}

// Series returns the samples of the chosen signals, ordered by name and time.
// Signals without samples in that time are left out.
func (m *Metrics) Series(ctx context.Context, q Query) ([]sdk.Series, error) {
	var out []sdk.Series
	err := m.use(ctx, func(f *database.File) (err error) {
		out, err = m.query(ctx, f, q)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("query signals of %s: %w", q.Component, err)
	}
	return out, nil
}

// Signals returns which signals of a component were ever stored, without
// samples, ordered by name.
func (m *Metrics) Signals(ctx context.Context, component string) ([]sdk.Series, error) {
	var out []sdk.Series
	err := m.use(ctx, func(f *database.File) error {
		tx, err := f.Read.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		all, err := describe(ctx, tx, Query{Component: component})
		for _, s := range all {
			out = append(out, s.series)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list signals of %s: %w", component, err)
	}
	slices.SortFunc(out, byName)
	return out, nil
}

func (m *Metrics) query(ctx context.Context, f *database.File, q Query) ([]sdk.Series, error) {
	tx, err := f.Read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // one snapshot: no sample is missed or doubled between tail and chunks
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	all, err := describe(ctx, tx, q)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	span := span{q.From.UnixMilli(), q.To.UnixMilli()}
	for _, s := range all {
		if err := m.readChunks(ctx, tx, s, span); err != nil {
			return nil, err
		}
	}
	if err := m.readTail(ctx, tx, all, span); err != nil {
		return nil, err
	}
	out := make([]sdk.Series, 0, len(all))
	for _, s := range all {
		if len(s.series.Times) > 0 {
			sortByTime(&s.series)
			out = append(out, s.series)
		}
	}
	slices.SortFunc(out, byName)
	return out, nil
}

// describe returns the chosen series without samples, by number.
func describe(ctx context.Context, tx *sql.Tx, q Query) (map[int64]*stored, error) {
	query, args := "SELECT id, component, name, unit, kind, low, high FROM series WHERE component = ?", []any{q.Component}
	if q.Name != "" {
		query, args = query+" AND name = ?", append(args, q.Name)
	}
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[int64]*stored{}
	for rows.Next() {
		s := &stored{}
		var low, high sql.NullFloat64
		if err := rows.Scan(&s.id, &s.series.Component, &s.series.Name, &s.series.Unit, &s.series.Kind, &low, &high); err != nil {
			return nil, err
		}
		if low.Valid && high.Valid {
			s.series.Range = &sdk.Range{Min: low.Float64, Max: high.Float64}
		}
		out[s.id] = s
	}
	return out, rows.Err()
}

func (m *Metrics) readChunks(ctx context.Context, tx *sql.Tx, s *stored, in span) error {
	rows, err := tx.QueryContext(ctx, `SELECT c.n, t.body, c.body FROM chunks c JOIN times t ON t.id = c.times
		WHERE c.series = ? AND c.start <= ? AND c.end >= ? ORDER BY c.start`, s.id, in.to, in.from)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var n int
		var times, values []byte
		if err := rows.Scan(&n, &times, &values); err != nil {
			return err
		}
		at, err := chunk.UnpackTimes(times, n)
		v, failed := chunk.UnpackValues(values, n)
		if err := errors.Join(err, failed); err != nil {
			m.log.Warn("a chunk of samples cannot be read and is left out", "signal", s.series.Name, "error", err)
			continue
		}
		s.add(samples{at, v}, in)
	}
	return rows.Err()
}

func (m *Metrics) readTail(ctx context.Context, tx *sql.Tx, all map[int64]*stored, in span) error {
	rows, err := tx.QueryContext(ctx, "SELECT body FROM tail WHERE start <= ? AND end >= ? ORDER BY seq", in.to, in.from)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return err
		}
		err := row.Read(body, func(series int64, times []int64, values []float64) {
			if s := all[series]; s != nil {
				s.add(samples{times, values}, in)
			}
		})
		if err != nil {
			m.log.Warn("a row of samples cannot be read and is left out", "error", err)
		}
	}
	return rows.Err()
}

// span is a stretch of time in Unix milliseconds, both ends included.
type span struct{ from, to int64 }

// add appends the samples in a stretch of time.
func (s *stored) add(more samples, in span) {
	for i, at := range more.times {
		if at >= in.from && at <= in.to {
			s.series.Times = append(s.series.Times, at)
			s.series.Values = append(s.series.Values, more.values[i])
		}
	}
}

// sortByTime puts samples in order: after a step of the wall clock they may not
// be.
func sortByTime(s *sdk.Series) {
	if slices.IsSorted(s.Times) {
		return
	}
	order := make([]int, len(s.Times))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s.Times[a], s.Times[b]) })
	times, values := make([]int64, len(order)), make([]float64, len(order))
	for i, from := range order {
		times[i], values[i] = s.Times[from], s.Values[from]
	}
	s.Times, s.Values = times, values
}

// Bucket sums up the samples of one stretch of time.
type Bucket struct {
	Start          time.Time
	Min, Max, Mean float64
	Count          int
}

// Downsample sums up the samples of a series in buckets of the given width,
// which is at least a millisecond. Buckets start at multiples of the width;
// empty ones are left out.
func Downsample(s sdk.Series, width time.Duration) []Bucket {
	step := max(width.Milliseconds(), 1)
	var out []Bucket
	for i, at := range s.Times {
		start := time.UnixMilli(int64(math.Floor(float64(at)/float64(step))) * step)
		if n := len(out); n == 0 || !out[n-1].Start.Equal(start) {
			out = append(out, Bucket{Start: start, Min: s.Values[i], Max: s.Values[i]})
		}
		b := &out[len(out)-1]
		v := s.Values[i]
		b.Min, b.Max = min(b.Min, v), max(b.Max, v)
		b.Count++
		b.Mean += (v - b.Mean) / float64(b.Count)
	}
	return out
}
