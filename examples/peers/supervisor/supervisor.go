// Package supervisor runs homeostat and its peers (monit, supervisord, runit) in
// the foreground over the same victims, so that they can be compared. The
// settings of the peers are what their own experts would write; each is in the
// file of its name.
//
// It breaks nothing and measures nothing. A Running is used by one goroutine.
package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/homeostat/homeostat/examples/harness/victim"
)

// Supervisor is one of those compared.
type Supervisor struct {
	// Name is what it is called in the table.
	Name string
	// Needs is the program that must be installed; empty for homeostat.
	Needs string
	// Notices says that it looks at answers, not at processes alone.
	Notices bool

	start func(context.Context, Task) (Running, error)
}

// Task is what a supervisor is given.
type Task struct {
	// Bin is the folder with homeostat's programs.
	Bin string
	// Dir is a scratch folder with a short path.
	Dir string
	// Victims are to be kept alive.
	Victims []*victim.Victim
}

// Running is a supervisor at work.
type Running interface {
	// PIDs are the supervisor's own processes.
	PIDs() []int
	// Stop ends the supervisor, not its victims, which may outlive it.
	Stop() error
}

// All returns those compared, homeostat first.
func All() []Supervisor {
	return []Supervisor{homeostat, monit, supervisord, runit}
}

// Installed says whether the supervisor can be run here.
func (s Supervisor) Installed() bool {
	if s.Needs == "" {
		return true
	}
	_, err := exec.LookPath(s.Needs)
	return err == nil
}

// Start runs the supervisor and returns when it is up. Its victims may still be
// starting. ctx bounds the start only.
func (s Supervisor) Start(ctx context.Context, t Task) (Running, error) {
	r, err := s.start(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Name, err)
	}
	return r, nil
}

// stopTime is how long a peer may take to end after SIGTERM.
const stopTime = 15 * time.Second

// foreground is a set of processes of a peer.
type foreground []*exec.Cmd

// run adds a process in a group of its own, with its output in a file.
func (f *foreground) run(log string, argv ...string) error {
	out, err := os.OpenFile(log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }() // the process has its own descriptor
	c := exec.Command(argv[0], argv[1:]...)
	c.Stdout, c.Stderr = out, out
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Start(); err != nil {
		return err
	}
	*f = append(*f, c)
	return nil
}

func (f foreground) PIDs() []int {
	pids := make([]int, len(f))
	for i, c := range f {
		pids[i] = c.Process.Pid
	}
	return pids
}

// Stop asks all at once and waits for each. How they end is of no interest:
// most say that a signal ended them.
func (f foreground) Stop() error {
	var problems []error
	for _, c := range f {
		if err := c.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			problems = append(problems, err)
		}
	}
	for _, c := range f {
		kill := time.AfterFunc(stopTime, func() { _ = c.Process.Kill() }) // gone already: nothing to do
		var exit *exec.ExitError
		if err := c.Wait(); err != nil && !errors.As(err, &exit) {
			problems = append(problems, err)
		}
		kill.Stop()
	}
	return errors.Join(problems...)
}

// write makes a file of a peer's settings.
func write(path, content string, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(content), mode)
}
