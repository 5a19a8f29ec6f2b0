package process

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"
)

// climb stops a family and returns the rungs that were taken.
func climb(t *testing.T, l Ladder, f Family) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var rungs []string
	l.Step = func(rung string) { rungs = append(rungs, rung) }
	remains, err := l.Stop(ctx, f)
	if err != nil || !remains.None() {
		t.Fatalf("Stop: got %v, %v; want nothing to remain", remains, err)
	}
	table, err := Scan()
	if err != nil {
		t.Fatal(err)
	}
	if left := f.Members(table); len(left) > 0 {
		t.Errorf("after the proof there are still members: %+v", left)
	}
	return rungs
}

func TestLadderTakesOnlyTheRungsItNeeds(t *testing.T) {
	for _, c := range []struct {
		behaviour string
		stop      bool
		want      []string
	}{
		{behaviour: "sleeps", want: []string{"TERM"}},
		{behaviour: "sleeps", stop: true, want: []string{"TERM"}},
		{behaviour: "deaf", want: []string{"TERM", "CONT+TERM", "KILL"}},
		{behaviour: "parent", want: []string{"TERM", "CONT+TERM", "KILL"}},
	} {
		h := begin(t, c.behaviour)
		if c.stop {
			freeze(t, h)
		}
		grace := patience
		if len(c.want) > 1 {
			grace = 200 * time.Millisecond
		}
		if got := climb(t, Ladder{Grace: grace}, familyOf(t, h)); !slices.Equal(got, c.want) {
			t.Errorf("rungs for %q, held by SIGSTOP %v: got %v, want %v", c.behaviour, c.stop, got, c.want)
		}
	}
}

// freeze stops a process and waits until it is.
func freeze(t *testing.T, h *Handle) {
	t.Helper()
	if err := h.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		if st, err := Read(h.ID().PID); err == nil && st.Stopped() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("the process is not held by SIGSTOP")
}

func TestLadderEndsWhatADeadMainProcessLeft(t *testing.T) {
	h := begin(t, "orphans")
	<-h.Done()
	family := familyOf(t, h)
	table, err := Scan()
	if err != nil {
		t.Fatal(err)
	}
	if left := family.Members(table); len(left) != 1 {
		t.Fatalf("members after the main process ended: got %+v, want the orphan", left)
	}
	climb(t, Ladder{Grace: 100 * time.Millisecond}, family)
}

func TestAdoptedMainProcessGetsTheFirstTermAlone(t *testing.T) {
	h := begin(t, "parent")
	adopted := Family{Main: h.ID()}
	got := climb(t, Ladder{Grace: time.Second}, adopted)
	if want := []string{"TERM", "CONT+TERM", "KILL"}; !slices.Equal(got, want) {
		t.Errorf("rungs: got %v, want %v, because the child is deaf", got, want)
	}
	table, err := Scan()
	if err != nil {
		t.Fatal(err)
	}
	if left := familyOf(t, h).Members(table); len(left) > 0 {
		t.Errorf("the child of an adopted process has outlived its stop: %+v", left)
	}
}

func TestStopTellsThatAPortIsStillHeld(t *testing.T) {
	stranger, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	port := stranger.Addr().(*net.TCPAddr).Port
	h := begin(t, "sleeps")
	remains, err := Ladder{Grace: patience, Ports: []Port{AnyAddress(port)}}.Stop(t.Context(), familyOf(t, h))
	if err != nil || len(remains.Ports) != 1 || len(remains.Members) != 0 {
		t.Fatalf("Stop with a port held by a stranger: got %v, %v; want that port to remain", remains, err)
	}
}

func TestListeningFindsThePortsOfAProcess(t *testing.T) {
	h := begin(t, "listens")
	st, err := Read(h.ID().PID)
	if err != nil {
		t.Fatal(err)
	}
	ports := Listening([]Stat{st})
	if len(ports) != 1 || ports[0].Address.Addr() != netip.MustParseAddr("127.0.0.1") {
		t.Fatalf("Listening: got %v, want one port on 127.0.0.1", ports)
	}
	table, err := Scan()
	if err != nil {
		t.Fatal(err)
	}
	if got := Holder(ports[0].Address, table); !slices.Equal(got, []int{h.ID().PID}) {
		t.Errorf("Holder(%v): got %v, want [%d]", ports[0].Address, got, h.ID().PID)
	}
}

func TestStopEndsWithItsContext(t *testing.T) {
	h := begin(t, "deaf")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if remains, err := (Ladder{Grace: time.Hour}).Stop(ctx, familyOf(t, h)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Stop with an ended context: got %v, %v; want DeadlineExceeded", remains, err)
	}
}
