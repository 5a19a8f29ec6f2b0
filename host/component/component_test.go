package component

import (
	"syscall"
	"testing"

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
}
