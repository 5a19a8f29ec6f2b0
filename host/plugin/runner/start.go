package runner

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/sdk/wire"
)

// readEnds are the host's ends of the child's standard output and error.
type readEnds struct{ stdout, stderr *os.File }

// drain is how long output is still read after the end of a process whose
// descendants escaped its group and hold the pipes open.
const drain = 200 * time.Millisecond

func (e readEnds) finish() {
	deadline := time.Now().Add(drain)
	_ = e.stdout.SetReadDeadline(deadline)
	_ = e.stderr.SetReadDeadline(deadline)
}

// startOnOwnThread never gives the thread back: it ends with the goroutine.
func (p *Process) startOnOwnThread() (readEnds, error) {
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return readEnds{}, fmt.Errorf("start plugin %s: forbid new privileges: %w", p.options.Name, err)
	}
	program, err := unix.FcntlInt(p.options.Program.Fd(), unix.F_DUPFD_CLOEXEC, highDescriptor)
	if err != nil {
		return readEnds{}, fmt.Errorf("start plugin %s: keep its program open: %w", p.options.Name, err)
	}
	defer unix.Close(program)
	pipes, err := openPipes()
	if err != nil {
		return readEnds{}, fmt.Errorf("start plugin %s: open its pipes: %w", p.options.Name, err)
	}
	p.fillCommand(program, pipes)
	err = startRetrying(p.cmd.Start)
	pipes.closeChildEnds()
	if err != nil {
		pipes.closeHostEnds()
		return readEnds{}, p.explainStart(err)
	}
	p.adopt(pipes)
	return readEnds{stdout: pipes.outRead, stderr: pipes.errRead}, nil
}

// pipes are the three channels between host and plugin beside the socket.
type pipes struct {
	outRead, outWrite   *os.File
	errRead, errWrite   *os.File
	lifeRead, lifeWrite *os.File
}

func openPipes() (*pipes, error) {
	p := &pipes{}
	var errs [3]error
	p.outRead, p.outWrite, errs[0] = os.Pipe()
	p.errRead, p.errWrite, errs[1] = os.Pipe()
	p.lifeRead, p.lifeWrite, errs[2] = os.Pipe()
	if err := errors.Join(errs[:]...); err != nil {
		p.closeChildEnds()
		p.closeHostEnds()
		return nil, err
	}
	return p, nil
}

func (p *pipes) closeChildEnds() { closeAll(p.outWrite, p.errWrite, p.lifeRead) }
func (p *pipes) closeHostEnds()  { closeAll(p.outRead, p.errRead, p.lifeWrite) }

func closeAll(files ...*os.File) {
	for _, f := range files {
		if f != nil {
			_ = f.Close()
		}
	}
}

// lifelineDescriptor is the number of the first extra descriptor of a child.
const lifelineDescriptor = 3

func (p *Process) fillCommand(program int, pipes *pipes) {
	c := p.cmd
	c.Path = "/proc/self/fd/" + strconv.Itoa(program)
	c.Args = []string{p.options.Name}
	c.Dir = "/"
	c.Stdin = nil
	c.Stdout, c.Stderr = pipes.outWrite, pipes.errWrite
	c.ExtraFiles = []*os.File{pipes.lifeRead}
	c.Env = append(c.Env, wire.Lifeline+"="+strconv.Itoa(lifelineDescriptor))
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if id := p.options.Identity; id != nil {
		c.SysProcAttr.Credential = &syscall.Credential{Uid: id.UID, Gid: id.GID}
	}
	c.Err = nil
}

// startRetrying tries again while the kernel finds the program open for
// writing: a process that forked while the store wrote the program holds that
// descriptor until its own exec (golang/go#22315).
func startRetrying(start func() error) error {
	const attempts, pause = 50, 10 * time.Millisecond
	for i := 1; ; i++ {
		err := start()
		if i == attempts || !errors.Is(err, syscall.ETXTBSY) {
			return err
		}
		time.Sleep(pause)
	}
}

func (p *Process) explainStart(err error) error {
	hint := ""
	switch {
	case errors.Is(err, syscall.ENOEXEC):
		hint = ": it is no program for this machine"
	case errors.Is(err, syscall.EACCES):
		hint = ": is the state folder on a file system mounted noexec?"
	}
	return fmt.Errorf("start plugin %s: %w%s", p.options.Name, err, hint)
}

// adopt takes the started process into the Process: limits, lifeline, output.
func (p *Process) adopt(pipes *pipes) {
	p.mu.Lock()
	p.pid = p.cmd.Process.Pid
	p.lifeline = pipes.lifeWrite
	p.mu.Unlock()
	p.limit()
	p.pumps.Add(2)
	go func() {
		defer p.pumps.Done()
		defer pipes.errRead.Close()
		p.options.Log(pipes.errRead)
	}()
	go func() {
		defer p.pumps.Done()
		defer pipes.outRead.Close()
		p.pumpStdout(pipes.outRead)
	}()
}

// The bounds of every plugin's process.
const (
	maxDescriptors = 256
	// runtimeMemory is what a Go program reserves before it stores anything: one
	// arena of 64 MiB, its tables and the stacks of its threads. Measured with
	// the examples: 107 MiB of data at rest.
	runtimeMemory = 128 << 20
)

// limit bounds the process right after its start. Exec has happened by then,
// but the plugin gets no work before it is configured.
func (p *Process) limit() {
	set := func(resource int, n uint64) {
		_ = unix.Prlimit(p.pid, resource, &unix.Rlimit{Cur: n, Max: n}, nil)
	}
	set(unix.RLIMIT_CORE, 0)
	set(unix.RLIMIT_NOFILE, maxDescriptors)
	if p.options.Memory > 0 {
		set(unix.RLIMIT_DATA, uint64(p.options.Memory)+runtimeMemory)
	}
}
