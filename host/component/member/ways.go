package member

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/component/account"
	"github.com/homeostat/homeostat/host/component/declared"
	"github.com/homeostat/homeostat/host/component/outlog"
	"github.com/homeostat/homeostat/host/component/process"
	"github.com/homeostat/homeostat/host/component/unit"
)

// act is what an own command, or systemd, can do for a component.
type act string

const (
	toStart   act = "start"
	toStop    act = "stop"
	toRestart act = "restart"
	toReload  act = "reload"
)

// way carries out an act. A nil way means that the built-in one is to be used, if there is one.
type way func(ctx context.Context) error

func (m *Member) way(a act) way {
	spec := m.Spec()
	own := map[act][]string{
		toStart: spec.Commands.Start, toStop: spec.Commands.Stop, toRestart: spec.Commands.Restart, toReload: spec.Commands.Reload,
	}[a]
	if len(own) > 0 {
		return func(ctx context.Context) error { return m.run(ctx, a, own) }
	}
	if spec.Kind != declared.Unit {
		return nil
	}
	bySystemd := map[act]func(context.Context, string) error{
		toStart: unit.Start, toStop: unit.Stop, toRestart: unit.Restart, toReload: unit.Reload,
	}[a]
	return func(ctx context.Context) error { return bySystemd(ctx, spec.Unit) }
}

// run carries out an own command, as the component's user. It may leave a service behind, which keeps the output open,
// so the output goes to a file. The number of the present main process is in HOMEOSTAT_PID.
func (m *Member) run(ctx context.Context, a act, args []string) error {
	m.mu.Lock()
	spec, pid := m.spec, m.record.Main.PID
	m.mu.Unlock()
	wrap := func(err error) error { return fmt.Errorf("component %q: %s_command: %w", m.name, a, err) }
	who, err := account.Lookup(spec.User)
	if err != nil {
		return wrap(err)
	}
	output, err := outlog.Append(m.commandsPath(), who.Owner())
	if err != nil {
		return wrap(err)
	}
	defer output.Close()
	before, err := output.Stat()
	if err != nil {
		return wrap(err)
	}
	exit, err := process.Run(ctx, process.Command{
		Args: args, Dir: spec.Dir, Output: output, Credential: who.Credential(),
		Env: append(account.Environment(spec.User, spec.Env), "HOMEOSTAT_COMPONENT="+m.name, fmt.Sprintf("HOMEOSTAT_PID=%d", pid)),
	})
	if err == nil && exit.Known && exit.Code != 0 {
		err = errors.New(exit.String())
	}
	if err != nil {
		return wrap(fmt.Errorf("%w; it said %q", err, outlog.Tail(m.commandsPath(), before.Size())))
	}
	return nil
}

// background carries out a way beside the caller and returns where its end is told.
func (m *Member) background(ctx context.Context, w way, most time.Duration) chan error {
	ended := make(chan error, 1)
	m.work.Go(func() {
		within, cancel := context.WithTimeout(ctx, most)
		defer cancel()
		ended <- w(within)
	})
	return ended
}

// birth is how long a main process may take to be found after the own command that starts it has ended well. Then the
// command is carried out once more, because many a script takes a dying process for a running one and does nothing.
const birth = 10 * time.Second

// bear starts the member by a way of others and follows the process that appears.
func (m *Member) bear(ctx context.Context, w way) error {
	return m.succeed(ctx, m.background(ctx, w, m.Spec().StartWithin()), birth)
}

// succeed follows the process that an own way, under way already, brings up. When the way has ended and nothing has
// appeared within patience, or the way has failed, it is tried once more in the way to start.
func (m *Member) succeed(ctx context.Context, ended <-chan error, patience time.Duration) error {
	if m.Spec().Kind == declared.Command {
		if err := <-ended; err != nil {
			m.log.Warn("an own restart command has failed, the host starts the component itself", "error", err)
		}
		return m.launch(ctx, "its own restart command has ended the process")
	}
	m.mu.Lock()
	m.bearing = true
	m.mu.Unlock()
	err := m.born(ctx, <-ended, patience)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bearing = false
	if err != nil {
		m.become(IsDown, err.Error())
		m.emit(Event{Type: StartFailed, Text: err.Error()})
	}
	return err
}

func (m *Member) born(ctx context.Context, fault error, patience time.Duration) error {
	const moment = 500 * time.Millisecond // for what a failed way may have started all the same
	if fault != nil {
		patience = moment
	}
	err := m.follows(ctx, patience)
	if err == nil || ctx.Err() != nil {
		return err
	}
	again := m.starter()
	if again == nil {
		return errors.Join(fault, err)
	}
	most := m.Spec().StartWithin()
	within, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	if err := again(within); err != nil {
		return errors.Join(fault, err)
	}
	return m.follows(ctx, most)
}

// starter returns the way to start, or else to restart, which starts as well what does not run.
func (m *Member) starter() way {
	if w := m.way(toStart); w != nil {
		return w
	}
	return m.way(toRestart)
}

// follows waits for a new main process and adopts it.
func (m *Member) follows(ctx context.Context, patience time.Duration) error {
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	m.mu.Lock()
	last := m.record.Last
	m.mu.Unlock()
	id, err := m.appears(within, last)
	if err != nil {
		return err
	}
	return m.adopt(id, "an own command has started it")
}

// appears waits until a main process is found that is not the old one.
func (m *Member) appears(ctx context.Context, old process.ID) (process.ID, error) {
	const every = 50 * time.Millisecond
	for {
		id, err := m.find(ctx)
		if err == nil && id != old {
			return id, nil
		}
		if err == nil {
			err = fmt.Errorf("the old one, %s, is still there", old)
		}
		select {
		case <-time.After(every):
		case <-ctx.Done():
			return process.ID{}, fmt.Errorf("component %q: wait for its main process: %w", m.name, err)
		}
	}
}
