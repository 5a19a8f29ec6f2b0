// Package victim owns one process of the shop that is going to be broken: its
// folder, its ports and its settings, how a fault is put into it, and how it
// looks from outside. It neither starts nor repairs it: that is the job of
// whoever is being tried.
//
// A Victim does not change after New and is safe for use by several goroutines.
package victim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/homeostat/homeostat/examples/harness/loopback"
)

const (
	// glance is how long an answer may take before it counts as none.
	glance = 300 * time.Millisecond
	// injectTime is how long a victim may take to accept a fault.
	injectTime = 10 * time.Second
	// pause is the time between two looks, and so the error of what is measured.
	pause = 10 * time.Millisecond
	// maxAnswer bounds what is read of an answer, in bytes.
	maxAnswer = 64 << 10
)

// Options say what a victim is.
type Options struct {
	// Name is the component's name, and that of its folder below Dir.
	Name string
	Dir  string
	// Program is the path of bin/shop-web or bin/shop-store.
	Program string
	// Store is the store of a shop-web, nil for a shop-store.
	Store *Victim
	// Linked says that a shop-web reaches its store through a link of homeostat,
	// and shows old goods while the store is cut off.
	Linked bool
	// Shallow says that the victim is probed by a connection alone.
	Shallow bool
	// SlowStart is how long every start takes, from the first one on.
	SlowStart time.Duration
	// Adopted victims are started by StartScript, not by their supervisor, which
	// finds them by their pid file.
	Adopted bool
	// Server and Fault are lines of TOML for those tables of the settings.
	Server, Fault string
}

// Victim is one process of the shop. New is the only way to one.
type Victim struct {
	Options
	// Public and Admin are its two addresses, host:port.
	Public, Admin string
	// Through is where the link to the store listens, for a linked victim.
	Through string

	client, injector *http.Client
}

// New makes the folder and the settings of a victim, on ports that are kept for
// it until this program ends.
func New(o Options) (*Victim, error) {
	ports, err := loopback.Reserve(3)
	if err != nil {
		return nil, err
	}
	v := &Victim{
		Options: o, Public: ports[0], Admin: ports[1], Through: ports[2],
		// A connection a request, as a stranger would do it: a kept connection
		// to a dead process would measure the client.
		client:   &http.Client{Timeout: glance, Transport: &http.Transport{DisableKeepAlives: true}},
		injector: &http.Client{Timeout: injectTime, Transport: &http.Transport{DisableKeepAlives: true}},
	}
	if err := os.MkdirAll(v.Folder(), 0o755); err != nil {
		return nil, fmt.Errorf("make victim %s: %w", o.Name, err)
	}
	files := map[string]string{v.SettingsFile(): v.settings(), v.StartScript(): v.startScript()}
	if o.SlowStart > 0 {
		files[filepath.Join(v.Folder(), faultFile)] = fmt.Sprintf(`{"slow_start":%q}`, o.SlowStart)
	}
	for path, content := range files {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return nil, fmt.Errorf("make victim %s: %w", o.Name, err)
		}
	}
	return v, nil
}

// faultFile is where a victim keeps the faults that outlive a restart.
const faultFile = "fault.json"

// Folder is where the victim keeps its files.
func (v *Victim) Folder() string { return filepath.Join(v.Dir, v.Name) }

// Log is the victim's log file.
func (v *Victim) Log() string { return filepath.Join(v.Folder(), "shop.log") }

// Health is the address that answers 200 while the victim is well.
func (v *Victim) Health() string { return "http://" + v.Public + "/health" }

// Command starts the victim in the foreground.
func (v *Victim) Command() []string { return []string{v.Program, "--config", v.SettingsFile()} }

// StartScript is a shell script that starts the victim in the background, as an
// init script does, and writes its pid into Pidfile.
func (v *Victim) StartScript() string { return filepath.Join(v.Folder(), "start.sh") }

// Pidfile is where StartScript writes the pid.
func (v *Victim) Pidfile() string { return filepath.Join(v.Folder(), "pid") }

// startScript puts the pid file in place in one step, so that nobody reads half
// of it.
func (v *Victim) startScript() string {
	return fmt.Sprintf("setsid %s >/dev/null 2>&1 </dev/null &\necho $! >%[2]s.new && mv %[2]s.new %[2]s\n",
		strings.Join(v.Command(), " "), v.Pidfile())
}

// SettingsFile is where the victim's settings are.
func (v *Victim) SettingsFile() string { return filepath.Join(v.Folder(), "shop.toml") }

func (v *Victim) settings() string {
	s := fmt.Sprintf("[server]\nlisten = %q\nadmin = %q\n%s[log]\nfile = \"shop.log\"\n[fault]\nenabled = true\nfile = %q\n%s",
		v.Public, v.Admin, v.Server, faultFile, v.Fault)
	switch {
	case v.Linked:
		s += fmt.Sprintf("[store]\nurl = %q\n[cache]\nstale = \"10m\"\n", "http://"+v.Through)
	case v.Store != nil:
		s += fmt.Sprintf("[store]\nurl = %q\n", "http://"+v.Store.Public)
	}
	return s
}

// Inject puts a fault into the victim: a name of package fault, and after a
// question mark its settings, as in "slow?for=3s".
func (v *Victim) Inject(ctx context.Context, fault string) error {
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+v.Admin+"/fault/"+fault, nil)
	if err != nil {
		return fmt.Errorf("inject %s into %s: %w", fault, v.Name, err)
	}
	a, err := v.injector.Do(q)
	if err != nil {
		return fmt.Errorf("inject %s into %s: %w", fault, v.Name, err)
	}
	if err := a.Body.Close(); err != nil {
		return fmt.Errorf("inject %s into %s: %w", fault, v.Name, err)
	}
	if a.StatusCode != http.StatusAccepted {
		return fmt.Errorf("inject %s into %s: it said %s, want 202", fault, v.Name, a.Status)
	}
	return nil
}

// Running returns the process id of the victim, as it tells it itself.
func (v *Victim) Running(ctx context.Context) (pid int, err error) {
	var listing struct{ PID int }
	b, err := v.visit(ctx, "http://"+v.Admin+"/fault")
	if err == nil {
		err = json.Unmarshal(b, &listing)
	}
	if err == nil && listing.PID == 0 {
		err = errors.New("it told no process id")
	}
	if err != nil {
		return 0, fmt.Errorf("look at %s: %w", v.Name, err)
	}
	return listing.PID, nil
}

// Gauge returns the value that the victim's metrics give for a name without
// labels.
func (v *Victim) Gauge(ctx context.Context, name string) (float64, error) {
	b, err := v.visit(ctx, "http://"+v.Admin+"/metrics")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, fmt.Errorf("%s shows no metric %s", v.Name, name)
}

// Healthy asks the victim's health page once and returns nil when it is well.
func (v *Victim) Healthy(ctx context.Context) error {
	_, err := v.visit(ctx, v.Health())
	return err
}

func (v *Victim) visit(ctx context.Context, url string) ([]byte, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	a, err := v.client.Do(q)
	if err != nil {
		return nil, err
	}
	defer func() { _ = a.Body.Close() }() // read to its end
	b, err := io.ReadAll(io.LimitReader(a.Body, maxAnswer))
	if err == nil && a.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: it said %s", url, a.Status)
	}
	return b, err
}

// AwaitHealthy waits until a process other than the one with pid not is well,
// and returns its pid and since when. With not 0 any process will do. The error
// says what was wrong at the last look.
func (v *Victim) AwaitHealthy(ctx context.Context, not int) (pid int, since time.Time, err error) {
	clock := time.NewTicker(pause)
	defer clock.Stop()
	var wrong error
	for {
		pid, err = v.look(ctx, not)
		if err == nil {
			return pid, time.Now(), nil
		}
		if wrong == nil || ctx.Err() == nil {
			wrong = err // a look that the end of ctx cut short says nothing
		}
		select {
		case <-ctx.Done():
			return 0, time.Time{}, fmt.Errorf("wait for %s: %w", v.Name, wrong)
		case <-clock.C:
		}
	}
}

func (v *Victim) look(ctx context.Context, not int) (int, error) {
	pid, err := v.Running(ctx)
	if err != nil {
		return 0, err
	}
	if pid == not {
		return 0, fmt.Errorf("process %d, which was broken, is still there", pid)
	}
	return pid, v.Healthy(ctx)
}

// Owns says whether the process with this pid is one of this victim.
func (v *Victim) Owns(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && strings.Contains(string(b), v.SettingsFile())
}

// Kill ends what is left of the victim after its supervisor has gone.
func (v *Victim) Kill() error {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return fmt.Errorf("kill %s: %w", v.Name, err)
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || !v.Owns(pid) {
			continue
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("kill %s: %w", v.Name, err)
		}
	}
	return nil
}
