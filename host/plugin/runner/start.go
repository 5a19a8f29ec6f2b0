package runner

import (
	"encoding/json"
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
	pipes, err := openPipes()
	if err != nil {
		return readEnds{}, fmt.Errorf("start plugin %s: open its pipes: %w", p.options.Name, err)
	}
	err = p.fillCommand(pipes)
	if err == nil {
		err = p.cmd.Start()
	}
	pipes.closeChildEnds()
	if err != nil {
		pipes.closeHostEnds()
		return readEnds{}, fmt.Errorf("start plugin %s: %w", p.options.Name, err)
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

// lifelineDescriptor is the number of the first extra descriptor of a child;
// programDescriptor is the next.
const lifelineDescriptor = 3

// fillCommand makes the shim of go-plugin's command.
func (p *Process) fillCommand(pipes *pipes) error {
	told, err := json.Marshal(bounds{
		Name: p.options.Name, Parent: os.Getpid(), Identity: p.options.Identity, Memory: p.options.Memory,
		SocketDir: p.options.SocketDir,
	})
	if err != nil {
		return err
	}
	c := p.cmd
	c.Err = nil
	c.Path = "/proc/self/exe"
	c.Args = []string{shimName}
	c.Dir = "/"
	c.Stdin, c.Stdout, c.Stderr = nil, pipes.outWrite, pipes.errWrite
	c.ExtraFiles = []*os.File{pipes.lifeRead, p.options.Program}
	c.Env = append(c.Env, wire.Lifeline+"="+strconv.Itoa(lifelineDescriptor), "TMPDIR="+p.options.SocketDir, shimEnv+"="+string(told))
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return nil
}

// adopt takes the started process into the Process: limits, lifeline, output.
func (p *Process) adopt(pipes *pipes) {
	p.mu.Lock()
	p.pid = p.cmd.Process.Pid
	p.lifeline = pipes.lifeWrite
	p.mu.Unlock()
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
