package component

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/component/probe"
)

func TestHeldServiceIsSeenAndRestarted(t *testing.T) {
	h := newHouse(t)
	h.apply(victimSpec(t, "web"))
	ready := h.awaitType(Ready, 1)
	held := time.Now()
	mustSignal(t, ready.PID, syscall.SIGSTOP)
	failed := h.await("a verdict of fail", func(e Event) bool { return e.Probe != nil && e.Probe.Verdict == probe.Fail })
	t.Logf("verdict %v after SIGSTOP by probe %s", failed.Time.Sub(held), failed.Probe.Probe)
	result, err := h.Restart(t.Context(), "web", Order{Reason: "held", Grace: patience})
	if err != nil || !slices.Equal(result.Rungs, []string{"TERM"}) {
		t.Fatalf("Restart of a held service: got %+v, %v; want TERM alone, with CONT", result, err)
	}
	h.awaitType(Ready, 2)
}

func TestServiceThatNeverAnswersFailsWhenItsGraceEnds(t *testing.T) {
	h := newHouse(t)
	spec := victimSpec(t, "web", "VICTIM_SLOW", "1h")
	spec.StartTimeout = 500 * time.Millisecond
	h.apply(spec)
	started := h.awaitType(Started, 1)
	failed := h.await("a verdict of fail", func(e Event) bool { return e.Probe != nil && e.Probe.Verdict == probe.Fail })
	if took := failed.Time.Sub(started.Time); took < 400*time.Millisecond || !strings.Contains(failed.Text, "grace") {
		t.Errorf("fail %v after the start with %q; want it after the grace of 500ms, and the text to say so", took, failed.Text)
	}
	if st, _ := h.Status("web"); st.State != IsStarting || st.Verdict != probe.Fail {
		t.Errorf("status: got %s, %v; want starting and fail", st.State, st.Verdict)
	}
}

func TestGraceIsLearnedAndSurvivesTheSet(t *testing.T) {
	h := newHouse(t)
	spec := victimSpec(t, "web", "VICTIM_SLOW", "200ms")
	h.apply(spec)
	h.awaitType(Ready, 1)
	if st, _ := h.Status("web"); st.Grace.Learned < 2*time.Second || !st.Grace.Until.IsZero() {
		t.Errorf("grace after the first answer: got %+v; want it learned, and none running", st.Grace)
	}
	if _, err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	next := openHouse(t, h.dir)
	next.apply(spec)
	if st, _ := next.Status("web"); st.Grace.Learned < 2*time.Second || len(st.Starts) != 1 {
		t.Errorf("the next set has learned %v from %d starts; want what the first one had", st.Grace.Learned, len(st.Starts))
	}
}

func TestPortHeldByAStrangerIsCouldNotStop(t *testing.T) {
	stranger, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t)
	spec := victimSpec(t, "web")
	spec.Ports = []int{stranger.Addr().(*net.TCPAddr).Port}
	h.apply(spec)
	h.awaitType(Ready, 1)
	_, err = h.Restart(t.Context(), "web", Order{})
	if !errors.Is(err, ErrCouldNotStop) || !strings.Contains(err.Error(), "listened on") {
		t.Errorf("Restart while a port stays held: got %v, want ErrCouldNotStop that names it", err)
	}
	told := h.awaitType(CouldNotStop, 1)
	if st, _ := h.Status("web"); st.State != CannotStop || h.count(Started) != 1 {
		t.Errorf("after %q: got %s and %d starts; want could_not_stop and no second start", told.Text, st.State, h.count(Started))
	}
	stranger.Close()
	if _, err := h.Restart(t.Context(), "web", Order{}); err != nil {
		t.Errorf("Restart after the port became free: %v", err)
	}
}

func TestCommandThatCannotBeStartedIsTold(t *testing.T) {
	h := newHouse(t)
	h.apply(Spec{Name: "web", Kind: Command, Command: []string{"/no/such/program"}})
	h.awaitType(StartFailed, 0)
	if st, _ := h.Status("web"); st.State != IsDown || !strings.Contains(st.Text, "/no/such/program") {
		t.Errorf("status: got %s %q, want down and the reason", st.State, st.Text)
	}
	if _, err := h.Start(t.Context(), "web", Order{}); err == nil {
		t.Error("Start of a missing program: got no error")
	}
}

func TestChildrenOfACrashedServiceDoNotHinderTheNextStart(t *testing.T) {
	h := newHouse(t)
	pidfile := filepath.Join(t.TempDir(), "child")
	h.apply(Spec{
		Name: "web", Kind: Command, StopTimeout: time.Second, Env: map[string]string{"PIDFILE": pidfile},
		Command: []string{"/bin/sh", "-c", "sleep 600 & echo $! >$PIDFILE; wait"},
	})
	first := h.awaitType(Ready, 1)
	awaitOutput(t, pidfile, "\n")
	mustSignal(t, first.PID, syscall.SIGKILL)
	h.awaitType(Exited, 1)
	before, err := os.ReadFile(pidfile)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Restart(t.Context(), "web", Order{}); err != nil {
		t.Fatalf("Restart: %v", err)
	}
	child := 0
	for _, digit := range strings.TrimSpace(string(before)) {
		child = child*10 + int(digit-'0')
	}
	if stillRuns(child) {
		t.Errorf("the child %d of the crashed service still runs beside the next one", child)
	}
}

func TestOrdersForOneComponentTakeTurns(t *testing.T) {
	h := newHouse(t)
	trace := filepath.Join(t.TempDir(), "trace")
	h.apply(victimSpec(t, "web", "VICTIM_TRACE", trace))
	h.awaitType(Ready, 1)
	var wait sync.WaitGroup
	const orders = 5
	for range orders {
		wait.Go(func() {
			if _, err := h.Restart(t.Context(), "web", Order{}); err != nil {
				t.Errorf("Restart: %v", err)
			}
		})
	}
	wait.Wait()
	h.awaitType(Ready, 1+orders)
	if lines := traceLines(t, trace); strings.Contains(strings.Join(lines, " "), "TWICE") {
		t.Errorf("two ran at the same time: %q", lines)
	}
}

func TestOrderEndsWithItsContextAndTheServiceIsWatchedOn(t *testing.T) {
	h := newHouse(t)
	h.apply(victimSpec(t, "web", "VICTIM_DEAF", "yes"))
	h.awaitType(Ready, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := h.Restart(ctx, "web", Order{Grace: time.Hour}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Restart with an ended context: got %v, want DeadlineExceeded", err)
	}
	if st, _ := h.Status("web"); st.State != IsUp || st.PID == 0 {
		t.Errorf("status after an order that was called off: got %s, pid %d; want up", st.State, st.PID)
	}
	if _, err := h.Stop(t.Context(), "web", Order{Grace: 100 * time.Millisecond}); err != nil {
		t.Errorf("Stop: %v", err)
	}
}

func TestUnknownNamesAndClosedSetsAreRefused(t *testing.T) {
	h := newHouse(t)
	if _, err := h.Start(t.Context(), "none", Order{}); !errors.Is(err, ErrUnknown) {
		t.Errorf("Start: got %v, want ErrUnknown", err)
	}
	if _, err := h.Confirm(t.Context(), "none"); !errors.Is(err, ErrUnknown) {
		t.Errorf("Confirm: got %v, want ErrUnknown", err)
	}
	if err := h.Doubt("none"); !errors.Is(err, ErrUnknown) {
		t.Errorf("Doubt: got %v, want ErrUnknown", err)
	}
	if _, err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.Apply(t.Context(), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("Apply after Close: got %v, want ErrClosed", err)
	}
}

func TestDamagedRecordIsReplacedAndTheProcessStillFound(t *testing.T) {
	h := newHouse(t)
	spec := victimSpec(t, "web")
	h.apply(spec)
	pid := h.awaitType(Ready, 1).PID
	if _, err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(h.dir, "records", "web.json"), []byte("{half"), 0o600); err != nil {
		t.Fatal(err)
	}
	next := openHouse(t, h.dir)
	next.apply(spec)
	if adopted := next.awaitType(Adopted, 1); adopted.PID != pid || next.count(Started) != 0 {
		t.Errorf("with a damaged record: adopted %d, started %d; want %d adopted and none started", adopted.PID, next.count(Started), pid)
	}
}
