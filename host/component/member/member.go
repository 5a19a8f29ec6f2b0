// Package member owns the life of one component: finding its process again, starting it, following it to its end,
// carrying out orders, and asking whether it answers. What a component is made of and what is told of it are its types
// too; package component passes them on under its own name, and is what everybody else uses.
//
// Concurrency: all methods of a Member may be called by any goroutine. Orders take turns; Status never waits for one.
package member

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/component/declared"
	"github.com/homeostat/homeostat/host/component/ledger"
	"github.com/homeostat/homeostat/host/component/probe"
	"github.com/homeostat/homeostat/host/component/process"
)

// Home is what a member needs of the set that it belongs to. All fields are set.
type Home struct {
	Log    hclog.Logger
	Ledger ledger.Ledger
	// Output is the folder of the output files.
	Output string
	// Mark is the beginning of every environment mark of the set, "HOMEOSTAT_INSTANCE=…/".
	Mark string
	// Life ends the orders of all members.
	Life context.Context
	// Emit takes an event. It does not block and calls nobody back.
	Emit func(Event)
	// Peer returns another member of the set.
	Peer func(name string) (*Member, bool)
	// Asked says what a person was asked about starting a component and has not said yes to, empty for nothing.
	Asked func(name string) string
	// Step is called between the steps of a start or stop, so that the tests can end the daemon at each of them.
	Step func(step string)
}

// Member is one component. Its orders take turns; its state is under mu, which is never held while anything outside
// this package is called, Emit apart.
type Member struct {
	home Home
	name string
	log  hclog.Logger
	turn chan struct{} // holds one: whoever takes it carries out an order

	life     context.Context // of orders; ends when the member leaves the set
	end      context.CancelFunc
	watching context.Context // of the goroutines in work; ends after the last order
	unwatch  context.CancelFunc
	work     sync.WaitGroup

	mu      sync.Mutex
	spec    declared.Spec
	record  ledger.Record
	state   State
	text    string
	hold    *process.Handle // of the main process; nil when none is followed
	gone    chan struct{}   // closed when the end of hold was noted; nil without hold
	exit    *process.Exit   // how the newest process ended, until the next one
	ordered bool            // an order is ending the process
	passed  map[string]bool // probes that passed since the start
	fresh   bool            // this daemon began the start, so readiness teaches something
	bearing bool            // an order is starting a process by way of others
	kept    string          // why this daemon has not started it; empty when it has, or was ordered to
	added   time.Time       // when the member came into the set
	watches []*probe.Watch
	probing int           // counts the sets of watches
	changed chan struct{} // closed and replaced whenever state changes
}

// New returns a member that does nothing yet: Begin brings it to life, and Leave ends it in any case.
func New(home Home, spec declared.Spec) *Member {
	m := &Member{
		home: home, name: spec.Name, log: home.Log.With("component", spec.Name), turn: make(chan struct{}, 1),
		spec: spec, state: IsStopped, changed: make(chan struct{}), added: time.Now(),
	}
	r, err := home.Ledger.Load(spec.Name)
	if err != nil {
		// Whatever runs is still found by its mark; what was learned is lost.
		m.log.Warn("the record of a component cannot be read, a new one is begun", "error", err)
	}
	m.record = r
	if !r.Unwanted {
		m.state = IsStarting
	}
	m.life, m.end = context.WithCancel(home.Life)
	m.watching, m.unwatch = context.WithCancel(context.Background())
	m.watches = m.newWatches(spec)
	return m
}

// Name returns the name of the component.
func (m *Member) Name() string { return m.name }

// Outputs returns the files that the component's processes and commands write to.
func (m *Member) Outputs() []string { return []string{m.outputPath(), m.commandsPath()} }

// Spec returns the present spec.
func (m *Member) Spec() declared.Spec {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.spec
}

// enter takes the member's turn for an order.
func (m *Member) enter(ctx context.Context) error {
	select {
	case m.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (m *Member) exitTurn() { <-m.turn }

// become changes the state; the caller holds mu.
func (m *Member) become(state State, text string) {
	m.text = text
	if m.state == state {
		return
	}
	m.state = state
	close(m.changed)
	m.changed = make(chan struct{})
}

// save writes the record; the caller holds mu. A record that cannot be written (a full disk) must not keep a service
// down, so it is told and the work goes on; the mark in the environment still finds the process.
func (m *Member) save() {
	if err := m.home.Ledger.Save(m.name, m.record); err != nil {
		m.log.Error("the record of a component cannot be written, it is found by its mark instead", "error", err)
	}
}

// emit queues an event of the present generation; the caller holds mu.
func (m *Member) emit(e Event) {
	e.Time, e.Component, e.Generation = time.Now(), m.name, m.record.Generation
	if e.PID == 0 {
		e.PID = m.record.Main.PID
	}
	m.home.Emit(e)
}

// follow takes a process as the present one and begins to watch it. The caller holds mu and has set what the record says of
// the process beside Main and Phase.
func (m *Member) follow(h *process.Handle) {
	m.record.Main, m.record.Last, m.record.Phase, m.kept = h.ID(), h.ID(), ledger.Running, ""
	m.hold, m.gone, m.exit = h, make(chan struct{}), nil
	m.passed = make(map[string]bool)
	m.save()
	if m.record.Answered {
		m.become(IsUp, "")
	} else {
		m.become(IsStarting, "")
	}
	for _, w := range m.watches {
		w.Follow(m.record.Generation, m.graceEnds())
	}
	m.considerReady()
	m.work.Go(func() { m.await(h, m.gone) })
}

func (m *Member) graceEnds() time.Time {
	if m.record.Answered {
		return time.Time{}
	}
	return m.record.GraceEnds
}

// await ends when the process ends or the member leaves the set.
func (m *Member) await(h *process.Handle, gone chan struct{}) {
	defer h.Close()
	select {
	case <-h.Done():
		m.lost(h.Exit())
		close(gone)
	case <-m.watching.Done():
	}
}

// lost notes that the main process has ended.
func (m *Member) lost(exit process.Exit) {
	m.mu.Lock()
	defer m.mu.Unlock()
	pid := m.record.Main.PID
	m.hold, m.exit = nil, &exit
	m.record.Main = process.ID{}
	m.record.LastExit = &ledger.LastExit{Exit: exit, At: time.Now()}
	for _, w := range m.watches {
		w.Rest("not asked: the process has ended")
	}
	if m.ordered {
		m.save()
		return // the order tells when the rest is gone too
	}
	m.record.Phase = ledger.Idle
	m.save()
	if m.record.Unwanted {
		m.become(IsStopped, exit.String())
	} else {
		m.become(IsDown, exit.String())
	}
	m.log.Warn("a process has ended by itself", "pid", pid, "exit", exit.String())
	m.emit(Event{Type: Exited, PID: pid, Exit: &exit, Text: exit.String()})
}

// heard takes a report of a probe of that set of watches.
func (m *Member) heard(r probe.Report, probing int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.Generation != m.record.Generation || probing != m.probing {
		return // an answer to an earlier process, or of a probe that is no more
	}
	if r.Verdict == probe.Pass {
		m.passed[r.Probe] = true
		m.considerReady()
	}
	if r.Attempt && r.Probe == processProbe && r.Outcome.Verdict == probe.Fail {
		m.doubt() // a process that is held answers nobody: the others need not wait for their interval
	}
	if r.Changed && r.Verdict == probe.Fail && !m.record.Answered && m.fresh {
		m.record.Grace.Miss()
		m.save()
	}
	m.emit(Event{Type: Probed, Probe: &r, Text: r.Outcome.Text})
}

// doubt makes the declared probes ask now; the caller holds mu.
func (m *Member) doubt() {
	for _, w := range m.watches {
		if w.Name() != processProbe {
			w.Doubt()
		}
	}
}

// considerReady ends the start when every declared probe has passed; the caller holds mu.
func (m *Member) considerReady() {
	if m.record.Answered || m.hold == nil || m.ordered {
		return
	}
	for _, w := range m.watches {
		if name := w.Name(); name != processProbe && !m.passed[name] {
			return
		}
	}
	m.record.Answered = true
	if m.fresh && len(m.spec.Probes) > 0 {
		m.record.Grace.Ready(time.Since(m.record.StartedAt))
	}
	m.save()
	m.become(IsUp, "")
	m.emit(Event{Type: Ready})
}

// Status returns what is known of the component now.
func (m *Member) Status() Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &m.record
	st := Status{
		Name: m.name, Kind: m.spec.Kind, State: m.state, Wanted: !r.Unwanted, PID: r.Main.PID,
		Generation: r.Generation, StartedAt: r.StartedAt, Starts: append([]time.Time(nil), r.Starts...),
		Grace: Grace{Learned: r.Grace.Learned()}, Text: m.text, Kept: m.kept,
		Outdated: m.hold != nil && r.Fingerprint != "" && r.Fingerprint != m.spec.Fingerprint(),
	}
	if m.spec.Kind == declared.Command {
		st.Output = m.outputPath()
	}
	if m.hold != nil && !r.Answered {
		st.Grace.Until = r.GraceEnds
	}
	if r.LastExit != nil {
		exit := r.LastExit.Exit
		st.LastExit, st.LastExitAt = &exit, r.LastExit.At
	}
	st.Verdict = probe.Pass
	for _, w := range m.watches {
		p := w.Status()
		st.Probes = append(st.Probes, p)
		st.Verdict = st.Verdict.And(p.Verdict)
	}
	if m.hold == nil {
		st.Verdict = probe.Inconclusive
	}
	return st
}

// graceOf returns the grace of the next start; the caller holds mu.
func (m *Member) graceOf() time.Duration { return m.record.Grace.Next(m.spec.StartWithin()) }
