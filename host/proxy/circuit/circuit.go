// Package circuit decides whether a link lets the next request through.
//
// It owns the three states of a link: closed, open and half-open, with the rules
// of host/breaker. A link opens by order alone, never by itself: that is healing's
// to decide. It tries and closes by itself, so that a link does not stay open
// because the daemon that opened it is gone. It reads no clock. A Circuit may be
// used from several goroutines.
package circuit

import (
	"errors"
	"math"
	"sync"
	"time"

	"github.com/homeostat/homeostat/host/breaker"
	"github.com/homeostat/homeostat/host/refusal"
)

// Trials that must succeed in a row, one after the other, until the link closes.
const successes = 3

// never is the wait of a link that is held open: trials begin by order alone.
const never = 100 * 365 * 24 * time.Hour

// Order is what a link is told.
type Order struct {
	// State is where the link is to be. HalfOpen means that trials begin now.
	State breaker.State `json:"state"`
	// Hold keeps an open link open until the next order.
	Hold bool `json:"hold,omitempty"`
	// Reason is one sentence for callers and operators.
	Reason string `json:"reason,omitempty"`
	// Since is when the order was given; the zero time means now.
	Since time.Time `json:"since"`
}

// Status is where a link stands.
type Status struct {
	State  breaker.State `json:"state"`
	Since  time.Time     `json:"since"`
	Hold   bool          `json:"hold,omitempty"`
	Reason string        `json:"reason,omitempty"`
	// TryAt is when an open link lets a trial through; zero for never.
	TryAt time.Time `json:"try_at"`
	// Succeeded counts the trials in a row that went well.
	Succeeded int `json:"succeeded"`
	// Generation grows with each change of state.
	Generation uint64 `json:"generation"`
}

// Circuit is one link's. Use New.
type Circuit struct {
	retry time.Duration

	mu     sync.Mutex
	inner  *breaker.Breaker // under mu
	hold   bool             // under mu
	reason string           // under mu
}

// New returns a closed circuit that waits for retry before it tries.
func New(retry time.Duration) *Circuit {
	c := &Circuit{retry: retry}
	c.set(breaker.Snapshot{State: breaker.Closed})
	return c
}

// set replaces the inner breaker; the settings are ours and so cannot be wrong.
func (c *Circuit) set(s breaker.Snapshot) {
	timeout := c.retry
	if c.hold {
		timeout = never
	}
	inner, err := breaker.Restore(breaker.Config{Failures: math.MaxInt, Successes: successes, Timeout: timeout, Trials: 1}, s)
	if err != nil {
		panic("make the circuit of a link: " + err.Error())
	}
	c.inner = inner
}

// Obey carries an order out. The results of what was let through before decide
// nothing any more.
func (c *Circuit) Obey(o Order, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := breaker.Snapshot{State: o.State, Since: o.Since, Generation: c.inner.Snapshot().Generation + 1}
	if s.Since.IsZero() {
		s.Since = now
	}
	c.hold, c.reason = o.Hold && o.State == breaker.Open, o.Reason
	if o.State == breaker.Closed {
		c.reason = ""
	}
	c.set(s)
}

// Pass is the permission for one request or connection. Give it back once.
type Pass struct {
	inner  *breaker.Breaker
	ticket breaker.Ticket
	// Trial reports that the answer decides whether the link closes.
	Trial bool
	// Generation is that of the circuit when the pass was given.
	Generation uint64
}

// Succeed gives the pass back after a good answer in time.
func (p Pass) Succeed(now time.Time) { p.inner.Succeed(p.ticket, now) }

// Fail gives it back after a bad, late or missing one.
func (p Pass) Fail(now time.Time) { p.inner.Fail(p.ticket, now) }

// Cancel gives it back where nobody can tell.
func (p Pass) Cancel() { p.inner.Cancel(p.ticket) }

// Allow returns the permission for one request, or ok false and how long to
// wait before the next.
func (c *Circuit) Allow(now time.Time) (p Pass, wait time.Duration, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ticket, err := c.inner.Allow(now)
	if err != nil {
		var r refusal.Refusal
		errors.As(err, &r)
		return Pass{}, r.RetryAfter, false
	}
	trial := c.inner.State(now) == breaker.HalfOpen
	return Pass{inner: c.inner, ticket: ticket, Trial: trial, Generation: ticket.Generation}, 0, true
}

// Status returns where the link stands. An open link whose wait is over reads as
// half-open.
func (c *Circuit) Status(now time.Time) Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.inner.Snapshot()
	out := Status{
		State: c.inner.State(now), Since: s.Since, Hold: c.hold, Reason: c.reason, Succeeded: s.Succeeded, Generation: s.Generation,
	}
	if out.State == breaker.Closed {
		out.Reason = ""
	}
	if out.State == breaker.Open && !c.hold {
		out.TryAt = s.Since.Add(c.retry)
	}
	return out
}
