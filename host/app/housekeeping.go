package app

import (
	"context"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Spans of the house work.
const (
	tidyEvery = 6 * time.Hour
	// keepIncidents is how long what happened can be looked up; an open incident
	// is written again every hour and so never gets that old.
	keepIncidents = 90 * 24 * time.Hour
)

// keepHouse forgets what is old and tells systemd's watchdog that the daemon
// lives, until the context ends.
func (a *App) keepHouse(ctx context.Context) {
	tidy := time.NewTicker(tidyEvery)
	defer tidy.Stop()
	var pulse <-chan time.Time
	if span, err := daemon.SdWatchdogEnabled(false); err == nil && span > 0 {
		ticker := time.NewTicker(span / 3) // systemd recommends at least half the span
		defer ticker.Stop()
		pulse = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tidy.C:
			if err := a.records.Expire(ctx, time.Now().Add(-keepIncidents), "incident"); err != nil && ctx.Err() == nil {
				a.log.Warn("old incidents were not removed, trying again later", "error", err)
			}
		case <-pulse:
			if _, err := daemon.SdNotify(false, daemon.SdNotifyWatchdog); err != nil {
				a.log.Warn("systemd's watchdog was not told that the daemon lives", "error", err)
			}
		}
	}
}
