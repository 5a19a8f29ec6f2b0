package observe

import (
	"errors"
	"time"

	"github.com/homeostat/homeostat/host/observe/tape"
	"github.com/homeostat/homeostat/sdk"
)

// FlushInterval is the time between two hand-overs to the sink: what a kill of
// the daemon loses at most.
const FlushInterval = 5 * time.Second

// flusher hands over to the sink what it has not had yet. Samples and events
// have cursors of their own, because the sink may take the one and refuse the
// other.
type flusher struct {
	observer *Observer
	samples  map[string]tape.Cursor
	events   map[string]tape.Cursor
	failing  bool
}

// flush hands samples and events to the sink until the Observer is closed, and
// then once more.
func (o *Observer) flush() {
	f := flusher{observer: o, samples: map[string]tape.Cursor{}, events: map[string]tape.Cursor{}}
	ticker := time.NewTicker(FlushInterval)
	defer ticker.Stop()
	for over := false; !over; {
		select {
		case <-o.ctx.Done():
			over = true
		case <-ticker.C:
		}
		f.report(f.once())
	}
}

// once hands over what is new of every component.
func (f *flusher) once() error { return errors.Join(f.handSamples(), f.handEvents()) }

func (f *flusher) handSamples() error {
	var series []sdk.Series
	moved := map[string]tape.Cursor{}
	for _, name := range f.observer.tape.Names() {
		w, next, _, ok := f.observer.tape.Cut(readClocks(), tape.Request{Component: name, From: f.samples[name], SeriesOnly: true})
		if ok {
			series = append(series, w.Series...)
			moved[name] = next
		}
	}
	if len(series) == 0 {
		return nil
	}
	if err := f.observer.opts.Sink.AppendSeries(series); err != nil {
		return err
	}
	f.samples = moved
	return nil
}

func (f *flusher) handEvents() error {
	var events []sdk.Event
	moved := map[string]tape.Cursor{}
	for _, name := range f.observer.tape.Names() {
		some, next := f.observer.tape.Events(name, f.events[name])
		events = append(events, some...)
		moved[name] = next
	}
	if len(events) == 0 {
		return nil
	}
	if err := f.observer.opts.Sink.AppendEvents(events); err != nil {
		return err
	}
	f.events = moved
	return nil
}

// report logs when the sink begins and ends to refuse.
func (f *flusher) report(err error) {
	if err != nil && !f.failing {
		f.observer.log.Warn("history does not take samples, they are handed over again until it does", "error", err)
	}
	if err == nil && f.failing {
		f.observer.log.Info("history takes samples again")
	}
	f.failing = err != nil
}
