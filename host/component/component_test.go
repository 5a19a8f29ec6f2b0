package component

import (
	"errors"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/component/probe"
)

func TestCommandIsStartedBecomesReadyAndItsCrashIsTold(t *testing.T) {
	h := newHouse(t)
	h.apply(victimSpec(t, "web"))
	ready := h.awaitType(Ready, 1)
	mustSignal(t, ready.PID, syscall.SIGKILL)
	exited := h.awaitType(Exited, 1)
	if exited.Exit == nil || exited.Exit.Signal != int(syscall.SIGKILL) {
		t.Errorf("exit after SIGKILL: got %v, want ended by SIGKILL", exited.Exit)
	}
	if st, _ := h.Status("web"); st.State != IsDown || !st.Wanted {
		t.Errorf("state after a crash: got %s, wanted %v; want down and wanted", st.State, st.Wanted)
	}
	if _, err := h.Restart(t.Context(), "web", Order{Reason: "it crashed"}); err != nil {
		t.Fatalf("Restart: %v", err)
	}
	h.awaitType(Ready, 2)
	if v, err := h.Confirm(t.Context(), "web"); err != nil || v.Verdict != probe.Pass {
		t.Errorf("Confirm after the restart: got %v, %v; want pass", v, err)
	}
}

func TestStopProvesAndIsRemembered(t *testing.T) {
	h := newHouse(t)
	spec := victimSpec(t, "web")
	h.apply(spec)
	ready := h.awaitType(Ready, 1)
	result, err := h.Stop(t.Context(), "web", Order{Reason: "test"})
	if err != nil || result.PID != 0 {
		t.Fatalf("Stop: got %+v, %v; want no process left", result, err)
	}
	if syscall.Kill(ready.PID, 0) == nil {
		t.Errorf("pid %d still exists after Stop", ready.PID)
	}
	if h.count(Exited) != 0 {
		t.Errorf("an ordered stop was told as an exit:%s", h.told())
	}
	if _, err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	next := openHouse(t, h.dir)
	next.apply(spec)
	if st, _ := next.Status("web"); st.Wanted || st.PID != 0 {
		t.Errorf("after a stop the next daemon has wanted %v, pid %d; want neither", st.Wanted, st.PID)
	}
}

func TestKeptProcessOutlivesTheSetAndIsAdopted(t *testing.T) {
	h := newHouse(t)
	spec := victimSpec(t, "web")
	h.apply(spec)
	ready := h.awaitType(Ready, 1)
	left, err := h.Close(t.Context())
	if err != nil || len(left) != 1 || left[0].PID != ready.PID {
		t.Fatalf("Close: got left %v, %v; want the one of pid %d", left, err, ready.PID)
	}
	next := openHouse(t, h.dir)
	next.apply(spec)
	if adopted := next.awaitType(Adopted, 1); adopted.PID != ready.PID {
		t.Errorf("adopted pid %d, want %d", adopted.PID, ready.PID)
	}
	if next.count(Started) != 0 {
		t.Errorf("the next set started a second process:%s", next.told())
	}
	if st, _ := next.Status("web"); st.State != IsUp {
		t.Errorf("state of an adopted process that had answered: got %s, want up", st.State)
	}
	mustSignal(t, ready.PID, syscall.SIGKILL)
	next.awaitType(Exited, 1)
}

func TestServiceThatEndedUnwatchedIsToldAndStartedAgain(t *testing.T) {
	h := newHouse(t)
	spec := victimSpec(t, "web")
	h.apply(spec)
	ready := h.awaitType(Ready, 1)
	if _, err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustSignal(t, ready.PID, syscall.SIGKILL)
	for deadline := time.Now().Add(patience); stillRuns(ready.PID) && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	next := openHouse(t, h.dir)
	next.apply(spec)
	next.awaitType(Exited, 1)
	next.awaitType(Ready, 2)
}

func TestRestartsLeakNoDescriptors(t *testing.T) {
	h := newHouse(t)
	h.apply(victimSpec(t, "web"))
	h.awaitType(Ready, 1)
	before := anonymous(t)
	const restarts = 10
	for i := range restarts {
		if _, err := h.Restart(t.Context(), "web", Order{}); err != nil {
			t.Fatal(err)
		}
		h.awaitType(Ready, i+2)
	}
	// The last handle is closed just after its end was told, and the trimming of outputs opens one now and then.
	deadline := time.Now().Add(patience)
	for anonymous(t) > before {
		if time.Now().After(deadline) {
			t.Fatalf("pidfds and pipes after %d restarts: got %d, want at most the %d of before", restarts, anonymous(t), before)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// anonymous counts the descriptors that are no sockets: those of probes come and go.
func anonymous(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range entries {
		if link, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && !strings.HasPrefix(link, "socket:") {
			n++
		}
	}
	return n
}

func TestReloadSendsSighupOnlyToWhoHandlesIt(t *testing.T) {
	// The daemon handles SIGHUP. Where the tests were started with it ignored, as by nohup, so would all that they start.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	h := newHouse(t)
	trap := Spec{Name: "traps", Kind: Command, StopTimeout: time.Second,
		Command: []string{"/bin/sh", "-c", "trap 'echo read again' HUP; echo armed; while :; do sleep 0.05; done"}}
	h.apply(trap, Spec{Name: "sleeps", Kind: Command, Command: []string{"/bin/sleep", "600"}})
	st, _ := h.Status("traps")
	awaitOutput(t, st.Output, "armed")
	if _, err := h.Reload(t.Context(), "traps", Order{}); err != nil {
		t.Errorf("Reload of a service with a handler: %v", err)
	}
	awaitOutput(t, st.Output, "read again")
	h.await("sleeps runs", func(e Event) bool { return e.Component == "sleeps" && e.Type == Ready })
	if _, err := h.Reload(t.Context(), "sleeps", Order{}); !errors.Is(err, ErrNoWay) {
		t.Errorf("Reload of a service without a handler: got %v, want ErrNoWay", err)
	}
}
