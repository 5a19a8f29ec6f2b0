package proxy

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/breaker"
	"github.com/homeostat/homeostat/host/component/process"
	"github.com/homeostat/homeostat/host/proxy/circuit"
	"github.com/homeostat/homeostat/host/proxy/control"
)

const (
	// askEvery is the time between two looks at a proxy, askTime how long an
	// answer may take; after maxMisses of none the proxy is taken for hung.
	askEvery  = time.Second
	askTime   = time.Second
	maxMisses = 3
	// A proxy that ends is replaced at once; one that keeps ending, or that
	// cannot start, at growing intervals.
	firstPause, lastPause = 50 * time.Millisecond, 10 * time.Second
	// steady is how long a proxy has to run until its end is no part of a row.
	steady = 2 * time.Second
)

// keeper is the goroutine of one link.
type keeper struct {
	set    *Set
	link   Link
	name   string // of its files
	log    hclog.Logger
	client *control.Client
	ctx    context.Context // ended by end, and with the Set
	cancel context.CancelFunc
	done   chan struct{}

	orders sync.Mutex // one order at a time

	mu      sync.Mutex
	record  record         // under mu
	status  control.Status // under mu
	running bool           // under mu
	problem string         // under mu
}

// keep begins to keep a link. The caller holds the Set's mu.
func (s *Set) keep(l Link) *keeper {
	name := fileName(l.From, l.To)
	ctx, cancel := context.WithCancel(s.ctx)
	k := &keeper{
		set: s, link: l, name: name, log: s.opt.Log.With("link", l.Name()), client: control.NewClient(s.socket(name)),
		ctx: ctx, cancel: cancel, done: make(chan struct{}), problem: "starting",
	}
	var err error
	if k.record, err = s.load(name); err != nil {
		k.log.Warn("what was known of the link is lost, it begins closed", "error", err)
	}
	k.status.Circuit.State = k.record.Wanted.State
	go k.run()
	return k
}

// end stops to keep the link and leaves its proxy alone.
func (k *keeper) end() {
	k.cancel()
	<-k.done
}

// run ends with the keeper's context.
func (k *keeper) run() {
	defer close(k.done)
	defer k.cancel()
	defer k.client.Close()
	pause := time.Duration(0)
	for k.ctx.Err() == nil {
		began := time.Now()
		h, err := k.obtain()
		if err == nil {
			k.follow(h)
			h.Close()
		} else {
			k.cannot(err)
		}
		if pause = next(pause, time.Since(began), err); pause > 0 {
			k.sleep(pause)
		}
	}
}

// next returns how long to wait before another proxy is started.
func next(pause, lived time.Duration, err error) time.Duration {
	switch {
	case err == nil && lived >= steady:
		return 0
	case pause == 0:
		return firstPause
	}
	return min(2*pause, lastPause)
}

func (k *keeper) sleep(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-k.ctx.Done():
	}
}

// cannot says once why no proxy runs.
func (k *keeper) cannot(err error) {
	if k.ctx.Err() != nil {
		return
	}
	k.mu.Lock()
	known := k.problem == err.Error()
	k.running, k.problem = false, err.Error()
	k.mu.Unlock()
	if !known {
		k.tell("failed", err.Error()+"; trying again", 0)
	}
}

// follow watches a proxy until it ends or the keeper does.
func (k *keeper) follow(h *process.Handle) {
	clock := time.NewTicker(askEvery)
	defer clock.Stop()
	misses := 0
	for {
		if k.ask() {
			misses = 0
		} else if misses++; misses == maxMisses {
			k.tell("hung", fmt.Sprintf("process %d has not answered %d times, killing it", h.ID().PID, misses), h.ID().PID)
			_ = h.Signal(syscall.SIGKILL) // gone already is as good
		}
		select {
		case <-k.ctx.Done():
			return
		case <-h.Done():
			k.gone(h)
			return
		case <-clock.C:
		}
	}
}

// gone says that the proxy has ended.
func (k *keeper) gone(h *process.Handle) {
	text := fmt.Sprintf("process %d has ended (%s), starting another", h.ID().PID, h.Exit())
	k.mu.Lock()
	k.running, k.problem = false, text
	k.mu.Unlock()
	k.tell("ended", text, h.ID().PID)
}

// ask looks at the proxy once and reports whether it has answered.
func (k *keeper) ask() bool {
	ctx, cancel := context.WithTimeout(k.ctx, askTime)
	defer cancel()
	s, err := k.client.Status(ctx)
	if err != nil {
		return k.ctx.Err() != nil
	}
	k.took(s)
	k.set.opt.Measured(s)
	return true
}

// took takes an answer in. What the link did by itself becomes what is wanted:
// a proxy that dies is to come back in the state in which it was.
func (k *keeper) took(s control.Status) {
	k.mu.Lock()
	before := k.status.Circuit
	k.status, k.running, k.problem = s, true, ""
	// An answer from before an order that is on its way says nothing.
	wanted := k.record.Wanted
	closed := s.Circuit.State == breaker.Closed && opened(wanted.State) && s.Circuit.Since.After(wanted.Since)
	if closed {
		k.record.Wanted = circuit.Order{State: breaker.Closed, Since: s.Circuit.Since}
	}
	rec := k.record
	k.mu.Unlock()
	if closed {
		k.keepRecord(rec)
	}
	if before.State != s.Circuit.State && (before.State != "" || opened(s.Circuit.State)) {
		k.tell(string(s.Circuit.State), sentence(s.Circuit), s.PID)
	}
}

func sentence(c circuit.Status) string {
	text := map[breaker.State]string{
		breaker.Closed: "everything passes again", breaker.HalfOpen: "one request at a time is let through as a trial",
		breaker.Open: "callers are refused at once",
	}[c.State]
	if c.Reason != "" {
		text += ": " + c.Reason
	}
	if !c.TryAt.IsZero() {
		text += "; next trial at " + c.TryAt.UTC().Format(time.TimeOnly)
	}
	return text
}

// order carries an order out.
func (k *keeper) order(ctx context.Context, o circuit.Order) (control.Status, error) {
	k.orders.Lock()
	defer k.orders.Unlock()
	k.mu.Lock()
	before := k.record
	k.record.Wanted = o
	rec := k.record
	k.mu.Unlock()
	if err := k.set.save(k.name, rec); err != nil {
		k.restore(before)
		return control.Status{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	s, err := k.client.Obey(ctx, o)
	if err != nil {
		k.restore(before)
		return s, fmt.Errorf("order link %s: %w: %w", k.link.Name(), ErrDown, err)
	}
	k.took(s)
	return s, nil
}

// restore takes back an order that the proxy did not hear.
func (k *keeper) restore(before record) {
	k.mu.Lock()
	k.record.Wanted = before.Wanted
	rec := k.record
	k.mu.Unlock()
	k.keepRecord(rec)
}

func (k *keeper) keepRecord(r record) {
	if err := k.set.save(k.name, r); err != nil {
		k.log.Warn("a new proxy would not know in which state the link is", "error", err)
	}
}

func (k *keeper) state() State {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := State{Spec: k.link.Spec, Running: k.running, Status: k.status, Problem: k.problem}
	if s.Status.Circuit.State == "" {
		s.Status.Circuit.State = breaker.Closed
	}
	return s
}

func (k *keeper) tell(what, text string, pid int) {
	k.set.opt.Tell(Event{At: time.Now(), From: k.link.From, To: k.link.To, What: what, Text: text, PID: pid})
}
