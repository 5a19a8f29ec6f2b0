package member

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/homeostat/homeostat/host/component/declared"
	"github.com/homeostat/homeostat/host/component/ledger"
	"github.com/homeostat/homeostat/host/component/process"
)

// family returns what belongs to the newest process of the member.
func (m *Member) family() process.Family {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.spec.Kind != declared.Command {
		return process.Family{Main: m.record.Main}
	}
	return process.Family{Main: m.record.Last, Session: m.record.Last.PID, Mark: m.markBegin() + m.record.Instance}
}

// rediscover looks for a process that runs already, and adopts it. What a person was asked about is not about to be started.
func (m *Member) rediscover(ctx context.Context, asked string) error {
	m.mu.Lock()
	was, spec := m.record, m.spec
	m.mu.Unlock()
	if was.Main.PID != 0 && was.Main.Alive() {
		return m.adopt(was.Main, "it runs since before the daemon")
	}
	if was.Main.PID != 0 && was.Main.Boot == process.Boot() && was.Phase == ledger.Running {
		m.lost(process.Exit{})
		if spec.Kind == declared.Command && !was.Unwanted && asked == "" {
			m.settle(IsStarting, "it ended while no daemon watched, and is started again")
		}
	}
	if spec.Kind != declared.Command {
		id, err := m.find(ctx)
		if err != nil {
			return nil // it is sought from now on
		}
		return m.adopt(id, "it was found running")
	}
	table, err := process.Scan()
	if err != nil {
		return fmt.Errorf("component %q: look for its process: %w", m.name, err)
	}
	if leader, instance, ok := m.leader(table); ok {
		m.mu.Lock()
		m.record.Instance = instance
		m.record.Fingerprint = ""
		m.mu.Unlock()
		return m.adopt(leader, "it was started just before an earlier daemon ended")
	}
	return nil
}

// leader returns the process that was started as this member and leads its session, the oldest if there are several, and
// its instance. It is known by its mark; should it have overwritten its environment, as services do that show a title
// in ps, by the output file that it was given.
func (m *Member) leader(table process.Table) (process.ID, string, bool) {
	carriers, instances := process.Carriers(table, m.markBegin())
	for _, c := range carriers {
		if c.PID == c.Session {
			return c.ID(), instances[c.PID], true
		}
	}
	output, err := os.Stat(m.outputPath())
	if err != nil {
		return process.ID{}, "", false
	}
	for pid, st := range table {
		if pid == st.Session && !st.Dead() && process.WritesTo(pid, output) {
			m.mu.Lock()
			defer m.mu.Unlock()
			return st.ID(), m.record.Instance, true
		}
	}
	return process.ID{}, "", false
}

// adopt takes a running process as the member's. One that the record does not know is a new generation, and its
// grace counts from its own start. It returns process.ErrGone when the process has ended meanwhile.
func (m *Member) adopt(id process.ID, why string) error {
	h, err := process.Open(id)
	if err != nil {
		return fmt.Errorf("component %q: adopt its process: %w", m.name, err)
	}
	age, err := id.Age()
	if err != nil {
		h.Close()
		return fmt.Errorf("component %q: adopt its process: %w", m.name, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &m.record
	m.fresh = m.bearing
	if id != r.Last {
		r.Generation++
		r.StartedAt = time.Now().Add(-age)
		r.GraceEnds, r.Answered = r.StartedAt.Add(m.graceOf()), false
		if r.Phase == ledger.Launching || m.bearing {
			r.Started(r.StartedAt)
		}
		if r.Unwanted && m.spec.Kind != declared.Command {
			m.log.Info("a component that was stopped is wanted again, because somebody else has started it")
			r.Unwanted = false
		}
	}
	m.log.Info("a running process was adopted", "pid", id.PID, "why", why)
	m.emit(Event{Type: Adopted, PID: id.PID, Text: why})
	m.follow(h)
	return nil
}

// Begin adopts what runs of the member. It returns what is to be done in the background: it finishes the order that a
// killed daemon had begun, and starts what is wanted, does not run and is ours to start. An order that is given after Begin waits for that,
// so the function returned must be called.
func (m *Member) Begin(ctx context.Context) (boot func()) {
	m.mu.Lock()
	left := m.record.Phase
	m.mu.Unlock()
	asked := m.home.Asked(m.name)
	if err := m.rediscover(ctx, asked); err != nil {
		m.log.Warn("a process that ran before cannot be adopted", "error", err)
	}
	m.turn <- struct{}{} // boot gives it back
	if m.Spec().Kind != declared.Command {
		m.work.Go(m.seek)
	}
	m.keepDown(asked)
	return func() { m.boot(m.life, left) }
}

// keepDown leaves a member down that was down before, when a person was asked whether to start it and has not said yes: the
// start of a daemon is no answer. What ran when the machine went down, and what was being started, was not down.
func (m *Member) keepDown(asked string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := &m.record; asked == "" || m.hold != nil || r.Unwanted || r.Phase != ledger.Idle || m.spec.Kind != declared.Command {
		return
	}
	m.kept = asked
	m.become(IsDown, asked)
	m.log.Warn("a component is kept down, because a person was asked about it and has not said yes", "why", asked)
}

// boot brings a new member to where it should be. The caller has taken the member's turn, and boot gives it back.
func (m *Member) boot(ctx context.Context, left ledger.Phase) {
	defer m.exitTurn()
	m.mu.Lock()
	unwanted, runs, kept, spec := m.record.Unwanted, m.hold != nil, m.kept != "", m.spec
	m.mu.Unlock()
	order := Order{Reason: "an earlier daemon had begun it"}
	var err error
	switch {
	case unwanted && (runs && spec.Kind == declared.Command || left == ledger.Ending):
		_, err = m.finish(ctx, order, ledger.Ending)
	case unwanted:
		m.settle(IsStopped, "stopped by an earlier order")
	case left == ledger.Restarting:
		_, err = m.restart(ctx, order)
	case !runs && !kept && spec.Kind == declared.Command:
		err = m.firstStart(ctx, spec.DependsOn)
	}
	if err != nil && ctx.Err() == nil {
		m.log.Error("a component could not be brought to where it should be", "error", err)
	}
}

// firstStart starts the member after those it depends on. While it waits for them other orders have their turn, and may
// make the start unneeded.
func (m *Member) firstStart(ctx context.Context, dependencies []string) error {
	m.exitTurn()
	m.awaitDependencies(ctx, dependencies)
	m.turn <- struct{}{} // boot gives it back, so it is taken even when the member has left
	m.mu.Lock()
	needed := m.hold == nil && !m.record.Unwanted && ctx.Err() == nil
	m.mu.Unlock()
	if !needed {
		return nil
	}
	return m.launch(ctx, "the host starts")
}

func (m *Member) settle(state State, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.become(state, text)
}

// clearWay ends what an earlier start has left behind, which would hold the ports of the next one. Should it find a main
// process that nobody follows, it adopts it: a component never runs twice.
func (m *Member) clearWay(ctx context.Context) (adopted bool, err error) {
	table, err := process.Scan()
	if err != nil {
		return false, fmt.Errorf("component %q: look for what an earlier start left: %w", m.name, err)
	}
	if id, instance, ok := m.leader(table); ok {
		m.mu.Lock()
		m.record.Instance = instance
		m.mu.Unlock()
		return true, m.adopt(id, "it ran unwatched")
	}
	_, instances := process.Carriers(table, m.markBegin())
	families := []process.Family{m.family()}
	for _, instance := range instances {
		families = append(families, process.Family{Mark: m.markBegin() + instance})
	}
	for _, f := range families {
		if len(f.Members(table)) == 0 {
			continue
		}
		const grace = 2 * time.Second
		remains, err := process.Ladder{Grace: grace}.Stop(ctx, f)
		if err != nil {
			return false, fmt.Errorf("component %q: end what an earlier start left: %w", m.name, err)
		}
		if len(remains.Members) > 0 {
			return false, fmt.Errorf("component %q: end what an earlier start left: %w: %s", m.name, ErrCouldNotStop, remains)
		}
	}
	return false, nil
}

// awaitDependencies waits until each of the components has answered, or is not about to: it is down, or its grace is over.
// Then this one is started in any case, because it may help itself and its probes will tell.
func (m *Member) awaitDependencies(ctx context.Context, names []string) {
	for _, name := range names {
		if dep, ok := m.home.Peer(name); ok {
			dep.awaitStart(ctx)
		}
	}
}

// awaitStart waits while the member is starting.
func (m *Member) awaitStart(ctx context.Context) {
	began := time.Now()
	for {
		m.mu.Lock()
		state, changed := m.state, m.changed
		ends := m.record.GraceEnds
		if m.hold == nil {
			ends = began.Add(m.spec.StartWithin())
		}
		m.mu.Unlock()
		if state != IsStarting || !time.Now().Before(ends) {
			return
		}
		timer := time.NewTimer(time.Until(ends))
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}
