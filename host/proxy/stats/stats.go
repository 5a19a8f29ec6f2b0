// Package stats counts what passes through a link.
//
// It owns the counters, the percentiles of the last ten seconds, and the rule of
// what counts as bad: an error of the target, or an answer later than the link
// allows. It reads no clock. A Recorder may be used from several goroutines.
package stats

import (
	"sync"
	"sync/atomic"
	"time"
)

// Class says how a request or connection ended.
type Class string

// The classes. Open and Full were refused and never reached the target.
const (
	OK        Class = "ok"        // answered
	Status    Class = "status"    // answered with an HTTP status of 500 or more
	Dial      Class = "dial"      // the target could not be connected to
	Timeout   Class = "timeout"   // no answer in time
	Broken    Class = "broken"    // the target broke the connection
	Abandoned Class = "abandoned" // the caller went away before an answer
	Cut       Class = "cut"       // ended by the opening of the link
	Open      Class = "open"      // refused: the link is open
	Full      Class = "full"      // refused: too many connections
)

// failed reports that the target is to blame.
func (c Class) failed() bool { return c == Status || c == Dial || c == Timeout || c == Broken }

// RecentSpan is how far Recent looks back.
const RecentSpan = slots * time.Second

const slots = 10

// enough requests for a judgement; a second that was begun counts whole.
const enough = 5

// Stats are what has passed through a link since its proxy was started.
type Stats struct {
	// Requests counts what was let through, connections where the type is tcp.
	Requests uint64 `json:"requests"`
	// Ended counts by class how requests ended or were refused.
	Ended map[Class]uint64 `json:"ended"`
	// Errors counts those that the target is to blame for.
	Errors uint64 `json:"errors"`
	// Slow counts answers later than the link's max_latency.
	Slow uint64 `json:"slow"`
	// Refused counts what an open link or the bound on connections refused.
	Refused uint64 `json:"refused"`
	// Running is how many are under way, Connections how many callers are
	// connected.
	Running     int `json:"running"`
	Connections int `json:"connections"`
	// ToTarget and FromTarget count payload in bytes.
	ToTarget   uint64 `json:"bytes_to_target"`
	FromTarget uint64 `json:"bytes_from_target"`
	Recent     Recent `json:"recent"`
}

// Recent is what the newest requests were like: those of as many of the last
// seconds as hold enough of them, RecentSpan at the most. So a busy link is judged
// by what is, not by what was ten seconds ago.
type Recent struct {
	// Requests counts answers, failures, and requests that are overdue now.
	Requests int `json:"requests"`
	// Bad are those of them that failed or are late.
	Bad int `json:"bad"`
	// P50, P90 and P99 are the percentiles of the time to an answer, 0 without
	// one; at most 1/16 too large.
	P50 time.Duration `json:"p50_ns"`
	P90 time.Duration `json:"p90_ns"`
	P99 time.Duration `json:"p99_ns"`
}

// Recorder counts. Use New.
type Recorder struct {
	maxLatency time.Duration

	toTarget, fromTarget atomic.Uint64
	connections          atomic.Int64

	mu       sync.Mutex
	requests uint64             // all of these under mu
	slow     uint64             //
	errors   uint64             //
	refused  uint64             //
	ended    map[Class]uint64   //
	running  map[*Call]struct{} //
	ring     [slots]slot        //
}

// slot is one second.
type slot struct {
	second   int64
	requests int
	bad      int
	latency  histogram
}

// New returns a Recorder for a link whose answers should take no longer than
// maxLatency.
func New(maxLatency time.Duration) *Recorder {
	return &Recorder{maxLatency: maxLatency, ended: map[Class]uint64{}, running: map[*Call]struct{}{}}
}

// Call is one request or connection on its way. Begin is the only way to one.
type Call struct {
	recorder *Recorder
	asked    time.Time // under the recorder's mu, like the rest
	judged   bool
	over     bool
}

// Begin notes that something was let through.
func (r *Recorder) Begin() *Call {
	c := &Call{recorder: r}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests++
	r.running[c] = struct{}{}
	return c
}

// Ask notes when the caller began to wait for an answer. Only the first counts.
func (c *Call) Ask(now time.Time) {
	c.recorder.mu.Lock()
	defer c.recorder.mu.Unlock()
	if c.asked.IsZero() {
		c.asked = now
	}
}

// Answer notes when the answer began. Only the first counts, and none that was
// not asked for: a target that speaks first tells nothing about its speed.
func (c *Call) Answer(class Class, now time.Time) {
	c.recorder.mu.Lock()
	defer c.recorder.mu.Unlock()
	c.judge(class, now)
}

// End notes how it ended. A failure after the answer still counts as an error.
func (c *Call) End(class Class, now time.Time) {
	r := c.recorder
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.over {
		return
	}
	c.over = true
	delete(r.running, c)
	r.ended[class]++
	if class.failed() {
		r.errors++
	}
	c.judge(class, now)
}

// judge books the answer into the present second, once. Someone who left
// before the answer was late says nothing about the target.
func (c *Call) judge(class Class, now time.Time) {
	r := c.recorder
	asked := !c.asked.IsZero()
	took := now.Sub(c.asked)
	late := asked && took > r.maxLatency
	if c.judged || !class.failed() && !late && (!asked || class == Abandoned || class == Cut) {
		return
	}
	c.judged = true
	s := r.at(now)
	s.requests++
	if late {
		r.slow++
	}
	if late || class.failed() {
		s.bad++
	}
	if asked {
		s.latency.add(took)
	}
}

// at returns the slot of the second, emptied when it held an older one. Seconds
// are those of the wall clock: when it is set back, old slots are overwritten in
// their turn.
func (r *Recorder) at(now time.Time) *slot {
	second := now.Unix()
	s := &r.ring[uint64(second)%slots]
	if s.second != second {
		*s = slot{second: second}
	}
	return s
}

// Refuse notes what was not let through.
func (r *Recorder) Refuse(class Class) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refused++
	r.ended[class]++
}

// Connected adds to the number of connected callers; -1 for one that left.
func (r *Recorder) Connected(n int64) { r.connections.Add(n) }

// Sent and Received count payload to and from the target.
func (r *Recorder) Sent(n int64) { r.toTarget.Add(uint64(n)) }

// Received counts payload from the target.
func (r *Recorder) Received(n int64) { r.fromTarget.Add(uint64(n)) }

// Snapshot returns all figures.
func (r *Recorder) Snapshot(now time.Time) Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := Stats{
		Requests: r.requests, Errors: r.errors, Slow: r.slow, Refused: r.refused, Running: len(r.running),
		Connections: int(r.connections.Load()), ToTarget: r.toTarget.Load(), FromTarget: r.fromTarget.Load(),
		Ended: make(map[Class]uint64, len(r.ended)), Recent: r.recent(now),
	}
	for class, n := range r.ended {
		out.Ended[class] = n
	}
	return out
}

func (r *Recorder) recent(now time.Time) Recent {
	var out Recent
	var all histogram
	for c := range r.running {
		if !c.judged && !c.asked.IsZero() && now.Sub(c.asked) > r.maxLatency {
			out.Requests++
			out.Bad++
		}
	}
	for second := now.Unix(); second > now.Unix()-slots && out.Requests < enough; second-- {
		s := &r.ring[uint64(second)%slots]
		if s.second != second {
			continue
		}
		out.Requests += s.requests
		out.Bad += s.bad
		all.merge(&s.latency)
	}
	out.P50, out.P90, out.P99 = all.quantile(0.5), all.quantile(0.9), all.quantile(0.99)
	return out
}
