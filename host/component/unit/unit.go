// Package unit owns the way to systemd: jobs on units, and the main process of a unit. It talks D-Bus, through the system
// bus or, for root, through systemd's own socket, and starts no program. It decides nothing.
//
// Concurrency: functions without state; each call has a connection of its own.
package unit

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/coreos/go-systemd/v22/dbus"
)

// ErrNoSystemd says that this host was not booted by systemd.
var ErrNoSystemd = errors.New("systemd is not process 1 here, so there are no units")

// ErrNoMain says that the unit has no main process now.
var ErrNoMain = errors.New("the unit has no main process")

// booted is the folder that exists where systemd is process 1, as sd_booted(3) has it.
var booted = "/run/systemd/system"

// Available returns nil where units can be used, and else ErrNoSystemd.
func Available() error {
	if _, err := os.Stat(booted); err != nil {
		return ErrNoSystemd
	}
	return nil
}

func connect(ctx context.Context) (*dbus.Conn, error) {
	if err := Available(); err != nil {
		return nil, err
	}
	conn, err := dbus.NewSystemConnectionContext(ctx)
	if err == nil {
		return conn, nil
	}
	private, privately := dbus.NewSystemdConnectionContext(ctx)
	if privately == nil {
		return private, nil
	}
	return nil, fmt.Errorf("connect to systemd: %w", errors.Join(err, privately))
}

// job is one of the calls of the manager that queue a job and tell its result on a channel.
type job func(conn *dbus.Conn, ctx context.Context, name, mode string, done chan<- string) (int, error)

var (
	startJob   job = (*dbus.Conn).StartUnitContext
	stopJob    job = (*dbus.Conn).StopUnitContext
	restartJob job = (*dbus.Conn).RestartUnitContext
	reloadJob  job = (*dbus.Conn).ReloadOrRestartUnitContext
)

// Start starts the unit and waits for the job's end.
func Start(ctx context.Context, name string) error { return run(ctx, name, startJob) }

// Stop stops the unit and waits for the job's end. systemd has its own ladder within the unit's TimeoutStopSec.
func Stop(ctx context.Context, name string) error { return run(ctx, name, stopJob) }

// Restart restarts the unit and waits for the job's end.
func Restart(ctx context.Context, name string) error { return run(ctx, name, restartJob) }

// Reload reloads the unit, or restarts it if it knows no reload, and waits for the job's end.
func Reload(ctx context.Context, name string) error { return run(ctx, name, reloadJob) }

func run(ctx context.Context, name string, j job) error {
	conn, err := connect(ctx)
	if err != nil {
		return fmt.Errorf("unit %s: %w", name, err)
	}
	defer conn.Close()
	done := make(chan string, 1)
	// "replace" is what systemctl does: a queued job that contradicts is given up.
	if _, err := j(conn, ctx, name, "replace", done); err != nil {
		return fmt.Errorf("unit %s: %w", name, err)
	}
	select {
	case result := <-done:
		if result != "done" {
			return fmt.Errorf("unit %s: the job ended as %q; journalctl -u %s tells why", name, result, name)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("unit %s: wait for the job: %w", name, context.Cause(ctx))
	}
}

// Main returns the number of the unit's main process. It returns ErrNoMain when there is none.
func Main(ctx context.Context, name string) (int, error) {
	conn, err := connect(ctx)
	if err != nil {
		return 0, fmt.Errorf("unit %s: %w", name, err)
	}
	defer conn.Close()
	property, err := conn.GetServicePropertyContext(ctx, name, "MainPID")
	if err != nil {
		return 0, fmt.Errorf("unit %s: ask for its main process: %w", name, err)
	}
	pid, ok := property.Value.Value().(uint32)
	if !ok || pid == 0 {
		return 0, fmt.Errorf("unit %s: %w", name, ErrNoMain)
	}
	return int(pid), nil
}
