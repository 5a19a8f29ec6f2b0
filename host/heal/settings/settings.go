// Package settings holds what the operator decides about healing, and the
// defaults.
//
// It owns their meaning and nothing of what is done with them. Values are plain
// data and read only once they are in force.
package settings

import (
	"time"

	"github.com/homeostat/homeostat/host/heal/experiment"
	"github.com/homeostat/homeostat/host/heal/odds"
	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/host/heal/storm"
	"github.com/homeostat/homeostat/sdk"
)

// Settings are what the operator decides. Zero values take the defaults.
type Settings struct {
	// Mode is the daemon's mode while none is set live; default supervised.
	Mode policy.Mode
	// MaxConcurrent is how many incidents are worked on at once; default 3.
	MaxConcurrent int
	// Quarantine is how long a failed recovery blocks the next; default 10 min.
	Quarantine time.Duration
	// ApprovalExpiry is how long a question to a person stands; default 1 h.
	ApprovalExpiry time.Duration
	// Hold is how long health must last to count as a success; default 2 min.
	Hold time.Duration
	// Settle is how long dependents of a healed cause are left in peace, and
	// how long after an own action their anomalies are put down to it; default
	// 10 s.
	Settle time.Duration
	// VerifyTimeout bounds the wait for a healthy verdict; default 5 min, which
	// is longer than a start grace.
	VerifyTimeout time.Duration
	// DetectionInterval is the detectors' interval; three of them are the life
	// of an anomaly that names none. Default 30 s.
	DetectionInterval time.Duration
	// Reopen is how soon after its end the same trouble opens an incident
	// again; default the hold time.
	Reopen time.Duration
	// Storm bounds how many recoveries may begin.
	Storm storm.Limits
	// Choice is how one of several offers is chosen; default guarded.
	Choice odds.Rule
	// Ladder is the order in which strategies are asked, empty for the chooser's
	// own.
	Ladder []string
	// Experiment is what chance decides; the zero value is nothing.
	Experiment experiment.Settings
	Components []Component
	Links      []sdk.Link
}

// Component is what healing has to know of a component.
type Component struct {
	Name      string
	DependsOn []string
	// Mode is the component's own mode beside the daemon's.
	Mode policy.Own
	// Restarts is the storm limit that strategies see.
	Restarts sdk.RestartLimit
	// Declared are the names of the operator's commands.
	Declared []string
	// Ladder replaces the daemon's for this component where it is not empty.
	Ladder []string
	// WarmUp is how long after an action the component may stay ill before the action
	// is held to have failed; 0 for no time.
	WarmUp time.Duration
}

// WithDefaults fills what is not set.
func (s Settings) WithDefaults() Settings {
	if s.Mode == "" {
		s.Mode = policy.Supervised
	}
	if s.Choice == "" {
		s.Choice = odds.Guarded
	}
	if s.MaxConcurrent <= 0 {
		s.MaxConcurrent = 3
	}
	defaults := []struct {
		span  *time.Duration
		value time.Duration
	}{
		{&s.Quarantine, 10 * time.Minute}, {&s.ApprovalExpiry, time.Hour}, {&s.Hold, 2 * time.Minute},
		{&s.Settle, 10 * time.Second}, {&s.VerifyTimeout, 5 * time.Minute}, {&s.DetectionInterval, 30 * time.Second},
	}
	for _, d := range defaults {
		if *d.span <= 0 {
			*d.span = d.value
		}
	}
	if s.Reopen <= 0 {
		s.Reopen = s.Hold
	}
	s.Storm = s.Storm.WithDefaults()
	return s
}
