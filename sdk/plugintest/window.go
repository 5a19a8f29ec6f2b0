package plugintest

import (
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// Epoch is the end of the first window that a Builder makes.
var Epoch = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// Step is the time between two samples of a Builder's signals.
const Step = time.Second

// Builder puts a window together. Its methods return it, to be chained.
type Builder struct{ w sdk.Window }

// Window begins a window of a component that is up and ends at Epoch.
func Window(component string) *Builder {
	return &Builder{w: sdk.Window{
		Component: component, Reason: sdk.ReasonInterval, Start: Epoch.Add(-time.Minute), End: Epoch,
		Status: sdk.ComponentStatus{Name: component, Kind: "command", State: sdk.StateUp, Since: Epoch.Add(-time.Hour), PID: 4711, Generation: 1},
	}}
}

// At moves the end of the window, and with it the samples that follow, to a time
// after Epoch.
func (b *Builder) At(after time.Duration) *Builder {
	b.w.Start, b.w.End = Epoch.Add(after-time.Minute), Epoch.Add(after)
	return b
}

// Gauge adds a signal of the component, one value for each Step, the last at the
// end of the window. All samples are fresh.
func (b *Builder) Gauge(name, unit string, values ...float64) *Builder {
	times := make([]int64, len(values))
	for i := range times {
		times[i] = b.w.End.Add(-Step * time.Duration(len(values)-1-i)).UnixMilli()
	}
	b.w.Series = append(b.w.Series, sdk.Series{
		Component: b.w.Component, Name: name, Unit: unit, Kind: sdk.Gauge, Times: times, Values: values,
	})
	return b
}

// Log adds lines of the component's log at the end of the window.
func (b *Builder) Log(lines ...string) *Builder {
	for _, line := range lines {
		b.w.Logs = append(b.w.Logs, sdk.LogLine{Time: b.w.End, Component: b.w.Component, Source: "test.log", Text: line})
	}
	return b
}

// Event adds an event of the component at the end of the window, which becomes
// its reason.
func (b *Builder) Event(e sdk.Event) *Builder {
	e.Time, e.Component = b.w.End, b.w.Component
	b.w.Reason = sdk.ReasonEvent
	b.w.Events = append(b.w.Events, e)
	return b
}

// Build returns the window.
func (b *Builder) Build() sdk.Window { return b.w }
