package supervisor

import "time"

// Timing holds every span and count of the supervision.
type Timing struct {
	// HealthEvery is the pause between health calls, HealthDeadline what each may
	// take, Misses how many in a row mean that the plugin hangs.
	HealthEvery    time.Duration
	HealthDeadline time.Duration
	Misses         int
	// BackoffMin and BackoffMax bound the doubling pause before a restart.
	BackoffMin time.Duration
	BackoffMax time.Duration
	// FailureLimit failures within FailureWindow put a plugin in quarantine.
	FailureWindow time.Duration
	FailureLimit  int
	Quarantine    time.Duration
	// SaveEvery is the pause between two savings of state.
	SaveEvery time.Duration
	// StopGrace is the time of each rung of the stop ladder.
	StopGrace time.Duration
}

// DefaultTiming is what the daemon uses.
func DefaultTiming() Timing {
	return Timing{
		HealthEvery: 5 * time.Second, HealthDeadline: time.Second, Misses: 3,
		BackoffMin: time.Second, BackoffMax: 2 * time.Minute,
		FailureWindow: 10 * time.Minute, FailureLimit: 5, Quarantine: 10 * time.Minute,
		SaveEvery: 30 * time.Second, StopGrace: time.Second,
	}
}

// history decides how long to wait after a failure. It is pure: the time comes
// in as a value.
type history struct {
	timing   Timing
	failures []time.Time
}

// pause is a wait before the next start.
type pause struct {
	until       time.Time
	quarantined bool
}

// fail notes a failure and says how long to wait: doubling from BackoffMin to
// BackoffMax, and Quarantine from the FailureLimit-th failure within
// FailureWindow. After a quarantine one start is tried; if that fails while the
// window still holds the others, the plugin goes back.
func (h *history) fail(now time.Time) pause {
	h.failures = append(h.failures, now)
	kept := h.failures[:0]
	for _, t := range h.failures {
		if now.Sub(t) < h.timing.FailureWindow {
			kept = append(kept, t)
		}
	}
	h.failures = kept
	if over := len(h.failures) - h.timing.FailureLimit; over >= 0 {
		h.failures = h.failures[over:]
		return pause{until: now.Add(h.timing.Quarantine), quarantined: true}
	}
	wait := h.timing.BackoffMin
	for range len(h.failures) - 1 {
		wait = min(2*wait, h.timing.BackoffMax)
	}
	return pause{until: now.Add(wait)}
}
