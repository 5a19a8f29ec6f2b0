package unit_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/component"
	"github.com/homeostat/homeostat/host/component/unit"
)

const victim = `[Service]
ExecStart=/bin/sleep 600
`

const failing = `[Service]
Type=oneshot
ExecStart=/bin/false
`

// TestUnitIsAComponent leads a component of kind unit through its life, with a real systemd.
func TestUnitIsAComponent(t *testing.T) {
	manager(t, map[string]string{"victim.service": victim})
	events := make(chan component.Event, 1000)
	set, err := component.New(component.Options{StateDir: t.TempDir(), Sink: func(e component.Event) { events <- e }})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close(context.Background())
	if err := set.Apply(t.Context(), []component.Spec{{Name: "v", Kind: component.Unit, Unit: "victim.service", StopTimeout: 5 * time.Second}}); err != nil {
		t.Fatalf("Apply: %v", err)
	}
	first, err := set.Start(t.Context(), "v", component.Order{})
	if err != nil || first.PID == 0 {
		t.Fatalf("Start: got %+v, %v", first, err)
	}
	if err := syscall.Kill(first.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, events, component.Exited, first.PID)
	second, err := set.Restart(t.Context(), "v", component.Order{})
	if err != nil || second.PID == 0 || second.PID == first.PID {
		t.Fatalf("Restart after a crash: got %+v, %v", second, err)
	}
	if err := syscall.Kill(second.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	third, err := set.Restart(t.Context(), "v", component.Order{})
	if err != nil || third.PID == 0 || third.PID == second.PID {
		t.Fatalf("Restart of a held unit: got %+v, %v", third, err)
	}
	if _, err := set.Stop(t.Context(), "v", component.Order{}); err != nil {
		t.Fatalf("Stop: %v", err)
	}
	if pid, err := unit.Main(t.Context(), "victim.service"); !errors.Is(err, unit.ErrNoMain) {
		t.Errorf("main process after Stop: got %d, %v; want none", pid, err)
	}
	if err := unit.Start(t.Context(), "victim.service"); err != nil {
		t.Fatal(err)
	}
	pid, err := unit.Main(t.Context(), "victim.service")
	if err != nil {
		t.Fatal(err)
	}
	await(t, events, component.Adopted, pid)
	if _, err := set.Stop(t.Context(), "v", component.Order{}); err != nil {
		t.Errorf("second Stop: %v", err)
	}
}

// await waits for an event of the type and process.
func await(t *testing.T, events <-chan component.Event, want component.EventType, pid int) {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case e := <-events:
			if e.Type == want && e.PID == pid {
				return
			}
		case <-deadline:
			t.Fatalf("no event %q of pid %d within %v", want, pid, patience)
		}
	}
}

func TestFailedJobSaysWhereToLook(t *testing.T) {
	manager(t, map[string]string{"failing.service": failing})
	err := unit.Start(t.Context(), "failing.service")
	if err == nil || !strings.Contains(err.Error(), "journalctl -u failing.service") {
		t.Errorf("Start of a failing unit: got %v, want an error that says where to look", err)
	}
	if err := unit.Start(t.Context(), "missing.service"); err == nil {
		t.Error("Start of a missing unit: got no error")
	}
}

func TestWithoutSystemdEverythingSaysSo(t *testing.T) {
	unit.SetBooted(filepath.Join(t.TempDir(), "none"))
	defer unit.SetBooted("/run/systemd/system")
	for name, do := range map[string]func() error{
		"Available": unit.Available,
		"Start":     func() error { return unit.Start(t.Context(), "x.service") },
		"Main":      func() error { _, err := unit.Main(t.Context(), "x.service"); return err },
	} {
		if err := do(); !errors.Is(err, unit.ErrNoSystemd) {
			t.Errorf("%s: got %v, want ErrNoSystemd", name, err)
		}
	}
}
