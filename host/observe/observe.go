// Package observe turns what happens on the machine into signals, log lines and
// events, and hands them to detectors as windows.
//
// It owns sampling (processes, host, probes, scraped metrics, log files) and
// the delivery of windows to feeds. It does not judge anything, does not know
// plugins, and starts or stops no component. An Observer may be used from
// several goroutines. Each feed has a goroutine of its own, so that a slow
// detector delays neither sampling nor another feed; Close waits for all.
package observe

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/observe/follow"
	"github.com/homeostat/homeostat/host/observe/tape"
	"github.com/homeostat/homeostat/sdk"
)

// How often signals are taken. What needs a walk over many files is taken at
// every second sample.
const (
	SampleInterval = time.Second
	dearEvery      = 2
)

// Retention bounds how long samples are kept in memory.
const (
	minKeep     = 5 * time.Minute
	MaxLookback = time.Hour
)

// Component is one component as far as it is observed.
type Component struct {
	Name string
	// Logs are absolute paths of its log files.
	Logs []string
	// Scrape is the address of its metrics in Prometheus' text format, or empty.
	Scrape string
	// ScrapeInterval is the time between two looks at them; default 5 s.
	ScrapeInterval time.Duration
}

// Source tells what is known of components at this moment. Both methods must
// answer quickly and may be called from several goroutines.
type Source interface {
	// Processes returns the live processes of a component.
	Processes(component string) []int
	// Status returns the state of a component, false where it is unknown.
	Status(component string) (sdk.ComponentStatus, bool)
}

// Sink keeps what was observed. A call that fails is repeated with the same
// data and more; series hold fresh samples only.
type Sink interface {
	AppendSeries(series []sdk.Series) error
	AppendEvents(events []sdk.Event) error
}

// Options are what an Observer needs.
type Options struct {
	Log    hclog.Logger
	Source Source
	// Sink receives the samples and events every FlushInterval; nil keeps none.
	Sink Sink
	// StateDir holds the positions in log files; empty keeps none, so that
	// followers begin at the end of each file.
	StateDir string
	// Mounts are the mount points whose use is watched; empty means the root and
	// that of StateDir.
	Mounts []string
}

// Observer collects signals and delivers windows.
type Observer struct {
	log    hclog.Logger
	opts   Options
	tape   *tape.Tape
	ctx    context.Context // the Observer's own life, ended by Close
	cancel context.CancelFunc
	wait   sync.WaitGroup

	mu         sync.Mutex
	components []Component
	feeds      map[string]*feed
	probes     map[string]probeState
	scrapers   map[string]*scraping

	logs  *logBook
	files *follow.Set
}

// New returns an Observer that observes nothing yet.
func New(opts Options) *Observer {
	ctx, cancel := context.WithCancel(context.Background())
	o := &Observer{
		log: opts.Log, opts: opts, tape: tape.New(minKeep), ctx: ctx, cancel: cancel,
		feeds: map[string]*feed{}, probes: map[string]probeState{}, scrapers: map[string]*scraping{},
	}
	o.logs = newLogBook(o)
	o.files = follow.New(follow.Options{Log: opts.Log, Sink: o.logs, StateFile: positions(opts.StateDir)})
	return o
}

// Apply sets what is observed, at the start and after a reload. Components that
// stay the same keep their samples; those that are gone are forgotten.
func (o *Observer) Apply(components []Component, links []sdk.Link) {
	names := []string{sdk.HostComponent}
	for _, c := range components {
		names = append(names, c.Name)
	}
	o.tape.Components(names, links)
	o.mu.Lock()
	o.components = slices.Clone(components)
	for key := range o.probes {
		if !slices.Contains(names, o.probes[key].component) {
			delete(o.probes, key)
		}
	}
	o.mu.Unlock()
	o.logs.keep(names)
	o.scrape(components)
	o.files.Apply(logFiles(components))
}

// Start begins to sample. It is called once.
func (o *Observer) Start() {
	o.spawn(o.sample)
	o.spawn(o.measureDisks)
	if o.opts.Sink != nil {
		o.spawn(o.flush)
	}
}

// Close ends sampling and delivery, hands the last samples to the sink and
// waits for every goroutine.
func (o *Observer) Close() {
	o.files.Close()
	o.cancel()
	o.wait.Wait()
}

// spawn runs f until it returns; f ends with the Observer's context.
func (o *Observer) spawn(f func()) {
	o.wait.Add(1)
	go func() {
		defer o.wait.Done()
		f()
	}()
}

// Lines returns the last n log lines of a component at most, oldest first.
func (o *Observer) Lines(component string, n int) []sdk.LogLine { return o.tape.Lines(component, n) }

// Signals returns the newest value of every signal of a component.
func (o *Observer) Signals(component string) []tape.Latest { return o.tape.Latest(component) }

// Event takes in what happened to a component. A probe's answer becomes
// samples of its latency and success, and reaches the detectors as an event
// only when its verdict changed. What must not wait is pushed: see pushes.
func (o *Observer) Event(e sdk.Event) {
	now := readClocks()
	if e.Type == sdk.EventProbe && e.Probe != nil {
		o.tape.Add(now, tape.Batch{Component: e.Component, Samples: probeSamples(*e.Probe)})
		if !o.verdictChanged(e) {
			return
		}
	}
	if !o.tape.AddEvent(now, e) {
		o.log.Warn("event of an unknown component dropped", "component", e.Component, "type", e.Type)
		return
	}
	if pushes(e.Type) {
		o.push(e.Component)
	}
}

// push asks every feed for windows of components at once.
func (o *Observer) push(components ...string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, f := range o.feeds {
		for _, c := range components {
			f.push(c)
		}
	}
}

// pushes reports whether an event calls for a window at once.
func pushes(t sdk.EventType) bool {
	switch t {
	case sdk.EventExited, sdk.EventProbe, sdk.EventStarted, sdk.EventAdopted, sdk.EventReady, sdk.EventStopped,
		sdk.EventCouldNotStop, sdk.EventPluginBlind, sdk.EventPluginSeeing:
		return true
	}
	return false
}

// probeState is the last verdict that was delivered of one probe.
type probeState struct {
	component  string
	generation uint64
	verdict    sdk.Verdict
}

func (o *Observer) verdictChanged(e sdk.Event) bool {
	now := probeState{e.Component, e.Generation, e.Probe.Verdict}
	key := e.Component + "\x00" + e.Probe.Name
	o.mu.Lock()
	defer o.mu.Unlock()
	before, known := o.probes[key]
	o.probes[key] = now
	return !known || before != now
}

// AddFeed begins to deliver windows to a feed. The returned function ends it
// and waits for a delivery under way.
func (o *Observer) AddFeed(f Feed) (remove func(), err error) {
	if f.Interval < 10*time.Millisecond || f.Lookback < 0 || f.Lookback > MaxLookback {
		return nil, fmt.Errorf("add feed %s: interval %v is below 10ms or look-back %v is outside 0 to %v",
			f.Name, f.Interval, f.Lookback, MaxLookback)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.feeds[f.Name] != nil {
		return nil, fmt.Errorf("add feed %s: there is one of that name", f.Name)
	}
	o.tape.Keep(f.Lookback + 4*f.Interval)
	made := newFeed(o, f)
	o.feeds[f.Name] = made
	o.spawn(made.run)
	return func() {
		o.mu.Lock()
		delete(o.feeds, f.Name)
		o.mu.Unlock()
		made.cancel()
		<-made.done
	}, nil
}

// Resume delivers to a feed at once what its callback refused earlier, for
// example when its plugin is ready again.
func (o *Observer) Resume(feed string) {
	o.mu.Lock()
	f := o.feeds[feed]
	o.mu.Unlock()
	if f == nil {
		return
	}
	for _, name := range o.tape.Names() {
		f.push(name)
	}
}
