package member

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/homeostat/homeostat/host/component/account"
	"github.com/homeostat/homeostat/host/component/declared"
	"github.com/homeostat/homeostat/host/component/ledger"
	"github.com/homeostat/homeostat/host/component/probe"
	"github.com/homeostat/homeostat/host/component/process"
)

// lookEvery is how often the state of a main process is looked at: one short read of /proc.
const lookEvery = time.Second

// processProbe is the name of the probe that every component has.
const processProbe = "process"

// Doubt makes the declared probes ask now; see component.Set.
func (m *Member) Doubt() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.doubt()
}

// Processes returns the numbers of the living processes, the main one first; see component.Set.
func (m *Member) Processes() []int {
	m.mu.Lock()
	id := m.record.Main
	m.mu.Unlock()
	if id.PID == 0 || !id.Alive() {
		return nil
	}
	return process.Descendants(id.PID)
}

// newWatches returns the watches of the spec's probes, and one that looks at the process itself. What watches of an
// earlier spec still report is not heard. The caller holds mu, or nobody else knows the member yet.
func (m *Member) newWatches(spec declared.Spec) []*probe.Watch {
	m.probing++
	probing := m.probing
	hear := func(r probe.Report) { m.heard(r, probing) }
	looking := probe.Spec{Name: processProbe, Kind: probe.Process, Interval: lookEvery}
	watches := []*probe.Watch{probe.NewWatch(probe.Options{Spec: looking, Ask: m.look, Report: hear})}
	for i, p := range spec.Probes {
		watches = append(watches, probe.NewWatch(probe.Options{Spec: m.complete(spec, i, p), Report: hear}))
	}
	return watches
}

// complete gives a probe its name, and an exec probe the surroundings of the component.
func (m *Member) complete(spec declared.Spec, place int, p probe.Spec) probe.Spec {
	if p.Name == "" || p.Name == processProbe {
		p.Name = fmt.Sprintf("%s-%d", p.Kind, place+1)
	}
	if p.Kind != probe.Exec {
		return p
	}
	if p.Dir == "" {
		p.Dir = spec.Dir
	}
	if p.Env == nil {
		p.Env = account.Environment(spec.User, spec.Env)
	}
	if who, err := account.Lookup(spec.User); err == nil {
		p.Credential = who.Credential()
	}
	return p
}

// look is the probe of kind process: a process that a signal holds does nothing, whatever its sockets still accept.
func (m *Member) look(context.Context) probe.Outcome {
	m.mu.Lock()
	id := m.record.Main
	m.mu.Unlock()
	began := time.Now()
	st, err := process.Read(id.PID)
	o := probe.Outcome{Verdict: probe.Pass, Text: "it runs", Latency: time.Since(began)}
	switch {
	case errors.Is(err, process.ErrGone) || err == nil && st.ID() != id:
		o.Verdict, o.Text = probe.Inconclusive, "the process is gone"
	case err != nil:
		o.Verdict, o.Text = probe.Inconclusive, err.Error()
	case st.Stopped():
		o.Verdict, o.Text = probe.Fail, "the process is held by a signal (state T)"
	}
	return o
}

// Change takes another spec of the same kind: probes are exchanged, the process stays.
func (m *Member) Change(spec declared.Spec) {
	m.mu.Lock()
	if reflect.DeepEqual(m.spec, spec) {
		m.mu.Unlock()
		return
	}
	old := m.watches
	m.spec = spec
	m.watches = m.newWatches(spec)
	m.passed = make(map[string]bool)
	if m.hold != nil {
		for _, w := range m.watches {
			w.Follow(m.record.Generation, m.graceEnds())
		}
	}
	m.mu.Unlock()
	for _, w := range old {
		w.Close()
	}
}

// Leave takes the member out of the set: it ends the process if the spec says so, and all goroutines.
func (m *Member) Leave(ctx context.Context) error {
	m.end()
	m.turn <- struct{}{} // orders under way end with the member's life
	defer m.exitTurn()
	var err error
	if m.Spec().OnExit == declared.End && m.holding() != nil {
		_, err = m.finish(ctx, Order{Reason: "the daemon ends and on_exit is stop"}, ledger.Restarting)
	}
	m.letGo()
	return err
}

// Release takes the member out of the set and leaves its process running: a next daemon takes it over. It ends all
// goroutines.
func (m *Member) Release() error {
	m.end()
	m.turn <- struct{}{} // as in Leave
	defer m.exitTurn()
	m.letGo()
	return nil
}

// letGo ends the watching of the process, and whoever watches.
func (m *Member) letGo() {
	m.unwatch()
	m.work.Wait()
	m.mu.Lock()
	watches := m.watches
	m.mu.Unlock()
	for _, w := range watches {
		w.Close()
	}
}
