// Package process starts a sandbox worker, watches it from outside and kills it.
//
// It owns the worker's life as a process: its start at the highest confinement the
// kernel allows, its deadline, its memory as the host sees it, and its end. It does
// not own what the worker is told or answers. A Process is safe for concurrent use.
package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/sandbox/internal/confine"
	"github.com/homeostat/homeostat/sandbox/internal/wire"
)

// Cause says why the parent killed a worker.
type Cause int

// The causes.
const (
	None     Cause = iota // it was not killed
	Deadline              // its time was up
	Memory                // it had more memory than its limit
	Cancel                // the caller's context ended
	Protocol              // it did not keep to the protocol
)

// Lacking says that a required guard is not to be had for a worker.
type Lacking struct{ Guards []string }

// Error implements error.
func (l *Lacking) Error() string {
	return "required guards are missing: " + strings.Join(l.Guards, ", ")
}

// Process is a running worker. The goroutine that started it holds the OS thread
// until the worker is reaped, because the kernel kills the worker when that thread
// ends (golang/go#27505).
type Process struct {
	// Rung is the confinement at which it started, Begun when.
	Rung  confine.Rung
	Begun time.Time
	// Done is closed when it is reaped; State is set by then.
	Done  chan struct{}
	State *os.ProcessState

	pid int

	mu     sync.Mutex
	reaped bool
	cause  Cause
}

// Files are the worker's ends. Start closes them, whatever happens. Stdin may be nil.
type Files struct {
	Stdin, Stdout, Crash, Job, Events, Stderr *os.File
}

// Close closes them.
func (f Files) Close() {
	for _, one := range []*os.File{f.Stdin, f.Stdout, f.Crash, f.Job, f.Events, f.Stderr} {
		if one != nil {
			_ = one.Close() // the worker has its own copies
		}
	}
}

// Start starts a worker at the highest rung that the kernel allows. It fails with a
// *Lacking when a required guard is not to be had there. The caller waits for Done.
func Start(f Files, require []confine.Guard) (*Process, error) {
	p := &Process{Done: make(chan struct{})}
	started := make(chan error, 1)
	go p.live(f, require, started)
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// live starts the worker, waits for its end and reaps it.
func (p *Process) live(f Files, require []confine.Guard, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd, err := p.start(f, require)
	f.Close()
	started <- err
	if err != nil {
		return
	}
	waitExit(p.pid)
	p.mu.Lock()
	p.reaped = true
	p.mu.Unlock()
	_ = cmd.Wait() // the state says how it ended
	p.State = cmd.ProcessState
	close(p.Done)
}

func (p *Process) start(f Files, require []confine.Guard) (*exec.Cmd, error) {
	for {
		rung := confine.Current()
		var status confine.Status
		rung.NoteStart(&status)
		if lacks := status.Lacks(require); len(lacks) > 0 {
			return nil, &Lacking{lacks}
		}
		cmd := &exec.Cmd{
			Path: "/proc/self/exe", Args: []string{wire.WorkerName}, Env: []string{}, Dir: "/",
			Stdin: fileOrNil(f.Stdin), Stdout: f.Stdout, Stderr: f.Crash,
			ExtraFiles:  []*os.File{f.Job, f.Events, f.Stderr},
			SysProcAttr: confine.Attributes(rung),
		}
		p.Begun = time.Now()
		err := cmd.Start()
		if err == nil {
			p.pid, p.Rung = cmd.Process.Pid, rung
			return cmd, nil
		}
		if !confine.StepDown(rung, err) {
			return nil, fmt.Errorf("start a sandbox worker: %w", err)
		}
	}
}

// fileOrNil keeps a nil *os.File from becoming a non-nil io.Reader.
func fileOrNil(f *os.File) interface{ Read([]byte) (int, error) } {
	if f == nil {
		return nil
	}
	return f
}

// waitExit returns when the process has ended, and leaves it to be reaped: as long
// as it is not, its id cannot be another's.
func waitExit(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// Kill ends the worker and all of its session. The first cause counts.
func (p *Process) Kill(why Cause) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped {
		return
	}
	if p.cause == None {
		p.cause = why
	}
	_ = syscall.Kill(-p.pid, syscall.SIGKILL) // gone already is as good
	_ = syscall.Kill(p.pid, syscall.SIGKILL)  // before it made its session
}

// Why returns the cause of the kill; after Done it does not change.
func (p *Process) Why() Cause {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cause
}
