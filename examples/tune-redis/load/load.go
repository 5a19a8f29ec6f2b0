// Package load is the users of the cache: a bounded stream of requests to a
// redis-server on the loopback interface, and what the users meet with.
//
// Requests arrive when they are meant to, whether earlier ones were answered or
// not, and their time counts from then on: a server that stalls cannot hide what
// waits. Keys and arrivals are drawn from a seed, so that two runs of one seed
// meet the same requests. A key that is not in the cache is fetched from a slow
// store behind it, which can do so many fetches at a time and no more.
//
// It owns the connections, the simulated store and the figures, and judges
// nothing. Run starts all goroutines and waits for their end; the other methods
// may be called from any goroutine.
package load

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of the load.
const (
	// Deadline is when a request is given up.
	Deadline = 500 * time.Millisecond
	// connections to the server, and requests in flight on one.
	connections = 8
	inFlight    = 8
	// queued are requests that wait for a connection; one more is given up.
	queued = 512
	// hang is how long a connection may stay silent, and redial the pause before
	// the next one.
	hang   = 5 * time.Second
	redial = 100 * time.Millisecond
)

// Mix says what the users want.
type Mix struct {
	// Gets a second are lookups of one of Keys values of ValueBytes each; the nth
	// key is wanted n^-Skew times as often as the first.
	Gets       float64
	Keys       int
	Skew       float64
	ValueBytes int
	// Wides a second are lookups of picked fields in one of Hashes hashes of
	// Fields fields each. One in renewals is an update.
	Wides          float64
	Hashes, Fields int
}

// picked is how many fields of a hash one lookup wants, and renewals that one of
// so many is an update.
const (
	picked   = 64
	renewals = 8
)

// Load is a stream of requests. Use New.
type Load struct {
	address string
	seed    uint64
	mix     atomic.Pointer[Mix]
	window  window
	queue   chan request
	store   *store
	filling sync.Map // hashes that are being filled, by key
}

// New returns a load on the server at address, host:port. It begins with Run.
func New(address string, seed uint64, first Mix) *Load {
	l := &Load{address: address, seed: seed, queue: make(chan request, queued)}
	l.store = newStore(l)
	l.Change(first)
	return l
}

// Change lets other requests come from now on.
func (l *Load) Change(m Mix) { l.mix.Store(&m) }

// Last returns the figures of a span before now, of at most a minute.
func (l *Load) Last(span time.Duration) Figures { return l.window.last(time.Now(), span) }

// Expected is how many requests are meant to come in a span.
func (l *Load) Expected(span time.Duration) float64 {
	m := l.mix.Load()
	return (m.Gets + m.Wides) * span.Seconds()
}

// Run sends requests until the context ends.
func (l *Load) Run(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	for range connections {
		all.Go(func() { l.connect(ctx) })
	}
	for range fetches {
		all.Go(func() { l.store.serve(ctx) })
	}
	l.arrive(ctx)
}

// arrive lets requests come at random instants, as of many users who do not know
// of each other.
func (l *Load) arrive(ctx context.Context) {
	d := newDealer(l.seed)
	r := rand.New(rand.NewPCG(l.seed, 1))
	timer := time.NewTimer(0)
	defer timer.Stop()
	for next := time.Now(); ; {
		m := l.mix.Load()
		rate := max(m.Gets+m.Wides, 1)
		next = next.Add(time.Duration(r.ExpFloat64() / rate * float64(time.Second)))
		if wait := time.Until(next); wait > 0 {
			timer.Reset(wait)
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			}
		} else if ctx.Err() != nil {
			return
		}
		if m.Gets+m.Wides > 0 {
			l.enqueue(d.deal(m, next))
		}
	}
}

// enqueue hands a request to the connections, or gives it up.
func (l *Load) enqueue(q request) {
	select {
	case l.queue <- q:
	default:
		l.late(q)
	}
}

// done notes that a request was served at the given time.
func (l *Load) done(q request, at time.Time) {
	took := at.Sub(q.meant)
	if took >= Deadline {
		l.late(q)
		return
	}
	l.note(q, at, took, func(*Figures) {})
}

func (l *Load) late(q request) {
	l.note(q, time.Now(), Deadline, func(f *Figures) { f.Late++ })
}

// fail notes an error: users wait for nothing more, and got nothing.
func (l *Load) fail(q request) {
	l.note(q, time.Now(), Deadline, func(f *Figures) { f.Failed++ })
}

func (l *Load) note(q request, at time.Time, took time.Duration, more func(*Figures)) {
	if !q.measured() {
		return
	}
	l.window.add(at, func(c *cut) {
		c.took = append(c.took, took)
		more(&c.figures)
	})
}

// looked notes that a lookup was answered: with what it wanted, or not.
func (l *Load) looked(a reply) {
	l.window.add(time.Now(), func(c *cut) {
		if a.missing {
			c.figures.Misses++
		} else {
			c.figures.Hits++
		}
	})
}
