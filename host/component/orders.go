package component

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"github.com/homeostat/homeostat/host/component/process"
)

// Start starts a component that does not run. From now on it is wanted. It returns when the process exists; whether the
// service answers is told by the event Ready, or by Confirm.
func (s *Set) Start(ctx context.Context, name string, o Order) (Result, error) {
	return s.order(ctx, name, o, (*member).start)
}

// Stop stops a component, with all its processes, and proves it. From now on it is not wanted, also by the next daemon.
// When something remains it returns ErrCouldNotStop.
func (s *Set) Stop(ctx context.Context, name string, o Order) (Result, error) {
	return s.order(ctx, name, o, (*member).stop)
}

// Restart stops a component if it runs, with proof, and starts it. When something remains it starts nothing and returns
// ErrCouldNotStop. From now on the component is wanted.
func (s *Set) Restart(ctx context.Context, name string, o Order) (Result, error) {
	return s.order(ctx, name, o, (*member).restart)
}

// Reload tells a running component to read its configuration again: by its own command, else by SIGHUP to its main
// process.
func (s *Set) Reload(ctx context.Context, name string, o Order) (Result, error) {
	return s.order(ctx, name, o, (*member).reload)
}

func (s *Set) order(ctx context.Context, name string, o Order, carryOut func(*member, context.Context, Order) (Result, error)) (Result, error) {
	m, ok := s.member(name)
	if !ok {
		return Result{}, fmt.Errorf("component %q: %w", name, ErrUnknown)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(m.life, func() { cancel(ErrClosed) })
	defer stop()
	if err := m.enter(ctx); err != nil {
		return Result{}, fmt.Errorf("component %q: wait for the order before this one: %w", name, err)
	}
	defer m.exitTurn()
	if m.life.Err() != nil {
		return Result{}, fmt.Errorf("component %q: %w", name, ErrClosed)
	}
	began := time.Now()
	result, err := carryOut(m, ctx, o)
	result.Took = time.Since(began)
	m.mu.Lock()
	result.Generation, result.PID = m.record.Generation, m.record.Main.PID
	m.mu.Unlock()
	return result, err
}

// want records what a person or a strategy wants, so that it holds for the next daemon and after a loss of power.
func (m *member) want(wanted bool) {
	m.mu.Lock()
	same := m.record.Unwanted == !wanted
	m.record.Unwanted = !wanted
	m.booting = false
	m.save()
	m.mu.Unlock()
	if same {
		return
	}
	if err := m.set.ledger.flush(m.name); err != nil {
		m.log.Error("a decision may be forgotten after a loss of power", "wanted", wanted, "error", err)
	}
}

func (m *member) holding() *process.Handle {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.hold
}

func (m *member) start(ctx context.Context, o Order) (Result, error) {
	m.want(true)
	if m.holding() != nil {
		return Result{Text: "it runs already"}, nil
	}
	if err := m.bring(ctx, o); err != nil {
		return Result{}, err
	}
	return Result{Text: "started"}, nil
}

func (m *member) stop(ctx context.Context, o Order) (Result, error) {
	m.want(false)
	return m.finish(ctx, o, ending)
}

func (m *member) restart(ctx context.Context, o Order) (Result, error) {
	m.want(true)
	result, err := m.finish(ctx, o, restarting)
	if err != nil {
		return result, err
	}
	if err := m.bring(ctx, o); err != nil {
		return result, err
	}
	result.Text = "restarted"
	return result, nil
}

func (m *member) reload(ctx context.Context, o Order) (Result, error) {
	h := m.holding()
	if h == nil {
		return Result{}, fmt.Errorf("component %q: reload: it does not run; start it instead", m.name)
	}
	if err := h.Signal(syscall.SIGHUP); err != nil {
		return Result{}, fmt.Errorf("component %q: reload: %w", m.name, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.emit(Event{Type: Reloaded, Text: o.Reason})
	return Result{Text: "sent SIGHUP"}, nil
}

// bring makes a component that does not run, run.
func (m *member) bring(ctx context.Context, o Order) error {
	return m.launch(ctx, o.Reason)
}

// finish ends all processes of the member and proves it. The phase says what a later daemon has to do if this one is
// killed meanwhile.
func (m *member) finish(ctx context.Context, o Order, p phase) (Result, error) {
	m.mu.Lock()
	ladder := process.Ladder{Grace: o.Grace}
	if ladder.Grace <= 0 {
		ladder.Grace = m.spec.stopTimeout()
	}
	gone := m.gone
	if m.hold != nil {
		m.ordered = true
		m.record.Phase = p
		m.save()
		m.become(IsStopping, o.Reason)
		m.emit(Event{Type: Stopping, Text: o.Reason})
	} else {
		gone = nil
	}
	m.mu.Unlock()
	failpoint("stopping")
	var result Result
	ladder.Step = func(rung string) { result.Rungs = append(result.Rungs, rung) }
	remains, err := ladder.Stop(ctx, m.family())
	failpoint("ended")
	if err == nil && len(remains.Members) == 0 && gone != nil {
		<-gone // its end is noted, and with it how it ended
	}
	return m.conclude(result, remains, err)
}

// conclude writes down how a stop came out.
func (m *member) conclude(result Result, remains process.Remains, err error) (Result, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ran := m.ordered
	m.ordered = false
	if err != nil {
		err = fmt.Errorf("component %q: %w", m.name, err)
	} else if !remains.None() {
		err = fmt.Errorf("component %q: %w: %s", m.name, ErrCouldNotStop, remains)
	}
	if err != nil {
		if m.hold != nil {
			m.record.Phase = running
		}
		m.save()
		m.become(CannotStop, err.Error())
		m.emit(Event{Type: CouldNotStop, Text: err.Error()})
		return result, err
	}
	m.record.Phase, m.record.Main = idle, process.ID{}
	m.save()
	m.become(IsStopped, "")
	result.Exit, result.Text = m.exit, "stopped"
	if ran {
		m.emit(Event{Type: Stopped, Exit: m.exit, PID: m.record.Last.PID})
	}
	return result, nil
}
