package member

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"github.com/homeostat/homeostat/host/component/declared"
	"github.com/homeostat/homeostat/host/component/ledger"
	"github.com/homeostat/homeostat/host/component/process"
)

// Start starts a component that does not run; see component.Set.
func (m *Member) Start(ctx context.Context, o Order) (Result, error) { return m.order(ctx, o, m.start) }

// Stop stops a component with all its processes; see component.Set.
func (m *Member) Stop(ctx context.Context, o Order) (Result, error) { return m.order(ctx, o, m.stop) }

// Restart stops and starts a component; see component.Set.
func (m *Member) Restart(ctx context.Context, o Order) (Result, error) {
	return m.order(ctx, o, m.restart)
}

// Reload makes a component read its configuration again; see component.Set.
func (m *Member) Reload(ctx context.Context, o Order) (Result, error) {
	return m.order(ctx, o, m.reload)
}

// Await waits for the orders before it and does nothing; see component.Set.
func (m *Member) Await(ctx context.Context, o Order) (Result, error) {
	return m.order(ctx, o, func(context.Context, Order) (Result, error) { return Result{}, nil })
}

// order waits for the member's turn and carries out an order, within ctx and the member's life.
func (m *Member) order(ctx context.Context, o Order, carryOut func(context.Context, Order) (Result, error)) (Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(m.life, func() { cancel(ErrClosed) })
	defer stop()
	if err := m.enter(ctx); err != nil {
		return Result{}, fmt.Errorf("component %q: wait for the order before this one: %w", m.name, err)
	}
	defer m.exitTurn()
	if m.life.Err() != nil {
		return Result{}, fmt.Errorf("component %q: %w", m.name, ErrClosed)
	}
	began := time.Now()
	result, err := carryOut(ctx, o)
	result.Took = time.Since(began)
	m.mu.Lock()
	result.Generation, result.PID = m.record.Generation, m.record.Main.PID
	m.mu.Unlock()
	return result, err
}

// want records what a person or a strategy wants, so that it holds for the next daemon and after a loss of power.
func (m *Member) want(wanted bool) {
	m.mu.Lock()
	same := m.record.Unwanted == !wanted
	m.record.Unwanted, m.kept = !wanted, ""
	m.save()
	m.mu.Unlock()
	if same {
		return
	}
	if err := m.home.Ledger.Flush(m.name); err != nil {
		m.log.Error("a decision may be forgotten after a loss of power", "wanted", wanted, "error", err)
	}
}

func (m *Member) holding() *process.Handle {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.hold
}

func (m *Member) start(ctx context.Context, o Order) (Result, error) {
	m.want(true)
	if m.holding() != nil {
		return Result{Text: "it runs already"}, nil
	}
	if err := m.bring(ctx, o); err != nil {
		return Result{}, err
	}
	return Result{Text: "started"}, nil
}

func (m *Member) stop(ctx context.Context, o Order) (Result, error) {
	m.want(false)
	done, err := m.finish(ctx, o, ledger.Ending)
	return done.Result, err
}

// restart stops and starts. An own restart command does both: its first half is over when the old process is gone, and
// what it leaves undone is done in the built-in way.
func (m *Member) restart(ctx context.Context, o Order) (Result, error) {
	if m.Spec().Kind != declared.Command && m.starter() == nil {
		return Result{}, m.noWay("restart") // it would be stopped, and nobody would start it
	}
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

func (m *Member) reload(ctx context.Context, o Order) (Result, error) {
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
func (m *Member) reloadBy(ctx context.Context, h *process.Handle) (string, error) {
	if w := m.way(toReload); w != nil {
		within, cancel := context.WithTimeout(ctx, m.Spec().StartWithin())
		defer cancel()
		return "reloaded in its own way", w(within)
	}
	if !process.Catches(h.ID().PID, syscall.SIGHUP) {
		return "", fmt.Errorf("%w: its process does not handle SIGHUP; give it a reload_command, or restart it", ErrNoWay)
	}
	return "sent SIGHUP", h.Signal(syscall.SIGHUP)
}

// bring makes a component that does not run, run.
func (m *Member) bring(ctx context.Context, o Order) error {
	if m.Spec().Kind == declared.Command {
		return m.launch(ctx, o.Reason)
	}
	w := m.starter()
	if w == nil {
		err := m.noWay("start")
		m.settle(IsDown, err.Error())
		return err
	}
	return m.bear(ctx, w)
}

func (m *Member) noWay(to string) error {
	return fmt.Errorf("component %q: %s: %w: kind %s is started by somebody else; give it a start_command or a restart_command", m.name, to, ErrNoWay, m.Spec().Kind)
}
