package member

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"github.com/homeostat/homeostat/host/component/ledger"
	"github.com/homeostat/homeostat/host/component/process"
)

// outcome is what an order did, and what is still under way.
type outcome struct {
	Result
	// successor tells the end of an own restart command, which goes on to start the next process; else nil.
	successor <-chan error
}

// finish ends all processes of the member and proves it: by its own stop or restart command or by systemd where there is
// one, and by the ladder where those do not suffice. The phase says what a later daemon has to do if this one is killed
// meanwhile.
func (m *Member) finish(ctx context.Context, o Order, p ledger.Phase) (outcome, error) {
	if o.Grace <= 0 {
		o.Grace = m.Spec().StopWithin()
	}
	var result outcome
	family, gone := m.family(), m.announce(o, p)
	m.home.Step("stopping")
	if gone != nil {
		o.Grace, result.successor = m.politely(ctx, o.Grace, p, gone)
	}
	ladder := process.Ladder{Grace: o.Grace, Ports: portsOf(m.Spec().Ports), Step: func(rung string) {
		result.Rungs = append(result.Rungs, rung)
		m.home.Step(rung)
	}}
	remains, err := ladder.Stop(ctx, family)
	m.home.Step("ended")
	if err == nil && len(remains.Members) == 0 && gone != nil {
		<-gone // its end is noted, and with it how it ended
	}
	if len(remains.Members) == 0 && len(remains.Ports) > 0 && m.succeeded(ctx, family.Main) {
		remains.Ports = nil // somebody else has started the next one already, and it listens
	}
	return m.conclude(result, remains, err)
}

// announce notes that an order is ending the process. It returns the channel that tells of its end, nil when nothing runs.
func (m *Member) announce(o Order, p ledger.Phase) chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.hold == nil {
		return nil
	}
	m.ordered = true
	m.record.Phase = p
	m.save()
	m.become(IsStopping, o.Reason)
	m.emit(Event{Type: Stopping, Text: o.Reason})
	return m.gone
}

// politely lets the member's own way end the process, if it has one, and returns the grace that is left to the ladder. A
// way to restart goes on when the old process is gone; where its end is told is returned.
func (m *Member) politely(ctx context.Context, grace time.Duration, p ledger.Phase, gone <-chan struct{}) (time.Duration, <-chan error) {
	a, most := toStop, grace
	if p == ledger.Restarting && m.way(toRestart) != nil {
		a, most = toRestart, grace+m.Spec().StartWithin()
	}
	w := m.way(a)
	if w == nil {
		return grace, nil
	}
	m.wake()
	ended := m.background(ctx, w, most)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	var successor <-chan error
	if a == toRestart {
		successor = ended
	}
	select {
	case <-gone:
	case <-timer.C:
	case <-ctx.Done():
	case err := <-ended:
		m.afterwards(ctx, err, gone, timer.C)
		ended <- err
	}
	const rest = time.Second // what the ladder may still take, TERM and CONT included, after the own way had its grace
	return min(rest, grace), successor
}

// afterwards waits for the end of a process whose own way has returned. One that failed need not be waited for.
func (m *Member) afterwards(ctx context.Context, err error, gone <-chan struct{}, over <-chan time.Time) {
	if err != nil {
		m.log.Warn("an own command to end a component has failed, the host goes on by signals", "error", err)
		return
	}
	select {
	case <-gone:
	case <-over:
	case <-ctx.Done():
	}
}

// wake lets a process go on that a signal holds: it could not follow a polite request otherwise.
func (m *Member) wake() {
	h := m.holding()
	if h == nil {
		return
	}
	if st, err := process.Read(h.ID().PID); err == nil && st.Stopped() {
		_ = h.Signal(syscall.SIGCONT) // if it is gone now, so much the better
	}
}

// conclude writes down how a stop came out.
func (m *Member) conclude(result outcome, remains process.Remains, err error) (outcome, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ran := m.ordered
	m.ordered = false
	if err != nil {
		m.resume(err.Error())
		return result, fmt.Errorf("component %q: %w", m.name, err)
	}
	if !remains.None() {
		err = fmt.Errorf("component %q: %w: %s", m.name, ErrCouldNotStop, remains)
		m.resume(err.Error())
		m.become(CannotStop, err.Error())
		m.emit(Event{Type: CouldNotStop, Text: err.Error()})
		return result, err
	}
	next := IsStopped
	if m.record.Phase == ledger.Restarting {
		next = IsStarting
	} else {
		m.record.Phase = ledger.Idle
	}
	m.record.Main = process.ID{}
	m.save()
	m.become(next, "")
	result.Exit, result.Text = m.exit, "stopped"
	if ran {
		m.emit(Event{Type: Stopped, Exit: m.exit, PID: m.record.Last.PID})
	}
	return result, nil
}

// resume goes back to watching after a stop that was not carried out to its end; the caller holds mu.
func (m *Member) resume(why string) {
	switch {
	case m.hold == nil:
		m.record.Phase = ledger.Idle
		m.become(IsDown, why)
	case m.record.Answered:
		m.record.Phase = ledger.Running
		m.become(IsUp, why)
	default:
		m.record.Phase = ledger.Running
		m.become(IsStarting, why)
	}
	m.save()
}

// succeeded reports whether another main process than the old one runs.
func (m *Member) succeeded(ctx context.Context, old process.ID) bool {
	id, err := m.find(ctx)
	return err == nil && id != old
}

func portsOf(numbers []int) []process.Port {
	var ports []process.Port
	for _, n := range numbers {
		ports = append(ports, process.AnyAddress(n))
	}
	return ports
}
