// Package runner owns the process of one plugin: how it is started, what it
// may use, what is read from its standard output, and how its process group is
// ended. It implements go-plugin's runner.Runner.
//
// It does not decide when a plugin is started or ended (the supervisor does)
// and does not speak to it. A Process is used once; its methods may be called
// from several goroutines.
package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Identity is the user that a plugin runs as.
type Identity struct {
	UID uint32
	GID uint32
}

// Options say what is run and within what bounds.
type Options struct {
	// Name is the plugin's name, shown as the first argument of its process.
	Name string
	// Program is the verified executable, open for reading. The open file is run
	// and not a path, so that nobody can swap it between check and start, and so
	// that a user without rights to its folder can run it.
	Program *os.File
	// Identity is nil for the daemon's own user.
	Identity *Identity
	// Memory bounds what the process may allocate, in bytes; zero is no bound.
	Memory int64
	// SocketDir is where the plugin's socket must be. It is handed to Identity.
	SocketDir string
	// Log reads the plugin's standard error, and what it prints to standard
	// output around its handshake, line by line, until the end of the stream.
	Log func(io.Reader)
}

// Process is one run of a plugin.
type Process struct {
	options Options
	cmd     *exec.Cmd
	// handshake gives go-plugin the plugin's handshake line and then its end.
	handshake      *io.PipeReader
	handshakeWrite *io.PipeWriter
	pumps          sync.WaitGroup
	// done is closed when the process is reaped and its output is read.
	done chan struct{}

	mu       sync.Mutex
	lifeline *os.File
	pid      int
	reaped   bool
	exit     error
	spoken   string
}

// New prepares a process from the command that go-plugin filled with the
// environment of its handshake.
func New(o Options, cmd *exec.Cmd) (*Process, error) {
	if o.Identity != nil {
		if err := os.Chown(o.SocketDir, int(o.Identity.UID), int(o.Identity.GID)); err != nil {
			return nil, fmt.Errorf("give the socket folder %s to user %d: %w", o.SocketDir, o.Identity.UID, err)
		}
	}
	p := &Process{options: o, cmd: cmd, done: make(chan struct{})}
	p.handshake, p.handshakeWrite = io.Pipe()
	return p, nil
}

// Start starts the process and returns once it runs the plugin's program. The
// goroutine that it starts ends with the process.
func (p *Process) Start(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	started := make(chan error, 1)
	go p.live(started)
	err := <-started
	if err != nil {
		p.handshakeWrite.CloseWithError(io.EOF)
		close(p.done)
	}
	return err
}

// live is the whole life of the process, on a thread of its own: the kernel
// sends the parent-death signal when the thread that forked ends, not when the
// process does (golang/go#27505), and "no new privileges" is a property of a
// thread that its children inherit.
func (p *Process) live(started chan<- error) {
	ends, err := p.startOnOwnThread()
	started <- err
	if err != nil {
		return
	}
	p.awaitExit()
	ends.finish()
	p.pumps.Wait()
	p.handshakeWrite.Close()
	p.closeLifeline()
	close(p.done)
}

// awaitExit waits without reaping, so that the process id still belongs to the
// group while what is left of the group is killed, and then reaps.
func (p *Process) awaitExit() {
	for {
		err := unix.Waitid(unix.P_PID, p.pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = unix.Kill(-p.pid, unix.SIGKILL)
	p.exit = p.cmd.Wait()
	p.reaped = true
}

// Signal sends a signal to the plugin's process group; after its end it does
// nothing.
func (p *Process) Signal(signal syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pid != 0 && !p.reaped {
		_ = unix.Kill(-p.pid, signal)
	}
}

// Release closes the lifeline: a well-behaved plugin then ends by itself.
func (p *Process) Release() { p.closeLifeline() }

func (p *Process) closeLifeline() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lifeline != nil {
		_ = p.lifeline.Close()
		p.lifeline = nil
	}
}

// Done is closed when the process has ended and its output is read.
func (p *Process) Done() <-chan struct{} { return p.done }

// PID returns the process id, zero before the start.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pid
}

// Exit says how the process ended, for example "exit status 2". It may be
// called after Done.
func (p *Process) Exit() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.exit == nil {
		return "exit status 0"
	}
	return p.exit.Error()
}

// End stops the process for good: lifeline, then TERM, then KILL, each with
// its time, and waits for the end. A process that the kernel cannot end (it is
// stuck in a system call) makes End return an error after the last time.
func (p *Process) End(grace time.Duration) error {
	steps := []func(){
		p.closeLifeline,
		func() { p.Signal(unix.SIGCONT); p.Signal(unix.SIGTERM) },
		func() { p.Signal(unix.SIGKILL) },
	}
	for _, step := range steps {
		step()
		if p.waitFor(grace) {
			return nil
		}
	}
	if p.waitFor(killPatience) {
		return nil
	}
	return fmt.Errorf("end process %d of plugin %s: it is still there after SIGKILL", p.PID(), p.options.Name)
}

// killPatience is how long a killed process may take to disappear.
const killPatience = 10 * time.Second

func (p *Process) waitFor(span time.Duration) bool {
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-p.done:
		return true
	case <-timer.C:
		return false
	}
}

// Wait implements go-plugin's runner: it returns when the process has ended.
func (p *Process) Wait(context.Context) error {
	<-p.done
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exit
}

// Kill implements go-plugin's runner. It does not wait.
func (p *Process) Kill(context.Context) error {
	p.Signal(unix.SIGKILL)
	return nil
}

// Stdout gives go-plugin the handshake line.
func (p *Process) Stdout() io.ReadCloser { return p.handshake }

// Stderr gives go-plugin nothing: its own parser can be made to panic by one
// line of a plugin, so standard error is read by Options.Log.
func (p *Process) Stderr() io.ReadCloser { return io.NopCloser(eof{}) }

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

// Name returns the plugin's name.
func (p *Process) Name() string { return p.options.Name }

// ID returns the process id, empty before the start.
func (p *Process) ID() string {
	if pid := p.PID(); pid != 0 {
		return strconv.Itoa(pid)
	}
	return ""
}

// Diagnose adds nothing: the supervisor explains a failed start itself.
func (p *Process) Diagnose(context.Context) string { return "" }

// Handshake returns the line that the plugin spoke, empty before.
func (p *Process) Handshake() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.spoken
}

// PluginToHost accepts a unix socket in the plugin's own folder only.
func (p *Process) PluginToHost(network, address string) (string, string, error) {
	if network != "unix" || filepath.Dir(address) != p.options.SocketDir {
		return "", "", fmt.Errorf("the plugin listens on %s %q, want a unix socket in %s", network, address, p.options.SocketDir)
	}
	return network, address, nil
}

// HostToPlugin hands addresses through.
func (p *Process) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
