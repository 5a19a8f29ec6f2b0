// Package changes joins the change pipeline with the other rooms of the host: it turns settings into what the pipeline
// goes by, shows it components and health, and answers the questions of host/api about changes, gates and backups.
//
// It keeps nothing and decides nothing. All values are safe for concurrent use.
package changes

import (
	"time"

	"github.com/homeostat/homeostat/host/breaker"
	"github.com/homeostat/homeostat/host/change"
	"github.com/homeostat/homeostat/host/change/gate"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/host/health"
	"github.com/homeostat/homeostat/host/ratelimit"
	"github.com/homeostat/homeostat/host/screen"
	"github.com/homeostat/homeostat/sandbox"
)

// Settings returns what the pipeline goes by.
func Settings(s *config.Settings) change.Settings {
	out := change.Settings{
		Limits: screen.Limits{
			MaxChars: s.Safety.Screen.MaxChars, MaxFiles: s.Safety.Screen.MaxFiles,
			MaxChanges: s.Safety.Screen.MaxChanges, Window: s.Safety.Screen.Window,
		},
		ApprovalExpiry: s.Healing.ApprovalExpiry,
		KeepBackup:     time.Duration(s.Backup.KeepDays) * 24 * time.Hour,
		KeepMax:        s.Backup.KeepMax,
		Sandbox:        Limits(s.Sandbox),
	}
	for _, r := range s.Roots {
		out.Roots = append(out.Roots, root(r))
	}
	return out
}

func root(r config.Root) change.Root {
	out := change.Root{
		Name: string(r.Name), Path: r.Path, Component: r.Component, Activate: change.Activation(r.Activate), Watch: r.Watch,
		Health: r.Confirm == config.ConfirmHealth || r.Confirm == config.ConfirmBoth,
		Person: r.Confirm == config.ConfirmPerson || r.Confirm == config.ConfirmBoth,
		Deny:   r.Deny, Native: r.Validate,
	}
	for _, c := range r.Checks {
		out.Checks = append(out.Checks, sandbox.Program{Path: c.Module, SHA256: string(c.SHA256), Args: c.Args})
	}
	return out
}

// maxOutput is the most that the sandbox keeps of a program's output.
const maxOutput = 256 << 20

// Limits returns the limits of one run in the sandbox.
func Limits(s config.Sandbox) sandbox.Limits {
	l := sandbox.Limits{Memory: int64(s.Memory), Timeout: s.Timeout, Output: min(int64(s.Output), maxOutput), Files: min(s.Files, maxFiles)}
	// The names were checked with the configuration.
	l.Require, _ = sandbox.ParseGuards(s.Require)
	return l
}

// maxFiles is the most files that the sandbox lets a program make.
const maxFiles = 100_000

// GateConfig returns what the gates are made of.
func GateConfig(s config.Safety) gate.Config {
	b := breaker.DefaultConfig()
	b.Failures, b.Successes, b.Timeout = s.Breaker.Failures, s.Breaker.Successes, s.Breaker.Timeout
	return gate.Config{
		Breaker: b,
		Rate:    ratelimit.Config{Max: s.Rate.Max, PerAuthor: s.Rate.PerAuthor, PerComponent: s.Rate.PerComponent, Window: s.Rate.Window},
	}
}

// HealthConfig returns the limits by which the host is judged.
func HealthConfig(h config.Health) health.Config {
	c := health.DefaultConfig()
	c.MinScore, c.ResponseMax = float64(h.MinScore), h.ResponseMax
	c.CPUMax, c.MemoryMinAvailable, c.DiskMax = float64(h.CPUMax), float64(h.MemoryMinAvailable), float64(h.DiskMax)
	c.ErrorRateMax, c.SuccessRateMin = float64(h.ErrorRateMax), float64(h.SuccessRateMin)
	return c
}
