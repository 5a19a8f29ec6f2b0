// Package daemon runs a real homeostat for a trial: in a folder of its own, with
// a configuration made for a set of victims, and asked over its socket. It
// judges nothing.
//
// A Daemon is started and stopped by one goroutine; the questions may be asked
// by several.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/homeostat/homeostat/examples/harness/victim"
)

// Options say what the daemon watches and where it lives.
type Options struct {
	// Bin is the folder with homeostat and plugins/.
	Bin string
	// Dir is a scratch folder. Its path must be short: a socket lives in it.
	Dir     string
	Victims []*victim.Victim
	// Further is TOML with components that are no victims, Healing more lines of
	// the table [healing].
	Further, Healing string
	// Config is the whole configuration, where it is not to be made for Victims.
	// Its socket must be homeostat.sock in Dir.
	Config string
}

// Daemon is a running homeostat. Start is the only way to one.
type Daemon struct {
	opt    Options
	cmd    *exec.Cmd
	ended  chan struct{} // closed when the process has ended
	err    error         // why it ended; valid when ended is closed
	client *http.Client
}

const (
	// stopTime is how long the daemon may take to end after SIGTERM; it ends the
	// victims first.
	stopTime = 30 * time.Second
	// pause is the time between two looks while something is waited for.
	pause = 20 * time.Millisecond
	// callTime bounds one question over the socket.
	callTime = 10 * time.Second
	// maxWords is how much of the log is shown after a failed start, in bytes.
	maxWords = 4096
)

// Start writes the configuration, starts the daemon and waits until it is ready.
// The victims start by then, each at its own pace. On an error nothing is left
// running.
func Start(ctx context.Context, o Options) (*Daemon, error) {
	d := &Daemon{opt: o, ended: make(chan struct{})}
	if err := os.WriteFile(d.configFile(), []byte(configuration(o)), 0o600); err != nil {
		return nil, fmt.Errorf("start homeostat: %w", err)
	}
	d.client = &http.Client{Timeout: callTime, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", d.socket())
		},
	}}
	d.cmd = exec.Command(filepath.Join(o.Bin, "homeostat"), "run", "--config", d.configFile())
	log, err := os.Create(d.logFile())
	if err != nil {
		return nil, fmt.Errorf("start homeostat: %w", err)
	}
	defer func() { _ = log.Close() }() // the daemon has its own descriptor of it
	d.cmd.Stdout, d.cmd.Stderr = log, log
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the trial, which then stops the daemon in order
	if err := d.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start homeostat: %w", err)
	}
	go func() { // ends with the process
		d.err = d.cmd.Wait()
		close(d.ended)
	}()
	if err := d.settle(ctx); err != nil {
		return nil, errors.Join(err, d.Stop(), d.lastWords())
	}
	return d, nil
}

func (d *Daemon) configFile() string { return filepath.Join(d.opt.Dir, "config.toml") }
func (d *Daemon) logFile() string    { return filepath.Join(d.opt.Dir, "homeostat.log") }
func (d *Daemon) socket() string     { return filepath.Join(d.opt.Dir, "homeostat.sock") }

// PID is the daemon's process id.
func (d *Daemon) PID() int { return d.cmd.Process.Pid }

// settle waits until the daemon is ready.
func (d *Daemon) settle(ctx context.Context) error {
	for {
		err := d.call(ctx, "/readyz", nil)
		if err == nil {
			return nil
		}
		select {
		case <-d.ended:
			return fmt.Errorf("homeostat ended before it was ready: %w", d.err)
		case <-ctx.Done():
			return fmt.Errorf("wait for homeostat to be ready: %w", err)
		case <-time.After(pause):
		}
	}
}

// Stop ends the daemon, which ends the victims, and waits for both. What does
// not end in time is killed, and that is an error.
func (d *Daemon) Stop() error {
	defer d.client.CloseIdleConnections()
	left := d.victims()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop homeostat: %w", err)
	}
	select {
	case <-d.ended:
	case <-time.After(stopTime):
		return errors.Join(fmt.Errorf("stop homeostat: still there %s after SIGTERM; killed", stopTime), d.Kill(), kill(left))
	}
	return errors.Join(d.err, kill(left))
}

// Command runs the command line as an operator would, and returns what it
// printed. The error has that too.
func (d *Daemon) Command(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(d.opt.Bin, "homeostat"), append(args, "--socket", d.socket())...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("homeostat %s: %w: %.500s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// Kill ends the daemon by SIGKILL and waits for its end.
func (d *Daemon) Kill() error {
	if err := d.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill homeostat: %w", err)
	}
	<-d.ended
	return nil
}

// victims asks for the victims' processes. It is short of those that the daemon
// cannot name any more.
func (d *Daemon) victims() []int {
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	all, err := d.Components(ctx)
	if err != nil {
		return nil
	}
	var pids []int
	for _, c := range all {
		if c.PID > 0 && c.Kind == "command" {
			pids = append(pids, c.PID)
		}
	}
	return pids
}

// kill ends what an orderly stop has left. Nothing being left is the rule.
func kill(pids []int) error {
	var left []error
	for _, pid := range pids {
		p, err := os.FindProcess(pid)
		if err != nil {
			continue
		}
		if err := p.Signal(syscall.Signal(0)); err != nil || dead(pid) {
			continue
		}
		left = append(left, fmt.Errorf("victim with pid %d outlived homeostat and was killed", pid), p.Kill())
	}
	return errors.Join(left...)
}

// dead reports a process that has ended and that nobody has waited for: the parent
// of one that a killed daemon has started is a stranger.
func dead(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(b), ") ")
	return err != nil || strings.HasPrefix(rest, "Z")
}

// lastWords returns the end of the log as an error.
func (d *Daemon) lastWords() error {
	b, err := os.ReadFile(d.logFile())
	if err != nil {
		return fmt.Errorf("read homeostat's log: %w", err)
	}
	return fmt.Errorf("the end of homeostat's log:\n%s", b[max(0, len(b)-maxWords):])
}
