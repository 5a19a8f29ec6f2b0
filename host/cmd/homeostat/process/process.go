// Package process owns what the process of a daemon needs before the daemon begins: its log and the bound of its memory.
//
// It knows nothing of the daemon itself, and keeps nothing.
package process

import (
	"errors"
	"io"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/config"
)

// Logger returns the daemon's own log, as the settings want it.
func Logger(settings config.Log, w io.Writer) hclog.Logger {
	level := hclog.LevelFromString(settings.Level)
	if settings.Level == "warning" {
		level = hclog.Warn
	}
	return hclog.New(&hclog.LoggerOptions{Name: "homeostat", Level: level, Output: w, JSONFormat: settings.Format == "json"})
}

// LimitMemory keeps the Go runtime below the cgroup's memory limit.
func LimitMemory(log hclog.Logger) {
	limit, err := memlimit.FromCgroup()
	if errors.Is(err, memlimit.ErrNoLimit) || errors.Is(err, memlimit.ErrNoCgroup) || err != nil || limit == 0 {
		return
	}
	const share = 0.9 // the rest is for what the runtime does not count
	debug.SetMemoryLimit(int64(float64(limit) * share))
	log.Debug("memory of the daemon is limited", "bytes", limit)
}
