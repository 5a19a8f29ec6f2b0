// Package queue orders messages to one receiver: what is sent next and when,
// how long to wait after a failure, and what is dropped when there is too much.
//
// It owns limits, order and back-off. It sends and stores nothing. It is a pure
// state machine: time comes in with each call and chance with New; one goroutine
// uses a Queue at a time.
package queue

import (
	"slices"
	"time"
)

// Limits bound what waits. All must be positive.
type Limits struct {
	Count int
	Bytes int
	// Age is how long a message is worth sending.
	Age time.Duration
}

// The spans of the back-off.
const (
	// FirstWait follows the first failure; each further one doubles it.
	FirstWait = time.Second
	// LongestWait bounds the back-off. A receiver that is back after an hour gets
	// the first message at most this much later.
	LongestWait = 5 * time.Minute
	// LongestAsked bounds what a receiver may ask for with Retry-After.
	LongestAsked = time.Hour
)

// Item is one message that waits.
type Item struct {
	ID string
	// Group names what keeps its order: of a group only the oldest is sent.
	Group string
	// Value says what goes first when there is too much: the lowest.
	Value int
	Bytes int
	At    time.Time

	failures  int // of this message
	firstAt   time.Time
	heldUntil time.Time
}

// Trouble says what a failed attempt tells of its cause.
type Trouble int

// The troubles.
const (
	// Receiver is down, busy or out of reach: nothing else would get through.
	Receiver Trouble = iota
	// Message is not liked: others may pass it.
	Message
	// Gone is a receiver that wants nothing any more.
	Gone
)

// Queue holds messages in the order in which they came. Use New.
type Queue struct {
	limits Limits
	chance func() float64

	items    []Item // oldest first
	bytes    int
	failures int       // of the receiver, in a row
	restTill time.Time // of the receiver
	worked   time.Time // when the receiver last took one
	stopped  bool
}

// New returns an empty queue. The chance returns numbers from 0 up to 1 and
// spreads the attempts of many hosts.
func New(limits Limits, chance func() float64) *Queue {
	return &Queue{limits: limits, chance: chance}
}

// Add appends a message and returns what had to be dropped to make room, which
// may be the message itself.
func (q *Queue) Add(item Item) (dropped []Item) {
	q.items = append(q.items, item)
	q.bytes += item.Bytes
	for len(q.items) > q.limits.Count || q.bytes > q.limits.Bytes {
		dropped = append(dropped, q.take(q.cheapest()))
	}
	return dropped
}

// cheapest returns the index of the oldest message of the lowest value.
func (q *Queue) cheapest() int {
	best := 0
	for n, item := range q.items {
		if item.Value < q.items[best].Value {
			best = n
		}
	}
	return best
}

func (q *Queue) take(n int) Item {
	item := q.items[n]
	q.items = slices.Delete(q.items, n, n+1)
	q.bytes -= item.Bytes
	return item
}

// Expire drops what is too old by now.
func (q *Queue) Expire(now time.Time) (dropped []Item) {
	for n := 0; n < len(q.items); {
		if now.Sub(q.items[n].At) < q.limits.Age {
			n++
			continue
		}
		dropped = append(dropped, q.take(n))
	}
	return dropped
}

// Next returns the message to send now, false when there is none or it is not
// time yet.
func (q *Queue) Next(now time.Time) (Item, bool) {
	item, at, ok := q.first()
	if !ok || at.After(now) {
		return Item{}, false
	}
	return item, true
}

// Due returns when Next has something to send, false for never. A time that is
// zero or past means now.
func (q *Queue) Due() (at time.Time, ok bool) {
	_, at, ok = q.first()
	return at, ok
}

// Expires returns when Expire has something to drop, zero for never.
func (q *Queue) Expires() time.Time {
	oldest := q.oldest()
	if oldest.IsZero() {
		return oldest
	}
	return oldest.Add(q.limits.Age)
}

// oldest returns when the oldest message came, zero for none.
func (q *Queue) oldest() time.Time {
	var at time.Time
	for _, i := range q.items {
		if at.IsZero() || i.At.Before(at) {
			at = i.At
		}
	}
	return at
}

// first returns the message that can be sent the earliest, and when. Of several
// it is the one that has failed least, so that one that is never taken does
// not keep the others.
func (q *Queue) first() (item Item, at time.Time, ok bool) {
	if q.stopped {
		return Item{}, time.Time{}, false
	}
	seen := map[string]bool{}
	for _, i := range q.items {
		if seen[i.Group] {
			continue
		}
		seen[i.Group] = true
		due := later(q.restTill, i.heldUntil)
		if !ok || due.Before(at) || due.Equal(at) && i.failures < item.failures {
			item, at, ok = i, due, true
		}
	}
	return item, at, ok
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Delivered takes a message out and lets the receiver have the next at once.
func (q *Queue) Delivered(now time.Time, id string) {
	if n := q.index(id); n >= 0 {
		q.take(n)
	}
	q.worked = now
	q.Resume()
}

// Failed takes in that an attempt to send a message did not work. Asked is how
// long the receiver wants to be left alone, zero when it did not say. A message
// that failed before while others were taken is at fault itself.
func (q *Queue) Failed(now time.Time, id string, why Trouble, asked time.Duration) {
	wait := func(failures int) time.Time { return now.Add(max(q.wait(failures), min(asked, LongestAsked))) }
	n := q.index(id)
	if n >= 0 {
		item := &q.items[n]
		if item.failures++; item.failures == 1 {
			item.firstAt = now
		} else if why == Receiver && q.worked.After(item.firstAt) {
			why = Message
		}
	}
	switch why {
	case Gone:
		q.stopped = true
	case Receiver:
		q.failures++
		q.restTill = wait(q.failures)
	case Message:
		q.failures, q.restTill = 0, time.Time{}
		if n >= 0 {
			q.items[n].heldUntil = wait(q.items[n].failures)
		}
	}
}

// wait is the back-off after a number of failures in a row, between half and
// the whole of the nominal span.
func (q *Queue) wait(failures int) time.Duration {
	span := FirstWait
	for range failures - 1 {
		if span *= 2; span >= LongestWait {
			span = LongestWait
			break
		}
	}
	return span/2 + time.Duration(q.chance()*float64(span/2))
}

// Resume forgets the receiver's failures, a stop included.
func (q *Queue) Resume() { q.failures, q.restTill, q.stopped = 0, time.Time{}, false }

func (q *Queue) index(id string) int {
	return slices.IndexFunc(q.items, func(i Item) bool { return i.ID == id })
}

// State is the queue in numbers.
type State struct {
	Count   int
	Bytes   int
	Oldest  time.Time
	Stopped bool
	// Failures are those of the receiver in a row, NextTry when it is asked again,
	// zero for at once or never.
	Failures int
	NextTry  time.Time
}

// State returns the present numbers.
func (q *Queue) State() State {
	next, _ := q.Due()
	return State{
		Count: len(q.items), Bytes: q.bytes, Oldest: q.oldest(), Stopped: q.stopped, Failures: q.failures, NextTry: next,
	}
}
