// Package trial makes the five changes of safe-nginx and judges how each ends.
//
// It starts a homeostat, an nginx and the servers behind it in a scratch folder, and ends them all. One goroutine does the
// changes, one after the other.
package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/homeostat/homeostat/examples/harness/daemon"
)

// Options say where the trial lives.
type Options struct {
	// Bin is the folder with homeostat and plugins/, Dir a scratch folder with a short path.
	Bin, Dir string
	// Late is when the late fault sets in.
	Late time.Duration
	Say  func(line string)
}

// Row is what became of one change.
type Row struct {
	Name string `json:"change"`
	Good bool   `json:"good"`
	// State and Stage are how the change ended, and where.
	State string `json:"state"`
	Stage string `json:"stage"`
	// Seconds from the submission, or from the onset of the late fault, until nginx served well again. For the good
	// change, until it was kept.
	Seconds float64 `json:"seconds"`
	Bar     string  `json:"bar"`
	OK      bool    `json:"ok"`
}

// The bars, and the watch of the quick cases.
const (
	bar      = 15 * time.Second
	lateBar  = time.Minute
	watch    = 8 * time.Second
	lateMore = 90 * time.Second // how much longer than the late fault its watch is
)

type trial struct {
	Options
	nginx     nginx
	upstreams *upstreams
	daemon    *daemon.Daemon
	native    string // the validator, where this host allows one
}

// Run makes all five changes.
func Run(ctx context.Context, o Options) (rows []Row, err error) {
	t := &trial{Options: o, native: validator}
	if t.upstreams, err = newUpstreams(o.Late); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.upstreams.Close()) }()
	if t.nginx, err = newNginx(o.Dir, t.upstreams.well); err != nil {
		return nil, err
	}
	t.daemon, err = daemon.Start(ctx, daemon.Options{Bin: o.Bin, Dir: o.Dir, Further: t.nginx.component() + t.nginx.root(watch, t.native)})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.daemon.Stop()) }()
	if err := t.daemon.AwaitUp(ctx, "nginx"); err != nil {
		return nil, err
	}
	if err := t.tryValidator(ctx); err != nil {
		return nil, err
	}
	return t.changes(ctx)
}

// tryValidator leaves the validator out where the host does not allow to confine one: then every change would wait for a
// person.
func (t *trial) tryValidator(ctx context.Context) error {
	c, err := t.submit(ctx, "try", t.nginx.conf("try", t.nginx.address, t.upstreams.well), "--dry-run")
	if err != nil {
		return err
	}
	for _, s := range c.Steps {
		if s.Stage == "validate" && s.Verdict == "inconclusive" {
			t.Say("this host does not allow to confine `nginx -t`: " + s.Text + "; going on without it")
			t.native = ""
			return t.rewatch(ctx, watch)
		}
	}
	return nil
}

// rewatch puts another length of the watch in force.
func (t *trial) rewatch(ctx context.Context, span time.Duration) error {
	path := filepath.Join(t.Dir, "config.toml")
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	at := len(data) - len(t.nginx.root(watch, validator))
	if err := os.WriteFile(path, append(data[:at:at], t.nginx.root(span, t.native)...), 0o600); err != nil {
		return err
	}
	if err := syscall.Kill(t.daemon.PID(), syscall.SIGHUP); err != nil {
		return err
	}
	return t.reloaded(ctx, span)
}

// reloaded waits until the watch of a dry run is the new one.
func (t *trial) reloaded(ctx context.Context, span time.Duration) error {
	const patience, pause = 30 * time.Second, 100 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		c, err := t.submit(ctx, "try", t.nginx.conf("try", t.nginx.address, t.upstreams.well), "--dry-run")
		if err != nil {
			return err
		}
		for _, s := range c.Steps {
			if s.Stage == "watch" && s.Text == fmt.Sprintf("would watch for %s; nginx must be healthy", span) {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the daemon to take up a watch of %s: %w", span, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// changes makes them one after the other.
func (t *trial) changes(ctx context.Context) ([]Row, error) {
	n, u := t.nginx, t.upstreams
	var rows []Row
	for _, one := range []struct{ name, conf string }{
		{"syntax", "http { server { listen"},
		{"wrong port", n.conf("wrong-port", n.other, u.well)},
		{"slow upstream", n.conf("slow", n.address, u.slow)},
	} {
		row, err := t.bad(ctx, one.name, one.conf)
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
	good, err := t.good(ctx)
	if err != nil {
		return append(rows, good), err
	}
	late, err := t.late(ctx)
	return append(rows, good, late), err
}

func (t *trial) bad(ctx context.Context, name, conf string) (Row, error) {
	if err := t.healthy(ctx); err != nil {
		return Row{Name: name}, err
	}
	began := time.Now()
	row, err := t.undone(ctx, name, conf, "old")
	row.Seconds, row.Bar = time.Since(began).Seconds(), "≤ "+bar.String()
	row.OK = (row.State == "rolled_back" || row.State == "failed") && row.Seconds <= bar.Seconds()
	return row, err
}

// undone submits a change, and waits until nginx serves the version before it.
func (t *trial) undone(ctx context.Context, name, conf, before string) (Row, error) {
	row := Row{Name: name}
	c, err := t.submit(ctx, name, conf, "--wait")
	row.State, row.Stage = c.State, c.Stage
	if err == nil {
		err = t.nginx.serves(ctx, before)
	}
	t.Say(fmt.Sprintf("%s: %s in %s: %s", name, c.State, c.Stage, c.Why))
	return row, err
}

func (t *trial) good(ctx context.Context) (Row, error) {
	if err := t.healthy(ctx); err != nil {
		return Row{Name: "good"}, err
	}
	began := time.Now()
	row, err := t.undone(ctx, "good", t.nginx.conf("good", t.nginx.address, t.upstreams.well), "good")
	row.Good, row.Seconds, row.Bar = true, time.Since(began).Seconds(), "kept"
	row.OK = row.State == "kept"
	return row, err
}

// late is the change that is well until some time after it was applied.
func (t *trial) late(ctx context.Context) (Row, error) {
	name := "fails after " + t.Late.String()
	if err := t.rewatch(ctx, t.Late+lateMore); err != nil {
		return Row{Name: name}, err
	}
	if err := t.healthy(ctx); err != nil {
		return Row{Name: name}, err
	}
	row, err := t.undone(ctx, name, t.nginx.conf("late", t.nginx.address, t.upstreams.late), "good")
	now := time.Now()
	row.Seconds, row.Bar = now.Sub(t.upstreams.failsFrom(now)).Seconds(), "≤ "+lateBar.String()+" after onset"
	row.OK = row.State == "rolled_back" && row.Seconds > 0 && row.Seconds <= lateBar.Seconds()
	return row, err
}

// healthy waits until the host is held to be healthy: on one that still feels the change before, the next is refused.
func (t *trial) healthy(ctx context.Context) error {
	const patience, pause = 5 * time.Minute, time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		out, err := t.command(ctx, "safety", "status", "--json").Output()
		var safety struct {
			Health struct {
				Status string `json:"status"`
			} `json:"health"`
		}
		if err == nil {
			err = json.Unmarshal(out, &safety)
		}
		if err == nil && safety.Health.Status == "healthy" {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the host to be healthy, it is %q: %w", safety.Health.Status, errors.Join(ctx.Err(), err))
		case <-time.After(pause):
		}
	}
}

// command is homeostat on the command line.
func (t *trial) command(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, filepath.Join(t.Bin, "homeostat"), append([]string{"--socket", filepath.Join(t.Dir, "homeostat.sock")}, args...)...)
}

// change is what the trial needs of a change.
type change struct {
	State string `json:"state"`
	Stage string `json:"stage"`
	Why   string `json:"why"`
	Steps []struct {
		Stage   string `json:"stage"`
		Verdict string `json:"verdict"`
		Text    string `json:"text"`
	} `json:"steps"`
}

// submit submits a configuration with the command line, as its user does.
func (t *trial) submit(ctx context.Context, reason, conf, how string) (change, error) {
	file := filepath.Join(t.Dir, "candidate.conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		return change{}, err
	}
	out, err := t.command(ctx, "change", "submit", file, "--root", "nginx", "--path", "nginx.conf", "--reason", reason, "--json", how).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = nil // the code says what the state says
	}
	var c change
	if err == nil {
		if err = json.Unmarshal(out, &c); err != nil {
			err = fmt.Errorf("homeostat change submit said %.300q: %w", out, err)
		}
	}
	return c, err
}
