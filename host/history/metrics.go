package history

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/history/database"
	"github.com/homeostat/homeostat/host/history/row"
	"github.com/homeostat/homeostat/sdk"
)

// metricsSchema are the steps of the schema of metrics.db.
//
// What is appended goes to tail at once, one row a call. When an hour is over,
// its rows become one chunk a series. A page of 1 KiB wastes little behind a
// chunk of some KiB; series that were sampled together share one row of times.
var metricsSchema = []string{`
CREATE TABLE series (
	id        INTEGER PRIMARY KEY,
	component TEXT NOT NULL,
	name      TEXT NOT NULL,
	unit      TEXT NOT NULL,
	kind      TEXT NOT NULL,
	low       REAL,
	high      REAL,
	UNIQUE (component, name)
);
CREATE TABLE tail (
	seq   INTEGER PRIMARY KEY,
	start INTEGER NOT NULL, -- Unix milliseconds
	end   INTEGER NOT NULL,
	body  BLOB NOT NULL
);
CREATE TABLE times (
	id   INTEGER PRIMARY KEY,
	end  INTEGER NOT NULL,
	body BLOB NOT NULL
);
CREATE TABLE chunks (
	id     INTEGER PRIMARY KEY,
	series INTEGER NOT NULL,
	start  INTEGER NOT NULL,
	end    INTEGER NOT NULL,
	n      INTEGER NOT NULL,
	times  INTEGER NOT NULL,
	body   BLOB NOT NULL
);
CREATE INDEX chunks_by_series ON chunks (series, start);
CREATE INDEX chunks_by_end ON chunks (end);
CREATE INDEX times_by_end ON times (end)`}

// maxChecked is the largest metrics file that is read through at the start; a
// check reads about 500 MB a second. Damage in a larger one is met when it is
// used.
const maxChecked = 256 << 20

func metricsLayout(path string) database.Layout {
	l := database.Layout{Path: path, Synchronous: "NORMAL", PageSize: 1024, Schema: metricsSchema, Check: "quick_check"}
	if info, err := os.Stat(path); err == nil && info.Size() > maxChecked {
		l.Check = ""
	}
	return l
}

// chunkSpan is the time that one chunk covers.
const chunkSpan = time.Hour

// Options are what Metrics need beside their file.
type Options struct {
	Log hclog.Logger
	// Keep is how long signals are kept; zero means DefaultKeep.
	Keep time.Duration
	// MaxBytes bounds the file: beyond it the oldest samples go first. Zero
	// means DefaultMaxBytes.
	MaxBytes int64
}

// The defaults of Options.
const (
	DefaultKeep     = 7 * 24 * time.Hour
	DefaultMaxBytes = 2 << 30
)

// Metrics keeps signals.
type Metrics struct {
	path     string
	log      hclog.Logger
	keep     time.Duration
	maxBytes int64

	mu   sync.RWMutex // held for writing while the file is replaced, for reading while it is used
	file *database.File

	writer sync.Mutex // one append at a time; guards what follows
	ids    map[seriesKey]int64
	packed int64 // the end of the last hour that was packed
}

type seriesKey struct{ component, name string }

// OpenMetrics opens the file at path. A damaged one is set aside with a line in
// the log, and a new one is begun.
func OpenMetrics(ctx context.Context, path string, o Options) (*Metrics, error) {
	m := &Metrics{path: path, log: o.Log, keep: cmp.Or(o.Keep, DefaultKeep), maxBytes: cmp.Or(o.MaxBytes, DefaultMaxBytes)}
	if err := m.open(ctx); err != nil {
		return nil, err
	}
	return m, nil
}

// open opens the file, a second time after it was set aside.
func (m *Metrics) open(ctx context.Context) error {
	f, err := database.Open(ctx, metricsLayout(m.path))
	if err != nil && database.Damaged(err) {
		if err := m.setAside(err); err != nil {
			return err
		}
		f, err = database.Open(ctx, metricsLayout(m.path))
	}
	if err != nil {
		return err
	}
	m.file, m.ids, m.packed = f, map[seriesKey]int64{}, 0
	return nil
}

// setAside renames the file and its companions.
func (m *Metrics) setAside(cause error) error {
	aside := fmt.Sprintf("%s.damaged-%d", m.path, time.Now().Unix())
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(m.path+suffix, aside+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("set the damaged history aside: %w", err)
		}
	}
	m.log.Error("history of signals is damaged, it was set aside and a new one begun", "file", aside, "error", cause)
	return nil
}

// Close closes the file. What was appended is in it.
func (m *Metrics) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.file.Close()
}

// use calls work with the file. When the error says that the file is damaged,
// a new one is begun; the error is returned all the same.
func (m *Metrics) use(ctx context.Context, work func(*database.File) error) error {
	m.mu.RLock()
	f := m.file
	err := work(f)
	m.mu.RUnlock()
	if err == nil || !database.Damaged(err) {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.file != f {
		return err // somebody else has met the damage as well and begun a new one
	}
	if closing := f.Close(); closing != nil {
		m.log.Debug("damaged history could not be closed", "error", closing)
	}
	if failed := m.setAside(err); failed != nil {
		return errors.Join(err, failed)
	}
	return errors.Join(err, m.open(ctx))
}

// AppendSeries stores the fresh samples. They survive a kill of the daemon when
// the call returns without an error; otherwise none is stored, and the call may
// be repeated.
func (m *Metrics) AppendSeries(series []sdk.Series) error {
	ctx := context.Background()
	m.writer.Lock()
	defer m.writer.Unlock()
	var end int64
	err := m.use(ctx, func(f *database.File) (err error) {
		end, err = m.append(ctx, f, series)
		return err
	})
	if err != nil {
		return fmt.Errorf("append %d series to %s: %w", len(series), m.path, err)
	}
	if err := m.use(ctx, func(f *database.File) error { return m.pack(ctx, f, end) }); err != nil {
		m.log.Warn("signals of the last hour could not be packed, trying again with the next samples", "error", err)
	}
	return nil
}

// append stores the samples and returns the time of the newest.
func (m *Metrics) append(ctx context.Context, f *database.File, series []sdk.Series) (int64, error) {
	var b row.Builder
	known := map[seriesKey]int64{}
	err := f.Transact(ctx, func(tx *sql.Tx) error {
		for _, s := range series {
			fresh := s.Times[s.Fresh:]
			if len(fresh) == 0 {
				continue
			}
			id, err := m.identify(ctx, tx, s, known)
			if err != nil {
				return err
			}
			b.Add(id, fresh, s.Values[s.Fresh:])
		}
		if b.Empty() {
			return nil
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO tail (start, end, body) VALUES (?, ?, ?)", b.Start, b.End, b.Pack())
		return err
	})
	if err != nil {
		return 0, err
	}
	for key, id := range known { // only now are they in the file
		m.ids[key] = id
	}
	return b.End, nil
}

// identify returns the number of a series, and gives it one when it has none.
// Numbers that are not yet committed are noted in known.
func (m *Metrics) identify(ctx context.Context, tx *sql.Tx, s sdk.Series, known map[seriesKey]int64) (int64, error) {
	key := seriesKey{s.Component, s.Name}
	if id, ok := m.ids[key]; ok {
		return id, nil
	}
	var low, high any
	if s.Range != nil {
		low, high = s.Range.Min, s.Range.Max
	}
	var id int64
	err := tx.QueryRowContext(ctx, `INSERT INTO series (component, name, unit, kind, low, high) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (component, name) DO UPDATE SET unit = excluded.unit, kind = excluded.kind, low = excluded.low, high = excluded.high
		RETURNING id`, s.Component, s.Name, s.Unit, s.Kind, low, high).Scan(&id)
	known[key] = id
	return id, err
}

// hourOf returns the start of the hour that holds a time in milliseconds.
func hourOf(ms int64) int64 {
	return int64(math.Floor(float64(ms)/float64(chunkSpan.Milliseconds()))) * chunkSpan.Milliseconds()
}
