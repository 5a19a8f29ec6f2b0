// Package tape keeps the recent samples, log lines and events of every
// component in memory and cuts windows from them.
//
// It owns the order of arrival: each thing that is added gets the next number
// of one sequence, and a reader's Cursor is a position in that sequence, so
// that everything is fresh exactly once for each reader. It does not collect
// anything, has no goroutines and calls nobody. A Tape may be used from several
// goroutines; one mutex guards it and is held for a copy at most.
package tape

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// Limits on what is kept of one component, whatever the retention.
const (
	MaxSamples   = 4096    // of one series: over an hour at 1 Hz
	MaxSeries    = 1200    // of one component
	MaxLines     = 100_000 // log lines not yet read by the slowest reader
	MaxLineBytes = 16 << 20
	MaxEvents    = 1024
)

// Signal describes one series of a component.
type Signal struct {
	Name  string
	Unit  string
	Kind  sdk.Kind
	Range *sdk.Range
}

// Sample is one value of a signal.
type Sample struct {
	Signal Signal
	Value  float64
}

// Tape is the memory of what was observed lately.
type Tape struct {
	mu      sync.Mutex
	seq     uint64
	clock   clock
	keep    time.Duration
	shelves map[string]*shelf
	links   []sdk.Link
	refused uint64
}

// shelf is what is kept of one component.
type shelf struct {
	series    map[string]*series
	names     []string
	lines     sliding[sdk.LogLine]
	lineBytes int
	events    sliding[sdk.Event]
}

type series struct {
	signal  Signal
	samples sliding[point]
}

type point struct {
	at    int64
	value float64
}

// New returns an empty tape that keeps samples for the given time at least,
// within MaxSamples.
func New(keep time.Duration) *Tape {
	return &Tape{keep: keep, shelves: map[string]*shelf{}}
}

// Keep lengthens the retention to d where it is shorter.
func (t *Tape) Keep(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.keep = max(t.keep, d)
}

// Components sets the components that are kept, and the links between them.
// What was kept of a component that is no longer named is dropped.
func (t *Tape) Components(names []string, links []sdk.Link) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.links = slices.Clone(links)
	for name := range t.shelves {
		if !slices.Contains(names, name) {
			delete(t.shelves, name)
		}
	}
	for _, name := range names {
		if t.shelves[name] == nil {
			t.shelves[name] = &shelf{series: map[string]*series{}}
		}
	}
}

// Names returns the components that are kept, in alphabetical order.
func (t *Tape) Names() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.names()
}

func (t *Tape) names() []string {
	names := make([]string, 0, len(t.shelves))
	for name := range t.shelves {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Batch is what was measured of one component.
type Batch struct {
	Component string
	Samples   []Sample
}

// Add adds samples, all taken now. Samples of unknown components, values that
// are not finite and series beyond MaxSeries are dropped.
func (t *Tape) Add(now Reading, batches ...Batch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := t.stamp(now)
	for _, b := range batches {
		if kept := t.shelves[b.Component]; kept != nil {
			t.addTo(kept, at, b.Samples)
		}
	}
}

func (t *Tape) addTo(kept *shelf, at int64, samples []Sample) {
	for _, s := range samples {
		if s.Value-s.Value != 0 { // an infinity or NaN
			continue
		}
		line := kept.line(s.Signal)
		if line == nil {
			t.refused++
			continue
		}
		t.seq++
		line.samples.push(t.seq, point{at, s.Value})
		line.trim(at - t.keep.Milliseconds())
	}
}

// line returns the series of a signal, nil when there is no room for one more.
func (k *shelf) line(s Signal) *series {
	if have := k.series[s.Name]; have != nil {
		return have
	}
	if len(k.series) >= MaxSeries {
		return nil
	}
	made := &series{signal: s}
	k.series[s.Name] = made
	at, _ := slices.BinarySearch(k.names, s.Name)
	k.names = slices.Insert(k.names, at, s.Name)
	return made
}

// trim drops what is older than since, except for the newest sample.
func (s *series) trim(since int64) {
	for s.samples.len() > 1 && (s.samples.first().at < since || s.samples.len() > MaxSamples) {
		s.samples.drop()
	}
}

// AddLines adds log lines of one component in the order in which they were
// read, and sets their time to now.
func (t *Tape) AddLines(now Reading, component string, lines []sdk.LogLine) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := time.UnixMilli(t.stamp(now))
	kept := t.shelves[component]
	if kept == nil {
		return
	}
	for _, line := range lines {
		line.Time, line.Component = at, component
		t.seq++
		kept.lines.push(t.seq, line)
		kept.lineBytes += len(line.Text)
	}
	kept.trimLines(at.Add(-t.keep))
}

// Lines returns the last n lines of a component at most, oldest first.
func (t *Tape) Lines(component string, n int) []sdk.LogLine {
	t.mu.Lock()
	defer t.mu.Unlock()
	kept := t.shelves[component]
	if kept == nil {
		return nil
	}
	live := kept.lines.live()
	live = live[max(len(live)-n, 0):]
	out := make([]sdk.LogLine, len(live))
	for i, line := range live {
		out[i] = line.item
	}
	return out
}

// trimLines drops lines that are older than since or beyond the room for them.
func (k *shelf) trimLines(since time.Time) {
	for k.lines.len() > 0 {
		first := k.lines.first()
		if k.lineBytes <= MaxLineBytes && k.lines.len() <= MaxLines && !first.Time.Before(since) {
			return
		}
		k.lineBytes -= len(first.Text)
		k.lines.drop()
	}
}

// AddEvent adds an event to its component; it reports false for a component
// that is not kept.
func (t *Tape) AddEvent(now Reading, e sdk.Event) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stamp(now)
	kept := t.shelves[e.Component]
	if kept == nil {
		return false
	}
	t.addEvent(kept, e)
	return true
}

func (t *Tape) addEvent(kept *shelf, e sdk.Event) {
	t.seq++
	kept.events.push(t.seq, e)
	for kept.events.len() > MaxEvents {
		kept.events.drop()
	}
}

// Refused is the number of samples that found no room for a further series.
func (t *Tape) Refused() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.refused
}

// stamp turns a reading of the clocks into the time of the next sample, and
// notes a step of the wall clock on every component.
func (t *Tape) stamp(now Reading) int64 {
	at, step := t.clock.read(now)
	if step == nil {
		return at
	}
	for _, name := range t.names() {
		kept := t.shelves[name]
		if step.by < 0 {
			kept.clear()
		}
		t.addEvent(kept, sdk.Event{
			Time: time.UnixMilli(at), Component: name, Type: sdk.EventClockStep, Text: step.String(),
		})
	}
	return at
}

// clear drops all samples: after a step back their times would lie ahead.
func (k *shelf) clear() {
	for _, s := range k.series {
		for s.samples.len() > 0 {
			s.samples.drop()
		}
	}
}

// Latest is the newest value of one series.
type Latest struct {
	Component string
	Signal    Signal
	Value     float64
	At        time.Time
}

// Latest returns the newest values of a component's series, ordered by name.
func (t *Tape) Latest(component string) []Latest {
	t.mu.Lock()
	defer t.mu.Unlock()
	kept := t.shelves[component]
	if kept == nil {
		return nil
	}
	out := make([]Latest, 0, len(kept.names))
	for _, name := range kept.names {
		s := kept.series[name]
		if s.samples.len() == 0 {
			continue
		}
		p := s.samples.last()
		out = append(out, Latest{component, s.signal, p.value, time.UnixMilli(p.at)})
	}
	return out
}

func (s step) String() string {
	if s.suspended > 0 {
		return fmt.Sprintf("the machine was suspended for %v", s.suspended.Round(time.Millisecond))
	}
	return fmt.Sprintf("the wall clock moved by %v against the monotonic clock", s.by.Round(time.Millisecond))
}
