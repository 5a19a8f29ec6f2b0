// Package breaker owns the circuit breaker of the change pipeline: after a run of failures it refuses changes for a
// time, then lets a few trials through, and closes again when they succeed.
//
// It is a pure state machine. It reads no clock and stores nothing: the time comes in with each call, and Snapshot and
// Restore carry the state over a restart. What counts as a failure is the caller's decision; refusals and dry runs do
// not. A Breaker and a Group may be used from several goroutines.
package breaker

import (
	"fmt"
	"sync"
	"time"

	"github.com/homeostat/homeostat/host/refusal"
)

// Config says when a breaker opens and closes. All values must be at least 1 (Timeout: more than 0).
type Config struct {
	// Failures is the number of consecutive failures that opens a closed breaker.
	Failures int
	// Successes is the number of consecutive successes that closes a half-open one.
	Successes int
	// Timeout is the time from opening to half-open.
	Timeout time.Duration
	// Trials is the most attempts that may be under way at once while half-open. Whatever its value, no more are let
	// through than are still needed for Successes.
	Trials int
}

// DefaultConfig opens after 5 consecutive failures, is half-open after 5 minutes and closes after 3 successes, which it
// tries one after the other.
func DefaultConfig() Config {
	return Config{Failures: 5, Successes: 3, Timeout: 5 * time.Minute, Trials: 1}
}

// Validate tells the first value that is out of range.
func (c Config) Validate() error {
	if c.Failures < 1 || c.Successes < 1 || c.Trials < 1 {
		return fmt.Errorf("breaker: failures %d, successes %d and trials %d must each be at least 1",
			c.Failures, c.Successes, c.Trials)
	}
	if c.Timeout <= 0 {
		return fmt.Errorf("breaker: timeout %s must be more than 0", c.Timeout)
	}
	return nil
}

// Ticket is the permission for one attempt. Give it back once, with Succeed, Fail or Cancel. It may be written to a
// journal and used after a restart. The generation in it lets the breaker drop a result of an earlier phase: an attempt
// admitted before the breaker opened does not decide a trial that came after.
type Ticket struct {
	Generation uint64 `json:"generation"`
}

// Breaker is one circuit breaker. Make it with New or Restore.
type Breaker struct {
	config Config

	mu       sync.Mutex
	state    Snapshot
	inFlight int // attempts of the present generation that have not come back
}

// New returns a closed breaker without history.
func New(config Config) (*Breaker, error) {
	return Restore(config, Snapshot{})
}

// Allow takes the permission for one attempt at time now. A refusal is a refusal.Refusal with the rule "breaker.open" or
// "breaker.trials".
func (b *Breaker) Allow(now time.Time) (Ticket, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rebase(now)
	if err := b.refuse(now); err != nil {
		return Ticket{}, err
	}
	if b.stateAt(now) != b.state.State {
		b.enter(HalfOpen, now)
	}
	b.inFlight++
	return Ticket{b.state.Generation}, nil
}

// Check says what Allow would say, and changes nothing: dry runs and status use it.
func (b *Breaker) Check(now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.refuse(now)
}

// Succeed gives a ticket back after an attempt that went well.
func (b *Breaker) Succeed(t Ticket, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state.Attempts++
	b.state.Successes++
	if !b.back(t) {
		return
	}
	b.state.Failed, b.state.Succeeded = 0, b.state.Succeeded+1
	if b.state.State == HalfOpen && b.state.Succeeded >= b.config.Successes {
		b.enter(Closed, now)
	}
}

// Fail gives a ticket back after an attempt that failed.
func (b *Breaker) Fail(t Ticket, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state.Attempts++
	if !b.back(t) {
		return
	}
	b.state.Failed, b.state.Succeeded = b.state.Failed+1, 0
	if b.state.State == HalfOpen || b.state.Failed >= b.config.Failures {
		b.enter(Open, now)
	}
}

// Cancel gives back a ticket whose attempt did not take place, because another gate refused it for instance. It counts
// neither way.
func (b *Breaker) Cancel(t Ticket) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.back(t)
}

// Reset closes the breaker at a person's wish. The totals stay, results of earlier attempts no longer decide anything.
func (b *Breaker) Reset(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.enter(Closed, now)
	b.state.Failed = 0
}

// back takes a ticket back and says whether it belongs to the present generation.
func (b *Breaker) back(t Ticket) bool {
	if t.Generation != b.state.Generation || b.state.State == Open {
		return false
	}
	// After a restart tickets come back that this process did not hand out.
	b.inFlight = max(b.inFlight-1, 0)
	return true
}

// enter changes the state and begins a new generation. The failure count survives opening, as the number of failures
// that the world sees in a row, and ends with closing.
func (b *Breaker) enter(s State, now time.Time) {
	b.state.State, b.state.Since = s, now
	b.state.Generation++
	b.state.Succeeded, b.inFlight = 0, 0
	if s == Closed {
		b.state.Failed = 0
	}
}

// rebase moves the begin of the open time to now when the clock was set back behind it, so that the wait never grows
// beyond Timeout.
func (b *Breaker) rebase(now time.Time) {
	if b.state.State == Open && now.Before(b.state.Since) {
		b.state.Since = now
	}
}

func (b *Breaker) stateAt(now time.Time) State {
	if b.state.State == Open && b.wait(now) == 0 {
		return HalfOpen
	}
	return b.state.State
}

// wait is the time that an open breaker still refuses everything, from 0 to Timeout.
func (b *Breaker) wait(now time.Time) time.Duration {
	return min(max(b.config.Timeout-now.Sub(b.state.Since), 0), b.config.Timeout)
}

func (b *Breaker) refuse(now time.Time) error {
	switch b.stateAt(now) {
	case Closed:
		return nil
	case Open:
		return refusal.Refusal{
			Rule:       "breaker.open",
			Limit:      fmt.Sprintf("%d consecutive failures", b.config.Failures),
			Value:      fmt.Sprintf("%d consecutive failures", b.state.Failed),
			Hint:       "look at why the last changes failed; an admin may close the breaker with `homeostat breaker reset`",
			RetryAfter: b.wait(now),
		}
	}
	if b.state.State == Open || b.inFlight < min(b.config.Trials, b.config.Successes-b.state.Succeeded) {
		return nil
	}
	return refusal.Refusal{
		Rule:  "breaker.trials",
		Limit: fmt.Sprintf("%d trials at once", min(b.config.Trials, b.config.Successes-b.state.Succeeded)),
		Value: fmt.Sprintf("%d under way", b.inFlight),
		Hint:  "the breaker is half-open; wait until the trial under way has ended",
	}
}
