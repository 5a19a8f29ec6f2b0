package component

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/component/ledger"
	"github.com/homeostat/homeostat/host/component/process"
)

const question = "approval app_1 waits for an answer"

// bygone runs the spec in a house of its own until it is ready, and ends the house, which leaves the process running.
func bygone(t *testing.T, spec Spec) (dir string, pid int) {
	t.Helper()
	h := newHouse(t)
	h.apply(spec)
	pid = h.awaitType(Ready, 1).PID
	if _, err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h.dir, pid
}

// end kills a process and waits until it is gone.
func end(t *testing.T, pid int) {
	t.Helper()
	mustSignal(t, pid, syscall.SIGKILL)
	for deadline := time.Now().Add(patience); stillRuns(pid); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("process %d runs %v after its SIGKILL", pid, patience)
		}
	}
}

// staysDown applies the store, of which a person was asked, and the web that depends on it, and sees that only the web
// is started: its start comes after the store's.
func staysDown(t *testing.T, dir string, store, web Spec) *house {
	t.Helper()
	h := askedHouse(t, dir, "store", question)
	h.apply(store, web)
	h.await("ready of the web", func(e Event) bool { return e.Type == Ready && e.Component == "web" })
	st, _ := h.Status("store")
	if starts := h.count(Started); st.State != IsDown || st.Kept != question || starts != 1 || !st.Wanted {
		t.Errorf("a store that a person was asked about: got %s, kept %q, wanted %v, and %d starts of both; want it down, kept by the question, and the web's start alone",
			st.State, st.Kept, st.Wanted, starts)
	}
	return h
}

func TestServiceThatWasDownAndAskedAboutIsKeptDownUntilAnOrder(t *testing.T) {
	store, web := victimSpec(t, "store"), victimSpec(t, "web")
	web.DependsOn = []string{"store"}
	h := newHouse(t)
	h.apply(store)
	pid := h.awaitType(Ready, 1).PID
	mustSignal(t, pid, syscall.SIGKILL)
	h.awaitType(Exited, 1)
	if _, err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := staysDown(t, h.dir, store, web)
	if _, err := second.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	end(t, pidOf(t, second, "web"))
	third := staysDown(t, h.dir, store, web) // and so does the daemon after that
	if _, err := third.Restart(t.Context(), "store", Order{Reason: "approved"}); err != nil {
		t.Fatalf("Restart of a store that was kept down: %v", err)
	}
	third.await("ready of the store", func(e Event) bool { return e.Type == Ready && e.Component == "store" })
	if st, _ := third.Status("store"); st.Kept != "" || st.State != IsUp {
		t.Errorf("after the order: got %s, kept %q; want up and kept no more", st.State, st.Kept)
	}
}

func pidOf(t *testing.T, h *house, name string) int {
	t.Helper()
	st, ok := h.Status(name)
	if !ok || st.PID == 0 {
		t.Fatalf("process of %s: got %+v, want one that runs", name, st)
	}
	return st.PID
}

func TestServiceThatEndedUnwatchedAndWasAskedAboutIsKeptDown(t *testing.T) {
	store, web := victimSpec(t, "store"), victimSpec(t, "web")
	dir, pid := bygone(t, store)
	end(t, pid)
	web.DependsOn = []string{"store"}
	h := staysDown(t, dir, store, web)
	h.await("exit of the store", func(e Event) bool { return e.Type == Exited && e.Component == "store" })
}

func TestServiceThatRunsIsAdoptedWhateverAPersonWasAsked(t *testing.T) {
	spec := victimSpec(t, "store")
	dir, pid := bygone(t, spec)
	h := askedHouse(t, dir, "store", question)
	h.apply(spec)
	if got := h.awaitType(Adopted, 1).PID; got != pid {
		t.Errorf("adopted pid %d, want %d", got, pid)
	}
	if st, _ := h.Status("store"); st.State != IsUp || st.Kept != "" {
		t.Errorf("a store that runs: got %s, kept %q; want up", st.State, st.Kept)
	}
}

func TestServiceThatEndedWithTheDaemonIsStartedWithTheNextWhateverAPersonWasAsked(t *testing.T) {
	spec := victimSpec(t, "store")
	spec.OnExit = End
	dir, _ := bygone(t, spec)
	h := askedHouse(t, dir, "store", question)
	h.apply(spec)
	h.awaitType(Ready, 2)
}

func TestServiceThatRanWhenTheMachineWentDownIsStartedWhateverAPersonWasAsked(t *testing.T) {
	spec := victimSpec(t, "store")
	dir, pid := bygone(t, spec)
	end(t, pid)
	records := ledger.Ledger{Dir: filepath.Join(dir, "records")}
	r, err := records.Load("store")
	if err != nil {
		t.Fatal(err)
	}
	r.Main.Boot = "an earlier one"
	r.Last = process.ID{PID: r.Main.PID, Ticks: r.Main.Ticks, Boot: r.Main.Boot}
	if err := records.Save("store", r); err != nil {
		t.Fatal(err)
	}
	h := askedHouse(t, dir, "store", question)
	h.apply(spec)
	h.awaitType(Ready, 2)
}

func TestStartThatADaemonWasKilledInIsFinishedWhateverAPersonWasAsked(t *testing.T) {
	for _, p := range []plan{{Step: "intent"}, {Step: "forked"}, {Order: "restart", Step: "ended"}, {Order: "restart", Step: "intent"}} {
		t.Run(p.Order+" at "+p.Step, func(t *testing.T) {
			p.Spec, p.StateDir = victimSpec(t, "store"), t.TempDir()
			killed(t, p)
			h := askedHouse(t, p.StateDir, "store", question)
			h.apply(p.Spec)
			h.settled("store", IsUp)
		})
	}
}
