package component

import (
	"sync"
)

// dispatcher hands events to the sink one after the other, in the order in which they were queued, from one goroutine.
// So nobody who queues holds up a lock while the sink works, and the sink may call the set.
type dispatcher struct {
	sink  func(Event)
	ended chan struct{}

	mu     sync.Mutex
	more   *sync.Cond
	queue  []Event // under mu
	closed bool    // under mu
}

// queueMax bounds the events that wait for a slow sink. Beyond it probe results that changed nothing are dropped;
// everything else is kept.
const queueMax = 4096

func newDispatcher(sink func(Event)) *dispatcher {
	d := &dispatcher{sink: sink, ended: make(chan struct{})}
	d.more = sync.NewCond(&d.mu)
	go d.run()
	return d
}

// run ends when close was called and all events are handed on.
func (d *dispatcher) run() {
	defer close(d.ended)
	for {
		d.mu.Lock()
		for len(d.queue) == 0 && !d.closed {
			d.more.Wait()
		}
		batch := d.queue
		d.queue = nil
		d.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		for _, e := range batch {
			d.sink(e)
		}
	}
}

func (d *dispatcher) emit(e Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || len(d.queue) >= queueMax && e.Probe != nil && !e.Probe.Changed {
		return
	}
	d.queue = append(d.queue, e)
	d.more.Signal()
}

// close waits until the sink has been handed what was queued.
func (d *dispatcher) close() {
	d.mu.Lock()
	d.closed = true
	d.more.Signal()
	d.mu.Unlock()
	<-d.ended
}
