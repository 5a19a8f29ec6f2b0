package component

import (
	"sync"
	"time"

	"github.com/homeostat/homeostat/host/component/probe"
	"github.com/homeostat/homeostat/host/component/process"
)

// EventType says what happened.
type EventType string

// The types of events.
const (
	// Started: the host started the process.
	Started EventType = "started"
	// Adopted: the host found the process running and watches it from now on.
	Adopted EventType = "adopted"
	// StartFailed: the process could not be started; Text says why.
	StartFailed EventType = "start_failed"
	// Ready: all probes have passed since the start; a component without probes is ready when it runs.
	Ready EventType = "ready"
	// Exited: the process ended without an order of the host.
	Exited EventType = "exited"
	// Probed: a probe has finished an attempt, or its verdict changed.
	Probed EventType = "probe"
	// Stopping: an order to stop or restart has begun.
	Stopping EventType = "stopping"
	// Stopped: the order has ended the process, with proof.
	Stopped EventType = "stopped"
	// CouldNotStop: the order has not; Text says what remains.
	CouldNotStop EventType = "could_not_stop"
	// Reloaded: the process was told to read its configuration again.
	Reloaded EventType = "reloaded"
)

// Event is one thing that happened to a component.
type Event struct {
	Time      time.Time
	Component string
	Type      EventType
	// Generation counts the processes of the component, started or adopted, over all runs of the daemon.
	Generation int
	PID        int
	// Exit is set for Exited and, where the process was watched to its end, Stopped.
	Exit *process.Exit
	// Probe is set for Probed.
	Probe *probe.Report
	// Text explains, for people: the reason of an order, or what went wrong.
	Text string
}

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
