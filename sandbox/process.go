package sandbox

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

const (
	// dataSlack is what RLIMIT_DATA leaves beyond the memory limit: Go reserves its
	// heap in writable pieces of 64 MiB of which it uses little. What is really used
	// is bounded by the parent's watch.
	dataSlack = 512 << 20
	// descriptorSlack is what the worker itself needs.
	descriptorSlack = 64
	// maxCode bounds one file of compiled code, in bytes.
	maxCode = 1 << 30
)

// cause says why the parent killed a worker.
type cause int

const (
	killNone cause = iota
	killDeadline
	killMemory
	killCancel
	killProtocol
)

// process is a running worker. The goroutine that started it holds the OS thread
// until the worker is reaped, because the kernel kills the worker when that thread
// ends (golang/go#27505).
type process struct {
	pid   int
	rung  confine.Rung
	begun time.Time
	done  chan struct{} // closed when reaped

	mu     sync.Mutex
	reaped bool
	cause  cause
	state  *os.ProcessState // set before done is closed
}

// files are the worker's ends. start closes them, whatever happens.
type files struct {
	stdin, stdout, crash, job, events, stderr *os.File
}

func (f files) close() {
	for _, one := range []*os.File{f.stdin, f.stdout, f.crash, f.job, f.events, f.stderr} {
		if one != nil {
			_ = one.Close() // the worker has its own copies
		}
	}
}

// startProcess starts a worker at the highest rung that the kernel allows. It fails
// when a required guard is not to be had there.
func startProcess(f files, require []confine.Guard) (*process, error) {
	p := &process{done: make(chan struct{})}
	started := make(chan error, 1)
	go p.live(f, require, started)
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// live starts the worker, waits for its end and reaps it.
func (p *process) live(f files, require []confine.Guard, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd, err := p.start(f, require)
	f.close()
	started <- err
	if err != nil {
		return
	}
	waitExit(p.pid)
	p.mu.Lock()
	p.reaped = true
	p.mu.Unlock()
	_ = cmd.Wait() // the state says how it ended
	p.state = cmd.ProcessState
	close(p.done)
}

func (p *process) start(f files, require []confine.Guard) (*exec.Cmd, error) {
	for {
		rung := confine.Current()
		var status confine.Status
		rung.NoteStart(&status)
		if lacks := status.Lacks(require); len(lacks) > 0 {
			return nil, refuse("required guards are missing: "+strings.Join(lacks, ", "),
				"allow them to the daemon, or take them out of sandbox.require")
		}
		cmd := &exec.Cmd{
			Path: "/proc/self/exe", Args: []string{wire.WorkerName}, Env: []string{}, Dir: "/",
			Stdin: fileOrNil(f.stdin), Stdout: f.stdout, Stderr: f.crash,
			ExtraFiles:  []*os.File{f.job, f.events, f.stderr},
			SysProcAttr: confine.Attributes(rung),
		}
		p.begun = time.Now()
		err := cmd.Start()
		if err == nil {
			p.pid, p.rung = cmd.Process.Pid, rung
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

// kill ends the worker and all of its session. The first cause counts.
func (p *process) kill(why cause) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped {
		return
	}
	if p.cause == killNone {
		p.cause = why
	}
	_ = syscall.Kill(-p.pid, syscall.SIGKILL) // gone already is as good
	_ = syscall.Kill(p.pid, syscall.SIGKILL)  // before it made its session
}

// why returns the cause of the kill; after done it does not change.
func (p *process) why() cause {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cause
}
