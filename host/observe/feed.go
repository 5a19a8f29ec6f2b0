package observe

import (
	"context"
	"sync"
	"time"

	"github.com/homeostat/homeostat/host/observe/tape"
	"github.com/homeostat/homeostat/sdk"
)

// retryFirst is the wait before a refused window is delivered again; it doubles
// up to the feed's interval.
const retryFirst = 500 * time.Millisecond

// Feed is one reader of windows, normally one detector.
type Feed struct {
	// Name identifies the feed.
	Name string
	// Lookback is how much of the past comes along with each window.
	Lookback time.Duration
	// Interval is the time between two windows of a component.
	Interval time.Duration
	// Deliver hands over one window. An error means that the window was not
	// judged: its fresh part is fresh again in the next one. It is called from
	// one goroutine, and the context ends with the feed.
	Deliver func(ctx context.Context, feed string, w sdk.Window) error
}

// feed delivers the windows of one Feed.
type feed struct {
	Feed
	observer *Observer
	ctx      context.Context // the feed's own life
	cancel   context.CancelFunc
	done     chan struct{}
	wake     chan struct{}
	begin    tape.Cursor

	// Touched by run's goroutine alone.
	cursors map[string]tape.Cursor
	due     []string
	refused map[string]bool
	retry   *time.Timer
	backoff time.Duration

	mu     sync.Mutex
	pushed []string
}

func newFeed(o *Observer, f Feed) *feed {
	ctx, cancel := context.WithCancel(o.ctx)
	retry := time.NewTimer(time.Hour)
	retry.Stop()
	return &feed{
		Feed: f, observer: o, ctx: ctx, cancel: cancel,
		done: make(chan struct{}), wake: make(chan struct{}, 1), begin: o.tape.Start(readClocks()),
		cursors: map[string]tape.Cursor{}, refused: map[string]bool{}, retry: retry, backoff: retryFirst,
	}
}

// push asks for a window of a component at once. Several requests before the
// feed comes to it are one.
func (f *feed) push(component string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, have := range f.pushed {
		if have == component {
			return
		}
	}
	f.pushed = append(f.pushed, component)
	select {
	case f.wake <- struct{}{}:
	default: // run has not yet looked at the earlier request
	}
}

// run delivers windows until the feed's context ends.
func (f *feed) run() {
	defer close(f.done)
	defer f.retry.Stop()
	ticker := time.NewTicker(f.Interval)
	defer ticker.Stop()
	for {
		select {
		case <-f.ctx.Done():
			return
		case <-f.wake:
		case <-ticker.C:
			f.due = f.observer.tape.Names()
			f.prune()
		case <-f.retry.C:
			for name := range f.refused {
				f.push(name)
			}
		}
		for f.next() {
		}
	}
}

// next delivers one window, what was pushed before what is due, and reports
// whether there may be another.
func (f *feed) next() bool {
	if f.ctx.Err() != nil {
		return false
	}
	if name, ok := f.takePushed(); ok {
		f.deliver(name, sdk.ReasonEvent)
		return true
	}
	if len(f.due) == 0 {
		return false
	}
	name := f.due[0]
	f.due = f.due[1:]
	f.deliver(name, sdk.ReasonInterval)
	return true
}

func (f *feed) takePushed() (string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.pushed) == 0 {
		return "", false
	}
	name := f.pushed[0]
	f.pushed = f.pushed[1:]
	return name, true
}

// deliver cuts the window of a component and hands it over. The cursor moves
// only when the callback took the window.
func (f *feed) deliver(component string, reason sdk.WindowReason) {
	from, known := f.cursors[component]
	if !known {
		from = f.begin
	}
	w, next, more, ok := f.observer.tape.Cut(readClocks(), tape.Request{
		Component: component, From: from, Lookback: f.Lookback,
	})
	if !ok {
		return
	}
	w.Reason = reason
	w.Status = f.observer.status(component)
	if err := f.Deliver(f.ctx, f.Name, w); err != nil {
		f.refuse(component, err)
		return
	}
	f.cursors[component] = next
	delete(f.refused, component)
	f.backoff = retryFirst
	if more {
		f.push(component)
	}
}

// refuse arranges for another delivery after a wait.
func (f *feed) refuse(component string, err error) {
	f.observer.log.Debug("window not taken, delivered again later",
		"feed", f.Name, "component", component, "retry", f.backoff, "error", err)
	f.refused[component] = true
	f.retry.Reset(f.backoff)
	f.backoff = min(2*f.backoff, max(f.Interval, retryFirst))
}

// prune forgets components that are no longer observed.
func (f *feed) prune() {
	kept := map[string]bool{}
	for _, name := range f.due {
		kept[name] = true
	}
	for name := range f.cursors {
		if !kept[name] {
			delete(f.cursors, name)
			delete(f.refused, name)
		}
	}
}

// status asks the source for a component's state; the host itself is always up.
func (o *Observer) status(component string) sdk.ComponentStatus {
	if component == sdk.HostComponent {
		return sdk.ComponentStatus{Name: component, Kind: "host", State: sdk.StateUp}
	}
	s, ok := o.opts.Source.Status(component)
	if !ok {
		return sdk.ComponentStatus{Name: component, State: sdk.StateUnknown}
	}
	return s
}
