package history

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/history/chunk"
	"github.com/homeostat/homeostat/host/history/database"
	"github.com/homeostat/homeostat/host/history/row"
)

// packAtOnce is how many series are packed in one pass over the tail. It bounds
// the memory: 256 series of an hour at 1 Hz are about 15 MB.
const packAtOnce = 256

// pack turns the rows of hours that are over into chunks, and removes what is
// too old. It is called after each append and does nothing within an hour.
func (m *Metrics) pack(ctx context.Context, f *database.File, now int64) error {
	hour := hourOf(now)
	if hour <= m.packed {
		return nil
	}
	if err := m.packBefore(ctx, f, hour); err != nil {
		return fmt.Errorf("pack signals up to %d: %w", hour, err)
	}
	if err := m.expire(ctx, f, now-m.keep.Milliseconds()); err != nil {
		return fmt.Errorf("expire signals: %w", err)
	}
	m.packed = hour
	return nil
}

// packBefore packs all rows that begin before an instant, in one transaction,
// so that every sample is either in the tail or in a chunk at any moment.
func (m *Metrics) packBefore(ctx context.Context, f *database.File, before int64) error {
	return f.Transact(ctx, func(tx *sql.Tx) error {
		var last int64
		if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(id), 0) FROM series").Scan(&last); err != nil {
			return err
		}
		p := packer{tx: tx, log: m.log, before: before, columns: map[uint64]storedColumn{}}
		for from := int64(1); from <= last; from += packAtOnce {
			if err := p.pass(ctx, from, from+packAtOnce); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM tail WHERE start < ?", before)
		return err
	})
}

// packer packs the tail within one transaction.
type packer struct {
	tx      *sql.Tx
	log     hclog.Logger
	before  int64
	columns map[uint64]storedColumn
}

type storedColumn struct {
	id    int64
	times []int64
}

type samples struct {
	times  []int64
	values []float64
}

// pass packs the series whose numbers are in [from, to).
func (p *packer) pass(ctx context.Context, from, to int64) error {
	got := map[int64]*samples{}
	rows, err := p.tx.QueryContext(ctx, "SELECT body FROM tail WHERE start < ? ORDER BY seq", p.before)
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
			if series < from || series >= to {
				return
			}
			s := got[series]
			if s == nil {
				s = &samples{}
				got[series] = s
			}
			s.times, s.values = append(s.times, times...), append(s.values, values...)
		})
		if err != nil {
			p.log.Warn("a row of samples cannot be read and is left out", "error", err)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, series := range sortedKeys(got) {
		if err := p.store(ctx, series, got[series]); err != nil {
			return err
		}
	}
	return nil
}

func sortedKeys(m map[int64]*samples) []int64 {
	keys := make([]int64, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// store writes the chunks of one series, normally one.
func (p *packer) store(ctx context.Context, series int64, s *samples) error {
	for len(s.times) > 0 {
		n := min(len(s.times), chunk.MaxSamples)
		column, err := p.column(ctx, s.times[:n])
		if err != nil {
			return err
		}
		_, err = p.tx.ExecContext(ctx, "INSERT INTO chunks (series, start, end, n, times, body) VALUES (?, ?, ?, ?, ?, ?)",
			series, slices.Min(s.times[:n]), slices.Max(s.times[:n]), n, column, chunk.PackValues(s.values[:n]))
		if err != nil {
			return err
		}
		s.times, s.values = s.times[n:], s.values[n:]
	}
	return nil
}

// column stores a column of times, once for all series that share it.
func (p *packer) column(ctx context.Context, times []int64) (int64, error) {
	key := row.Hash(times)
	if have, ok := p.columns[key]; ok && slices.Equal(have.times, times) {
		return have.id, nil
	}
	result, err := p.tx.ExecContext(ctx, "INSERT INTO times (end, body) VALUES (?, ?)", slices.Max(times), chunk.PackTimes(times))
	if err != nil {
		return 0, err
	}
	id, err := result.LastInsertId()
	p.columns[key] = storedColumn{id, times}
	return id, err
}

// expire removes chunks that end before an instant, and the oldest ones beyond
// the size of the file.
func (m *Metrics) expire(ctx context.Context, f *database.File, before int64) error {
	if err := removeBefore(ctx, f, before); err != nil {
		return err
	}
	for {
		used, err := size(ctx, f)
		if err != nil || used <= m.maxBytes {
			return err
		}
		var oldest sql.NullInt64
		if err := f.Write.QueryRowContext(ctx, "SELECT min(end) FROM chunks").Scan(&oldest); err != nil || !oldest.Valid {
			return err
		}
		m.log.Warn("history of signals is larger than allowed, the oldest hour is removed", "bytes", used, "allowed", m.maxBytes)
		if err := removeBefore(ctx, f, hourOf(oldest.Int64)+chunkSpan.Milliseconds()); err != nil {
			return err
		}
	}
}

func removeBefore(ctx context.Context, f *database.File, before int64) error {
	return f.Transact(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM chunks WHERE end < ?", before); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM times WHERE end < ?", before)
		return err
	})
}

// size returns the bytes of the pages that are in use.
func size(ctx context.Context, f *database.File) (int64, error) {
	var pages, free, bytes int64
	err := f.Write.QueryRowContext(ctx,
		"SELECT page_count, freelist_count, page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size").Scan(&pages, &free, &bytes)
	return (pages - free) * bytes, err
}
