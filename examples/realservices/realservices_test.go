//go:build services

package realservices

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/examples/harness/daemon"
	"github.com/homeostat/homeostat/examples/harness/loopback"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	// patience is how long a repair is waited for: twice what is promised.
	patience = 2 * time.Minute
	// spell is for how long a broken configuration stays broken.
	spell = 3 * time.Second
	// pause is the time between two looks.
	pause = 10 * time.Millisecond
	bin   = "../../bin"
)

// need skips the test where a program is missing, or fails it with CI=true.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err == nil {
			continue
		}
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing, and with CI=true nothing may be left out", p)
		}
		t.Skipf("%s is missing: apt-get install nginx redis-server, and make build", p)
	}
}

// fault is one thing that happens to a service.
type fault struct {
	name  string
	cause func(*testing.T, Service, int)
}

// faults happen to an instance of each service of their own, so that none is
// measured against the hold time of the repair before.
var faults = []fault{{"killed", kill}, {"stopped", stop}, {"misconfigured", misconfigure}}

// begin starts a live daemon with an instance of each service for each fault.
func begin(t *testing.T) (*daemon.Daemon, map[string][]Service) {
	t.Helper()
	home, err := filepath.Abs(bin)
	if err != nil {
		t.Fatal(err)
	}
	need(t, "nginx", "redis-server", "redis-cli", filepath.Join(home, "homeostat"))
	addresses, err := loopback.Reserve(2 * len(faults))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	services, tables := map[string][]Service{}, ""
	for _, f := range faults {
		for kind, invite := range map[string]func(Place) (Service, error){"nginx": Nginx, "redis": Redis} {
			s, err := invite(Place{kind + "-" + f.name, dir, addresses[0]})
			if err != nil {
				t.Fatal(err)
			}
			services[f.name] = append(services[f.name], s)
			tables, addresses = tables+s.Component, addresses[1:]
		}
	}
	d, err := daemon.Start(t.Context(), daemon.Options{Bin: home, Dir: dir, Further: tables})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(t, d, dir) })
	return d, services
}

func end(t *testing.T, d *daemon.Daemon, dir string) {
	if err := d.Stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if !t.Failed() {
		return
	}
	if log, err := os.ReadFile(filepath.Join(dir, "homeostat.log")); err == nil {
		t.Logf("homeostat's log:\n%s", log)
	}
}

// await waits until another process than not is up and the service answers. It
// returns the process.
func await(t *testing.T, d *daemon.Daemon, s Service, not int) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		c, err := d.Component(ctx, s.Name)
		if err == nil {
			err = s.Ask(ctx)
		}
		if err == nil && c.PID != not && c.State == "up" {
			return c.PID
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s with another process than %d: got %+v (%v) after %s", s.Name, not, c, err, patience)
		case <-time.After(pause):
		}
	}
}

func TestRealServicesAreRepaired(t *testing.T) {
	d, services := begin(t)
	for _, f := range faults {
		for _, s := range services[f.name] {
			t.Run(s.Name, func(t *testing.T) { try(t, d, s, f) })
		}
	}
}

// try breaks one service and waits for its repair. A redis has to keep its data.
func try(t *testing.T, d *daemon.Daemon, s Service, f fault) {
	pid := await(t, d, s, 0)
	keeps := strings.HasPrefix(s.Name, "redis")
	if keeps {
		expect(t, s, "SET shop open", "+OK")
	}
	begun := time.Now()
	f.cause(t, s, pid)
	await(t, d, s, pid)
	after := time.Since(begun)
	c, err := d.Component(t.Context(), s.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("answers again after %s, %d restart orders", after.Round(time.Millisecond), c.RestartOrders)
	if c.RestartOrders < 1 {
		t.Error("it came back without a restart order: not by homeostat")
	}
	if keeps {
		expect(t, s, "STRLEN shop", ":4")
	}
}

func expect(t *testing.T, s Service, command, want string) {
	t.Helper()
	if said, err := Tell(t.Context(), s.Address, command); err != nil || said != want {
		t.Errorf("%s to %s: got %q (%v), want %q", command, s.Name, said, err, want)
	}
}

// kill ends the main process alone. The workers of an nginx outlive it and keep
// the port, so that a repair has to clear them away.
func kill(t *testing.T, _ Service, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatalf("kill %d: %v", pid, err)
	}
}

// stop holds the whole group: with its workers alive an nginx would answer.
func stop(t *testing.T, _ Service, pid int) {
	t.Helper()
	if err := syscall.Kill(-pid, syscall.SIGSTOP); err != nil {
		t.Fatalf("stop group %d: %v", pid, err)
	}
}

// misconfigure breaks the configuration, ends the service and mends the
// configuration after a while, as an operator would.
func misconfigure(t *testing.T, s Service, pid int) {
	t.Helper()
	mend, err := s.Break()
	if err != nil {
		t.Fatal(err)
	}
	kill(t, s, pid)
	time.Sleep(spell) // the length of the fault, not a wait for something
	if err := s.Ask(t.Context()); err == nil {
		t.Errorf("%s answers with a configuration that it should refuse", s.Name)
	}
	if err := mend(); err != nil {
		t.Fatal(err)
	}
}
