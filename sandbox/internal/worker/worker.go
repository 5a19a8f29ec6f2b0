// Package worker is the inside of a sandbox worker process: it gives up its rights
// and then runs, compiles or serves one WASM module.
//
// It owns the guest's machine: memory, clock, randomness, output and files. It does
// not own its own deadline: a guest in a tight loop can stop every goroutine of
// this process for ever, so the parent kills it from outside. Everything runs on
// the main goroutine.
package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/sandbox/internal/confine"
	"github.com/homeostat/homeostat/sandbox/internal/wire"
)

// Main returns at once unless this process was started as a worker. A worker does
// its job and exits with 0 when its last event was sent, else with 1.
func Main() {
	if len(os.Args) == 0 || os.Args[0] != wire.WorkerName {
		return
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, "sandbox worker:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// heapSlack is what the worker's own runtime may hold beyond the guest's memory
// before its collector works harder, in bytes.
const heapSlack = 24 << 20

func work() error {
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return fmt.Errorf("die with the parent: %w", err)
	}
	unix.CloseOnExec(wire.JobFD)
	unix.CloseOnExec(wire.EventFD)
	unix.CloseOnExec(wire.StderrFD)
	opened, err := wire.Open(os.NewFile(wire.JobFD, "job"))
	if err != nil {
		return err
	}
	events := wire.NewWriter(os.NewFile(wire.EventFD, "events"))
	if opened.Job.Mode == wire.Exec {
		return become(opened.Job, events)
	}
	// The host's other work goes first: a guest at full speed must not delay it.
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, 5) // only a courtesy
	debug.SetMemoryLimit(opened.Job.Limits.Memory + heapSlack)
	return events.End(perform(opened, events))
}

// perform does the job and says how it ended.
func perform(opened *wire.Opened, events *wire.Writer) wire.End {
	peak := openPeak() // while /proc is still in reach
	g, err := newGuest(opened, events)
	if err != nil {
		return broken(err)
	}
	if end, ok := enter(opened.Job, events); !ok {
		return end
	}
	ctx := context.Background()
	var end wire.End
	switch opened.Job.Mode {
	case wire.Compile:
		end = g.compileOnly(ctx)
	case wire.Run:
		end = g.runOnce(ctx)
	case wire.Serve:
		end = g.serve(ctx)
	default:
		end = broken(fmt.Errorf("unknown mode %q", opened.Job.Mode))
	}
	end.RSS = peak.read()
	return end
}

// enter confines the process and reports how well. It is false when a guard that
// the job requires is missing; nothing of the guest has run then.
func enter(job wire.Job, events *wire.Writer) (wire.End, bool) {
	status := confine.Enter(job.Policy)
	events.Event(wire.Event{Status: &status})
	if lacks := status.Lacks(job.Require); len(lacks) > 0 {
		return wire.End{Reason: wire.Lacking, Message: strings.Join(lacks, ", ")}, false
	}
	return wire.End{}, true
}

// become turns the worker into a native program under the job's policy. It returns
// only when that is not possible.
func become(job wire.Job, events *wire.Writer) error {
	if len(job.Args) == 0 {
		return errors.New("exec: no program given")
	}
	if err := os.Chdir(job.Dir); err != nil {
		return fmt.Errorf("exec %s: %w", job.Args[0], err)
	}
	runtime.LockOSThread() // exec keeps the rights of the thread that calls it
	if end, ok := enter(job, events); !ok {
		return events.End(end)
	}
	if err := unix.Exec(job.Args[0], job.Args, job.Env); err != nil {
		return fmt.Errorf("exec %s: %w", job.Args[0], err)
	}
	return nil
}

func broken(err error) wire.End { return wire.End{Reason: wire.Broken, Message: err.Error()} }

func invalid(format string, args ...any) wire.End {
	return wire.End{Reason: wire.Invalid, Message: fmt.Sprintf(format, args...)}
}
