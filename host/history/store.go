package history

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-hclog"
)

// Options are what a Store needs.
type Options struct {
	// Dir holds both files; it must exist.
	Dir string
	Log hclog.Logger
	// Keep is how long signals are kept; zero means DefaultKeep.
	Keep time.Duration
	// MaxBytes bounds the metrics file: beyond it the oldest samples go first.
	// Zero means DefaultMaxBytes.
	MaxBytes int64
}

// The defaults of Options.
const (
	DefaultKeep     = 7 * 24 * time.Hour
	DefaultMaxBytes = 2 << 30
)

// Store is the history of one daemon: both files.
type Store struct {
	*Records
	*Metrics
}

// Open opens both files, and creates them where they are not there.
func Open(ctx context.Context, o Options) (*Store, error) {
	records, err := OpenRecords(ctx, filepath.Join(o.Dir, "records.db"))
	if err != nil {
		return nil, err
	}
	metrics, err := OpenMetrics(ctx, filepath.Join(o.Dir, "metrics.db"), o)
	if err != nil {
		return nil, errors.Join(err, records.Close())
	}
	return &Store{Records: records, Metrics: metrics}, nil
}

// Close closes both files.
func (s *Store) Close() error { return errors.Join(s.Records.Close(), s.Metrics.Close()) }
