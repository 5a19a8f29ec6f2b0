package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/homeostat/homeostat/host/drill/launch"
)

// daemon is a running homeostat.
type daemon struct {
	pid   int
	ended chan struct{} // closed when it has ended
	err   error         // how; valid when ended is closed
	words *bytes.Buffer // what it said; valid when ended is closed
}

// Bounds on a daemon.
const (
	startTime = 60 * time.Second
	stopTime  = 20 * time.Second
	lookEvery = 10 * time.Millisecond
	maxWords  = 300
)

// CannotError says that this host does not allow a fault.
type CannotError struct{ Why string }

// Error tells why.
func (e *CannotError) Error() string { return e.Why }

// Start starts a daemon and waits until it is ready. The faults of the setup hold for the first one alone.
func (l *Lab) Start(ctx context.Context) error {
	args := []string{"run", "--config", l.file("config.toml")}
	if l.Faults != nil {
		faults := *l.Faults
		if faults.Small != "" {
			faults.Small = l.file(faults.Small)
		}
		var err error
		if args, err = launch.Arguments(faults, append([]string{"homeostat"}, args...)); err != nil {
			return err
		}
	}
	d, err := start(l.exe, args)
	if err != nil {
		return fmt.Errorf("start a daemon: %w", err)
	}
	if l.Faults != nil && l.Faults.Small != "" {
		l.view = fmt.Sprintf("/proc/%d/root", d.pid)
	}
	l.daemon, l.Faults = d, nil
	return l.ready(ctx)
}

// start runs the program. The kernel kills it when this process dies, which it ties to the thread that started it; so
// one goroutine keeps its thread until the end.
func start(exe string, args []string) (*daemon, error) {
	d := &daemon{ended: make(chan struct{}), words: &bytes.Buffer{}}
	cmd := exec.Command(exe, args...)
	cmd.Args[0] = "homeostat"
	cmd.Stdout, cmd.Stderr = d.words, d.words
	cmd.WaitDelay = time.Second // a service that outlives the daemon holds the pipe
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() { // ends with the process
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			d.pid = cmd.Process.Pid
		}
		started <- err
		if err == nil {
			d.err = cmd.Wait()
			close(d.ended)
		}
	}()
	return d, <-started
}

// ready waits until the daemon says that it is.
func (l *Lab) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		err := l.api.Get(ctx, "/readyz", nil)
		if err == nil {
			return nil
		}
		select {
		case <-l.daemon.ended:
			return l.daemon.ending()
		case <-ctx.Done():
			return fmt.Errorf("wait for a daemon to be ready: %w", errors.Join(ctx.Err(), err))
		case <-time.After(lookEvery):
		}
	}
}

// ending says how a daemon ended that should not have.
func (d *daemon) ending() error {
	words := strings.TrimSpace(d.words.String())
	words = words[max(0, len(words)-maxWords):]
	var exit *exec.ExitError
	if errors.As(d.err, &exit) && exit.ExitCode() == launch.ExitCannot {
		return &CannotError{Why: words}
	}
	if d.err == nil {
		return fmt.Errorf("the daemon ended without an error and said: %s", words)
	}
	return fmt.Errorf("the daemon ended: %w; it said: %s", d.err, words)
}

// Kill ends the daemon by SIGKILL.
func (l *Lab) Kill() {
	_ = syscall.Kill(l.daemon.pid, syscall.SIGKILL) // it may have ended
	<-l.daemon.ended
}

// Restart kills the daemon and starts another.
func (l *Lab) Restart(ctx context.Context) error {
	l.Kill()
	return l.Start(ctx)
}

// SecondDaemon starts another daemon on the same state and waits for its end. It returns what it said, and whether it
// gave up by itself.
func (l *Lab) SecondDaemon(ctx context.Context) (string, bool) {
	d, err := start(l.exe, []string{"run", "--config", l.file("config.toml")})
	if err != nil {
		return err.Error(), false
	}
	ctx, cancel := context.WithTimeout(ctx, stopTime)
	defer cancel()
	select {
	case <-d.ended:
		return strings.TrimSpace(d.words.String()), d.err != nil
	case <-ctx.Done():
		return errors.Join(errors.New("it runs beside the first"), d.stop(context.WithoutCancel(ctx))).Error(), false
	}
}

// stop ends the daemon in order, and by SIGKILL when that takes too long.
func (d *daemon) stop(ctx context.Context) error {
	_ = syscall.Kill(d.pid, syscall.SIGTERM) // it may have ended
	timer := time.NewTimer(stopTime)
	defer timer.Stop()
	select {
	case <-d.ended:
		return nil
	case <-ctx.Done():
	case <-timer.C:
	}
	_ = syscall.Kill(d.pid, syscall.SIGKILL)
	<-d.ended
	return fmt.Errorf("a daemon did not end within %s and was killed", stopTime)
}
