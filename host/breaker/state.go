package breaker

import (
	"fmt"
	"time"
)

// State is one of Closed, Open and HalfOpen. Its text is what the API shows.
type State string

// The states of a breaker: everything passes, nothing passes, trials pass.
const (
	Closed   State = "closed"
	Open     State = "open"
	HalfOpen State = "half_open"
)

// Snapshot is everything that outlives a restart. The zero value is a new, closed breaker.
type Snapshot struct {
	State State `json:"state"`
	// Since is the time of the last change of state, by the wall clock.
	Since time.Time `json:"since"`
	// Generation grows by one with each change of state.
	Generation uint64 `json:"generation"`
	// Failed and Succeeded are the failures and the successes in a row.
	Failed    int `json:"failed"`
	Succeeded int `json:"succeeded"`
	// Attempts and Successes count all results since the breaker was made, late ones included.
	Attempts  uint64 `json:"attempts"`
	Successes uint64 `json:"successes"`
}

// Metrics are the figures of the status page, named as the API names them.
type Metrics struct {
	Attempts  uint64 `json:"total_attempts"`
	Successes uint64 `json:"total_successes"`
	// SuccessRate is a fraction from 0 to 1; without attempts it is 1, since nothing failed.
	SuccessRate         float64 `json:"success_rate"`
	ConsecutiveFailures int     `json:"consecutive_failures"`
}

// Restore returns a breaker that goes on from s. Attempts that were under way are no longer waited for, since they may
// have died with the old process; if their tickets come back all the same they count.
func Restore(config Config, s Snapshot) (*Breaker, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	switch s.State {
	case "":
		s.State = Closed
	case Closed, Open, HalfOpen:
	default:
		return nil, fmt.Errorf("restore breaker: unknown state %q", s.State)
	}
	if s.Failed < 0 || s.Succeeded < 0 || s.Successes > s.Attempts {
		return nil, fmt.Errorf("restore breaker: impossible counts: %d failed and %d succeeded in a row, %d successes of %d",
			s.Failed, s.Succeeded, s.Successes, s.Attempts)
	}
	// Limits may have been lowered in the configuration since.
	if s.State == Closed {
		s.Failed = min(s.Failed, config.Failures-1)
	}
	s.Succeeded = clampTrial(s, config)
	return &Breaker{config: config, state: s}, nil
}

// clampTrial keeps one trial to be won, so that a half-open breaker with a lowered limit can still close.
func clampTrial(s Snapshot, config Config) int {
	if s.State == HalfOpen {
		return min(s.Succeeded, config.Successes-1)
	}
	return s.Succeeded
}

// Snapshot returns the state to be stored. Store it after each Allow, Succeed, Fail and Reset that matters.
func (b *Breaker) Snapshot() Snapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state
}

// State is the state at time now: an open breaker whose time is up reads as half-open.
func (b *Breaker) State(now time.Time) State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stateAt(now)
}

// Metrics returns the figures for the status page.
func (b *Breaker) Metrics() Metrics {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := Metrics{b.state.Attempts, b.state.Successes, 1, b.state.Failed}
	if m.Attempts > 0 {
		m.SuccessRate = float64(m.Successes) / float64(m.Attempts)
	}
	return m
}
