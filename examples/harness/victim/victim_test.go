package victim

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/examples/shop/service"
	"github.com/homeostat/homeostat/examples/shop/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen, on any machine.
const patience = 2 * time.Minute

func prepare(t *testing.T, o Options) *Victim {
	t.Helper()
	o.Dir = t.TempDir()
	v, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// live runs the victim's real service inside the test, from its settings file.
func live(t *testing.T, v *Victim) {
	t.Helper()
	p := store.NewProgram()
	if err := service.Load(v.SettingsFile(), p.Defaults()); err != nil {
		t.Fatalf("read the victim's settings: %v", err)
	}
	p.Common().Folder = v.Folder()
	s, err := service.New(v.Name, *p.Common())
	if err != nil {
		t.Fatal(err)
	}
	pages, closePages, err := p.Open(s)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, pages) }() // ends with cancel
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, closePages(), s.Close()); err != nil {
			t.Errorf("stop the victim: %v", err)
		}
	})
}

func TestVictimTellsItsProcessAndHealth(t *testing.T) {
	v := prepare(t, Options{Name: "a"})
	live(t, v)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	pid, since, err := v.AwaitHealthy(ctx, 0)
	if err != nil || pid != os.Getpid() || time.Since(since) > patience {
		t.Errorf("await: got pid %d since %s (%v), want %d, now", pid, since, err, os.Getpid())
	}
}

func TestBrokenProcessIsNeverTakenForItsSuccessor(t *testing.T) {
	v := prepare(t, Options{Name: "a"})
	live(t, v)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, _, err := v.AwaitHealthy(ctx, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := v.look(ctx, os.Getpid()); err == nil || !strings.Contains(err.Error(), "still there") {
		t.Errorf("look for another process: got %v, want an error that says the old one is still there", err)
	}
}

func TestInjectedFaultShowsFromOutside(t *testing.T) {
	v := prepare(t, Options{Name: "a"})
	live(t, v)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, _, err := v.AwaitHealthy(ctx, 0); err != nil {
		t.Fatal(err)
	}
	if err := v.Inject(ctx, "earthquake"); err == nil {
		t.Error("inject a fault that does not exist: got no error")
	}
	if err := v.Inject(ctx, "errors"); err != nil {
		t.Fatal(err)
	}
	for v.Healthy(ctx) == nil {
		if ctx.Err() != nil {
			t.Fatal("the victim stayed healthy")
		}
	}
}

func TestSlowStarterIsSlowFromItsFirstStart(t *testing.T) {
	v := prepare(t, Options{Name: "a", SlowStart: 40 * time.Second})
	b, err := os.ReadFile(filepath.Join(v.Folder(), faultFile))
	if want := `{"slow_start":"40s"}`; err != nil || string(b) != want {
		t.Errorf("fault file: got %s (%v), want %s", b, err, want)
	}
}
