// Package forward passes TCP connections or HTTP requests on to a target, within
// the bounds of a link.
//
// It owns connections, bounds, fail-fast answers and the ending of what runs. The
// circuit decides what may pass, the recorder counts it. A Forwarder may be used
// from several goroutines; Close waits for every goroutine that it has started.
package forward

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/homeostat/homeostat/host/breaker"
	"github.com/homeostat/homeostat/host/proxy/circuit"
	"github.com/homeostat/homeostat/host/proxy/spec"
	"github.com/homeostat/homeostat/host/proxy/stats"
)

// Forwarder is one link's. Use New.
type Forwarder struct {
	spec    spec.Spec
	circuit *circuit.Circuit
	stats   *stats.Recorder
	dialer  net.Dialer

	ctx    context.Context // the life of all that runs, ended by Close
	cancel context.CancelFunc
	wait   sync.WaitGroup

	mu       sync.Mutex
	running  map[*run]struct{} // under mu
	draining bool              // under mu
	drained  chan struct{}     // closed when nothing runs any more, once draining
	cuts     []*time.Timer     // under mu
}

// New returns a Forwarder of the spec, which has been checked.
func New(s spec.Spec, c *circuit.Circuit, r *stats.Recorder) *Forwarder {
	ctx, cancel := context.WithCancel(context.Background())
	return &Forwarder{
		spec: s, circuit: c, stats: r, ctx: ctx, cancel: cancel, dialer: net.Dialer{Timeout: s.DialTimeout},
		running: map[*run]struct{}{}, drained: make(chan struct{}),
	}
}

// Serve accepts callers until the listener is closed.
func (f *Forwarder) Serve(l net.Listener) error {
	if f.spec.Type == spec.HTTP {
		return f.serveHTTP(l)
	}
	return f.serveTCP(l)
}

// Obey carries an order to the circuit out. When it opens the link, what runs
// may go on for the link's drain time and is cut then: a caller that waits for a
// target that does not answer would gain nothing from the open link.
func (f *Forwarder) Obey(o circuit.Order, now time.Time) {
	f.circuit.Obey(o, now)
	generation := f.circuit.Status(now).Generation
	if o.State == breaker.Closed {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wait.Add(1)
	f.cuts = append(f.cuts, time.AfterFunc(f.spec.Drain, func() {
		defer f.wait.Done()
		f.cut(func(r *run) bool { return r.generation < generation })
	}))
}

// Drain waits until nothing runs, for the link's drain time at the most, and
// cuts what is left then. The listener must be closed before.
func (f *Forwarder) Drain() {
	f.beginDrain()
	timer := time.NewTimer(f.spec.Drain)
	defer timer.Stop()
	select {
	case <-f.drained:
	case <-timer.C:
	}
}

func (f *Forwarder) beginDrain() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.draining = true
	if len(f.running) == 0 {
		f.signal()
	}
}

// Close cuts all that runs and waits for it.
func (f *Forwarder) Close() {
	f.mu.Lock()
	for _, timer := range f.cuts {
		if timer.Stop() {
			f.wait.Done()
		}
	}
	f.cuts = nil
	f.mu.Unlock()
	f.cancel()
	f.cut(func(*run) bool { return true })
	f.beginDrain()
	<-f.drained
	f.wait.Wait()
}

// signal says once that nothing runs any more; the caller holds mu.
func (f *Forwarder) signal() {
	select {
	case <-f.drained:
	default:
		close(f.drained)
	}
}

// errCut is the cause that ends what runs on a link that was opened.
var errCut = errors.New("the link was opened")

// errTrial is the cause that ends a trial without an answer in time.
var errTrial = errors.New("the trial took too long")

// run is one connection or request under way, with how to end it.
type run struct {
	generation uint64
	cut        func(error)
}

func (f *Forwarder) enter(r *run) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running[r] = struct{}{}
}

func (f *Forwarder) leave(r *run) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.running, r)
	if f.draining && len(f.running) == 0 {
		f.signal()
	}
}

// cut ends what the filter chooses.
func (f *Forwarder) cut(chosen func(*run) bool) {
	var list []*run
	f.mu.Lock()
	for r := range f.running {
		if chosen(r) {
			list = append(list, r)
		}
	}
	f.mu.Unlock()
	for _, r := range list {
		r.cut(errCut)
	}
}

// dial connects to the target.
func (f *Forwarder) dial(ctx context.Context) (*net.TCPConn, error) {
	c, err := f.dialer.DialContext(ctx, "tcp", f.spec.Target)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", f.spec.Target, err)
	}
	return c.(*net.TCPConn), nil
}

// verdict gives a pass back once, whatever is heard first.
type verdict struct {
	once sync.Once
	pass circuit.Pass
}

func (v *verdict) succeed() { v.once.Do(func() { v.pass.Succeed(time.Now()) }) }

func (v *verdict) fail() { v.once.Do(func() { v.pass.Fail(time.Now()) }) }

func (v *verdict) cancel() { v.once.Do(v.pass.Cancel) }

// after says how a run ended where no answer has decided already: a failure of
// the target or an answer that never came in time against it, a caller who left
// early for nothing.
func (v *verdict) after(class stats.Class, late bool) {
	switch {
	case class == stats.OK && !late:
		v.succeed()
	case class == stats.Abandoned && !late || class == stats.Cut || class == stats.OK:
		v.cancel()
	default:
		v.fail()
	}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}
