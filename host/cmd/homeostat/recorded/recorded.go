// Package recorded reads what a daemon has recorded of a component, beside the
// daemon or after its end.
//
// It owns the copy that it reads from and nothing of the history's form. Its
// functions may be called at the same time.
package recorded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/cmd/homeostat/howlong"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/host/history"
	"github.com/homeostat/homeostat/sdk"
)

// Query says of what and how far back.
type Query struct {
	Component string
	Since     howlong.Duration
}

// Windows returns what the history holds of a component, as the windows that a
// detector would have seen. It reads a copy: a daemon may be writing. That nothing
// was recorded of the component is an error.
func Windows(ctx context.Context, settings *config.Settings, of Query) ([]sdk.Window, error) {
	dir, err := os.MkdirTemp("", "homeostat-history-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for a copy of the history: %w", err)
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"metrics.db", "metrics.db-wal", "records.db", "records.db-wal"} {
		data, err := os.ReadFile(filepath.Join(settings.State.Dir, name))
		if errors.Is(err, fs.ErrNotExist) && strings.HasSuffix(name, "-wal") {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), data, 0o600)
		}
		if err != nil {
			return nil, fmt.Errorf("copy the history of %s: %w", settings.State.Dir, err)
		}
	}
	metrics, err := history.OpenMetrics(ctx, filepath.Join(dir, "metrics.db"), history.Options{Log: hclog.NewNullLogger()})
	if err != nil {
		return nil, err
	}
	defer metrics.Close()
	records, err := history.OpenRecords(ctx, filepath.Join(dir, "records.db"))
	if err != nil {
		return nil, err
	}
	defer records.Close()
	now := time.Now()
	windows, err := history.Replay{Metrics: metrics, Records: records}.Windows(ctx,
		history.Query{Component: of.Component, From: now.Add(-time.Duration(of.Since)), To: now}, settings.Healing.DetectionInterval)
	if err == nil && !slices.ContainsFunc(windows, func(w sdk.Window) bool { return tellsOf(w, of.Component) }) {
		err = fmt.Errorf("nothing was recorded of %s in the last %v", of.Component, &of.Since)
	}
	return windows, err
}

// tellsOf reports whether a window holds anything of the component itself: each
// holds the signals of the host as well.
func tellsOf(w sdk.Window, component string) bool {
	return slices.ContainsFunc(w.Series, func(s sdk.Series) bool { return s.Component == component }) ||
		slices.ContainsFunc(w.Events, func(e sdk.Event) bool { return e.Component == component })
}
