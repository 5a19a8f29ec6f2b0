package component

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"github.com/homeostat/homeostat/host/component/ledger"
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
	m.save()
	m.mu.Unlock()
	if same {
		return
	}
	if err := m.set.ledger.Flush(m.name); err != nil {
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
	done, err := m.finish(ctx, o, ledger.Ending)
	return done.Result, err
}

// restart stops and starts. An own restart command does both: its first half is over when the old process is gone, and
// what it leaves undone is done in the built-in way.
func (m *member) restart(ctx context.Context, o Order) (Result, error) {
	m.want(true)
	done, err := m.finish(ctx, o, ledger.Restarting)
	if err != nil {
		return done.Result, err
	}
	switch {
	case done.successor == nil:
		err = m.bring(ctx, o)
	case len(done.Rungs) > 0:
		// The command found a process that did not end, so the half that starts has hardly worked.
		err = m.succeed(ctx, done.successor, 0)
	default:
		err = m.succeed(ctx, done.successor, birth)
	}
	done.Text = "restarted"
	return done.Result, err
}

func (m *member) reload(ctx context.Context, o Order) (Result, error) {
	h := m.holding()
	if h == nil {
		return Result{}, fmt.Errorf("component %q: reload: it does not run; start it instead", m.name)
	}
	text, err := m.reloadBy(ctx, h)
	if err != nil {
		return Result{}, fmt.Errorf("component %q: reload: %w", m.name, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.emit(Event{Type: Reloaded, Text: o.Reason})
	return Result{Text: text}, nil
}

// reloadBy sends SIGHUP only to a process that has a handler for it: any other would be ended by it, or not notice.
func (m *member) reloadBy(ctx context.Context, h *process.Handle) (string, error) {
	if w := m.way(toReload); w != nil {
		within, cancel := context.WithTimeout(ctx, m.specNow().startTimeout())
		defer cancel()
		return "reloaded in its own way", w(within)
	}
	if !process.Catches(h.ID().PID, syscall.SIGHUP) {
		return "", fmt.Errorf("%w: its process does not handle SIGHUP; give it a reload_command, or restart it", ErrNoWay)
	}
	return "sent SIGHUP", h.Signal(syscall.SIGHUP)
}

// bring makes a component that does not run, run.
func (m *member) bring(ctx context.Context, o Order) error {
	if m.specNow().Kind == Command {
		return m.launch(ctx, o.Reason)
	}
	w := m.starter()
	if w == nil {
		err := fmt.Errorf("component %q: start: %w: kind %s is started by somebody else; give it a start_command", m.name, ErrNoWay, m.specNow().Kind)
		m.settle(IsDown, err.Error())
		return err
	}
	return m.bear(ctx, w)
}
