package supervisor

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/examples/harness/victim"
	"github.com/homeostat/homeostat/examples/shop/service"
	"github.com/homeostat/homeostat/examples/shop/store"
)

// asVictim makes the test binary be the store that it supervises.
const asVictim = "SUPERVISOR_TEST_AS_VICTIM"

func TestMain(m *testing.M) {
	if os.Getenv(asVictim) != "" {
		os.Exit(service.Main("shop-store", store.NewProgram()))
	}
	goleak.VerifyTestMain(m)
}

// patience is how long a test waits for what must happen, on any machine.
const patience = 2 * time.Minute

// Every peer that is installed brings a crashed victim back with the settings
// kept here. How fast is the business of the bench.
func TestPeersRestartACrashedVictim(t *testing.T) {
	t.Setenv(asVictim, "1")
	for _, s := range All()[1:] {
		t.Run(s.Name, func(t *testing.T) {
			if !s.Installed() {
				if os.Getenv("CI") == "true" {
					t.Fatalf("%s is missing, and with CI=true nothing may be left out", s.Needs)
				}
				t.Skipf("%s is missing", s.Needs)
			}
			crash(t, s)
		})
	}
}

func crash(t *testing.T, s Supervisor) {
	dir := t.TempDir()
	v, err := victim.New(victim.Options{Name: "a", Dir: dir, Program: os.Args[0]})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := s.Start(ctx, Task{Dir: dir, Victims: []*victim.Victim{v}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(r.Stop(), v.Kill()); err != nil {
			t.Errorf("stop: %v", err)
		}
	}()
	pid, _, err := v.AwaitHealthy(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.PIDs()) != 1 || r.PIDs()[0] == pid {
		t.Errorf("own processes: got %v, want one that is not the victim, %d", r.PIDs(), pid)
	}
	if err := v.Inject(ctx, "crash"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := v.AwaitHealthy(ctx, pid); err != nil {
		t.Error(err)
	}
}

func TestMonitTakesItsSettings(t *testing.T) {
	if !monit.Installed() {
		t.Skip("monit is missing")
	}
	dir := t.TempDir()
	v, err := victim.New(victim.Options{Name: "a", Dir: dir, Program: "/bin/true"})
	if err != nil {
		t.Fatal(err)
	}
	r, err := startMonit(t.Context(), Task{Dir: dir, Victims: []*victim.Victim{v}})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Stop(); err != nil {
		t.Error(err)
	}
	if out, err := exec.CommandContext(t.Context(), "monit", "-t", "-c", filepath.Join(dir, "monitrc")).CombinedOutput(); err != nil {
		t.Errorf("monit refuses its settings: %v\n%s", err, out)
	}
}
