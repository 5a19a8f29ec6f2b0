package trial

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/homeostat/homeostat/examples/harness/victim"
)

// settings are those of all daemons of a trial: the folder of plugins, the state
// folder and the socket are to be filled in. What guards a host from many recoveries
// in a short time is wide open, for here there are many.
const settings = `
[healing]
mode = "automated"
detection_interval = "1s"
hold = "2s"
[healing.storm]
component = 1000
host = 1000
[safety.health]
min_score = 40
cpu_max = "100%%"
memory_min_available = "1%%"
disk_max = "100%%"
[safety.rate]
max = 1000
[log]
level = "warning"
[dashboard]
enabled = false
[plugins]
dir = %q
[plugins.health]
kind = "detector"
path = "detector-health"
[plugins.restart]
kind = "strategy"
path = "strategy-restart"
[plugins.revert]
kind = "strategy"
path = "strategy-revert"
[state]
dir = %q
[socket]
path = %q
`

// acted is the record that the daemon writes before it does anything: what comes
// after it is the action, its receipt, the look at the service and the hold time.
const acted = "recovery_started"

// moment is when the daemon is killed: so long after the record of the audit log that
// is named, or after the fault where none is.
type moment struct {
	after string
	wait  time.Duration
}

// String says the moment.
func (m moment) String() string {
	if m.after == "" {
		return fmt.Sprintf("%v after the fault", m.wait)
	}
	return fmt.Sprintf("%v after %s", m.wait, m.after)
}

// fault is a way to break a shop.
type fault struct {
	name    string
	moments []moment
	// inject puts it in and returns the process that is broken.
	inject func(ctx context.Context, t *trial, s *shop) (pid int, err error)
}

// faults are those of the trial, each with moments that cover its recovery. A crash is
// repaired by a start, a hang by a stop and a start, a bad configuration by putting the
// old files back and a restart.
func faults() []fault {
	return []fault{
		{"crash", sweep(4 * time.Millisecond), func(ctx context.Context, _ *trial, s *shop) (int, error) { return s.spoil(ctx, "crash") }},
		{"hang", sweep(15 * time.Millisecond), func(ctx context.Context, _ *trial, s *shop) (int, error) { return s.spoil(ctx, "hang") }},
		{"config", sweep(25 * time.Millisecond), misconfigure},
	}
}

// sweep is one moment before the daemon knows much, and then moments in steps.
func sweep(step time.Duration) []moment {
	out := []moment{{"", 20 * time.Millisecond}}
	for n := range 11 {
		out = append(out, moment{acted, time.Duration(n) * step})
	}
	return out
}

// shop is a service with a fault of its own.
type shop struct {
	name   string
	fault  fault
	moment moment
	victim *victim.Victim
}

func open(o Options, f fault, name string) (*shop, error) {
	v, err := victim.New(victim.Options{Name: name, Dir: o.Dir, Program: filepath.Join(o.Bin, "shop-store")})
	if err != nil {
		return nil, err
	}
	return &shop{name: name, fault: f, victim: v}, nil
}

// declare writes the component, which counts its own starts, and the root of its files.
func (s *shop) declare(b *strings.Builder) {
	command := fmt.Sprintf("echo $$ >> '%s'; exec %s", s.counter(), strings.Join(s.victim.Command(), " "))
	fmt.Fprintf(b, "\n[[component]]\nname = %q\ncommand = [\"/bin/sh\", \"-c\", %q]\non_exit = \"stop\"\nlogs = [%q]\n", s.name, command, s.victim.Log())
	fmt.Fprintf(b, "[[component.probe]]\ntype = \"http\"\nurl = %q\ninterval = \"1s\"\n", s.victim.Health())
	fmt.Fprintf(b, "[[root]]\nname = %q\npath = %q\ncomponent = %[1]q\nwatch = \"2s\"\n", s.name, s.victim.Folder())
}

func (s *shop) counter() string { return s.victim.Folder() + ".starts" }

// starts is how often the service was started.
func (s *shop) starts() (int, error) {
	b, err := os.ReadFile(s.counter())
	return bytes.Count(b, []byte("\n")), err
}

// processes is how many processes of the service there are.
func (s *shop) processes() (int, error) {
	entries, err := os.ReadDir("/proc")
	n := 0
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil && s.victim.Owns(pid) {
			n++
		}
	}
	return n, err
}

// spoil puts a fault of the shop's own into it.
func (s *shop) spoil(ctx context.Context, fault string) (int, error) {
	pid, err := s.victim.Running(ctx)
	if err == nil {
		err = s.victim.Inject(ctx, fault)
	}
	return pid, err
}

// late is how long after each start the bad configuration fails: when the watch of the
// change is long over.
const late = "6s"

// misconfigure submits a change that passes its watch and breaks the service later, and
// waits until it does.
func misconfigure(ctx context.Context, t *trial, s *shop) (int, error) {
	good, err := os.ReadFile(s.victim.SettingsFile())
	if err != nil {
		return 0, err
	}
	bad := filepath.Join(t.opt.Dir, s.name+".toml")
	if err := os.WriteFile(bad, fmt.Appendf(good[:len(good):len(good)], "errors_after = %q\n", late), 0o600); err != nil {
		return 0, err
	}
	if _, err := t.daemon.Command(ctx, "change", "submit", bad, "--root", s.name, "--path", filepath.Base(s.victim.SettingsFile()), "--reason", "it looks harmless", "--wait"); err != nil {
		return 0, err
	}
	for {
		pid, err := s.victim.Running(ctx)
		if e := s.victim.Healthy(ctx); err == nil && e != nil && strings.Contains(e.Error(), "500") {
			return pid, nil
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("wait for the bad configuration to fail: %w", ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// logged looks for a record of that kind and component in the files of an audit log.
func logged(dir, kind, component string) (bool, error) {
	found := false
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || found {
			return err
		}
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a file of a moment
		}
		for l := range bytes.Lines(b) {
			found = found || bytes.Contains(l, []byte(kind)) && bytes.Contains(l, []byte(`"`+component+`"`))
		}
		return err
	})
	return found, err
}
