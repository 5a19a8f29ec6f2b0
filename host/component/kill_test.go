package component

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/component/process"
)

// plan is what a daemon that will be killed does: it applies the spec and, when that is ready, carries out the order. It
// kills itself at the step.
type plan struct {
	StateDir string
	Spec     Spec
	Order    string // "", stop or restart
	Step     string
}

// daemon carries out a plan in a process of its own. Its exit code tells that the step was never reached.
func daemon(text string) int {
	var p plan
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		fmt.Println(err)
		return 1
	}
	ready := make(chan struct{}, 1)
	set, err := New(Options{StateDir: p.StateDir, Sink: func(e Event) {
		if e.Type == Ready {
			ready <- struct{}{}
		}
	}})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	if p.Order == "" {
		failpoint = p.die
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := set.Apply(ctx, []Spec{p.Spec}); err != nil {
		fmt.Println(err)
		return 1
	}
	<-ready
	failpoint = p.die
	order := map[string]func(context.Context, string, Order) (Result, error){"stop": set.Stop, "restart": set.Restart}[p.Order]
	fmt.Println(order(ctx, p.Spec.Name, Order{}))
	return 1
}

func (p plan) die(step string) {
	if step == p.Step {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		time.Sleep(time.Hour) // the signal ends this thread before long
	}
}

// TestDaemonKilledAtAnyStepIsContinuedByTheNext kills a daemon with SIGKILL at every step of a start, a restart and a
// stop. The next one must come to the ordered end, and the service must never have run twice.
func TestDaemonKilledAtAnyStepIsContinuedByTheNext(t *testing.T) {
	starts := []string{"intent", "forked", "recorded"}
	stops := []string{"stopping", "TERM", "ended"}
	for order, steps := range map[string][]string{"": starts, "stop": stops, "restart": append(stops, starts...)} {
		for _, step := range steps {
			t.Run("during "+order+" at "+step, func(t *testing.T) {
				spec := victimSpec(t, "web", "VICTIM_TRACE", filepath.Join(t.TempDir(), "trace"))
				p := plan{StateDir: t.TempDir(), Spec: spec, Order: order, Step: step}
				killed(t, p)
				continued(t, p)
			})
		}
	}
}

// killed runs the plan's daemon until it is dead.
func killed(t *testing.T, p plan) {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	self := exec.CommandContext(t.Context(), p.Spec.Command[0])
	self.Env = append(os.Environ(), "DAEMON_PLAN="+string(text))
	out, err := self.CombinedOutput()
	if err == nil || self.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the daemon should have been killed at step %q: got %v, output %s", p.Step, err, out)
	}
}

// continued lets the next daemon take over and checks what it makes of it.
func continued(t *testing.T, p plan) {
	t.Helper()
	h := openHouse(t, p.StateDir)
	h.apply(p.Spec)
	wantStarts := map[string]int{"": 1, "stop": 1, "restart": 2}[p.Order]
	if p.Order == "stop" {
		h.settled(p.Spec.Name, IsStopped)
	} else {
		waitForLines(t, p.Spec.Env["VICTIM_TRACE"], wantStarts) // what was left to be done is done
		h.settled(p.Spec.Name, IsUp)
	}
	lines := traceLines(t, p.Spec.Env["VICTIM_TRACE"])
	if len(lines) != wantStarts || strings.Contains(strings.Join(lines, " "), "TWICE") {
		t.Errorf("starts of the service: got %q, want %d, each alone; events:%s", lines, wantStarts, h.told())
	}
	wantAlive := 1
	if p.Order == "stop" {
		wantAlive = 0
	}
	table, err := process.Scan()
	if err != nil {
		t.Fatal(err)
	}
	if alive, _ := process.Carriers(table, h.mark); len(alive) != wantAlive {
		t.Errorf("living processes of the service: got %d, want %d", len(alive), wantAlive)
	}
}

// settled waits until the component is in the state.
func (h *house) settled(name string, want State) {
	h.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		st, _ := h.Status(name)
		if st.State == want {
			return
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("state of %q: got %q, want %q; events:%s", name, st.State, want, h.told())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func traceLines(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}

func waitForLines(t *testing.T, path string, want int) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for len(traceLines(t, path)) < want && time.Now().Before(deadline) {
		time.Sleep(20 * time.Millisecond)
	}
}
