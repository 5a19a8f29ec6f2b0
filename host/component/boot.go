package component

import (
	"context"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/component/process"
)

// family returns what belongs to the newest process of the member.
func (m *member) family() process.Family {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.spec.Kind != Command {
		return process.Family{Main: m.record.Main}
	}
	return process.Family{Main: m.record.Last, Session: m.record.Last.PID, Mark: m.markBegin() + m.record.Instance}
}

// rediscover looks for a process that an earlier daemon left, and adopts it.
func (m *member) rediscover() error {
	m.mu.Lock()
	was := m.record
	m.mu.Unlock()
	if was.Main.PID != 0 && was.Main.Alive() {
		return m.adopt(was.Main, "it runs since before the daemon")
	}
	table, err := process.Scan()
	if err != nil {
		return fmt.Errorf("component %q: look for its process: %w", m.name, err)
	}
	leader, instance, ok := m.leader(table)
	if ok {
		m.mu.Lock()
		m.record.Instance = instance
		if was.Phase == launching {
			m.record.started(time.Now())
		}
		m.record.Phase, m.record.Answered = running, false
		m.record.StartedAt = time.Now()
		m.record.GraceEnds = m.record.StartedAt.Add(m.graceOf())
		m.record.Generation++
		m.mu.Unlock()
		return m.adopt(leader, "it was started just before an earlier daemon ended")
	}
	if was.Main.PID != 0 && was.Main.Boot == process.Boot() && was.Phase == running {
		m.lost(process.Exit{})
	}
	return nil
}

// leader returns the process that carries a mark of this member and leads a session, the oldest if there are several, and
// its instance.
func (m *member) leader(table process.Table) (process.ID, string, bool) {
	carriers, instances := process.Carriers(table, m.markBegin())
	for _, c := range carriers {
		if c.PID == c.Session {
			return c.ID(), instances[c.PID], true
		}
	}
	return process.ID{}, "", false
}

// adopt takes a running process as the member's. A process that is gone by now is no error: there is nothing to adopt.
func (m *member) adopt(id process.ID, why string) error {
	h, err := process.Open(id)
	if err != nil {
		return fmt.Errorf("component %q: adopt its process: %w", m.name, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fresh, m.booting = false, false
	m.emit(Event{Type: Adopted, PID: id.PID, Text: why})
	m.log.Info("a running process was adopted", "pid", id.PID, "why", why)
	m.follow(h)
	return nil
}

// boot brings a new member to where it should be: it ends orders that a killed daemon had begun, and starts what is
// wanted and does not run.
func (m *member) boot(ctx context.Context) {
	if err := m.enter(ctx); err != nil {
		return
	}
	defer m.exitTurn()
	m.mu.Lock()
	was := m.record
	runs := m.hold != nil
	m.mu.Unlock()
	switch {
	case runs:
		return
	case was.Unwanted:
		m.mu.Lock()
		m.become(IsStopped, "stopped by an earlier order")
		m.mu.Unlock()
		return
	}
	if err := m.launch(ctx, "the host starts"); err != nil && ctx.Err() == nil {
		m.log.Error("a component could not be started", "error", err)
	}
}

// clearWay ends what an earlier start has left behind, which would hold the ports of the next one. Should it find a main
// process that nobody follows, it adopts it: a component never runs twice.
func (m *member) clearWay(ctx context.Context) (adopted bool, err error) {
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
