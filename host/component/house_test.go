package component

import (
	"context"
	"fmt"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/homeostat/homeostat/examples/harness/loopback"
	"github.com/homeostat/homeostat/host/component/probe"
)

// patience is how long a test waits for what must come: long, because the machine may be loaded.
const patience = 2 * time.Minute

// house is a set under test with all events it has told.
type house struct {
	*Set
	t   *testing.T
	dir string

	mu     sync.Mutex
	events []Event
	news   chan struct{}
}

func newHouse(t *testing.T) *house { return openHouse(t, t.TempDir()) }

func openHouse(t *testing.T, dir string) *house { return askedHouse(t, dir, "", "") }

// askedHouse opens a house in which a person was asked about one component.
func askedHouse(t *testing.T, dir, component, question string) *house {
	t.Helper()
	h := &house{t: t, dir: dir, news: make(chan struct{}, 1)}
	set, err := New(Options{StateDir: dir, Sink: h.note, Asked: func(name string) string {
		if name == component {
			return question
		}
		return ""
	}})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	h.Set = set
	t.Cleanup(func() { h.tearDown() })
	return h
}

// tearDown ends what the test has left running.
func (h *house) tearDown() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, st := range h.Statuses() {
		if _, err := h.Stop(ctx, st.Name, Order{Grace: time.Second}); err != nil && !h.isClosed() {
			h.t.Errorf("stop %s after the test: %v", st.Name, err)
		}
	}
	if _, err := h.Close(ctx); err != nil {
		h.t.Errorf("close: %v", err)
	}
}

func (h *house) note(e Event) {
	h.mu.Lock()
	h.events = append(h.events, e)
	h.mu.Unlock()
	select {
	case h.news <- struct{}{}:
	default:
	}
}

// await returns the first event for which want is true, told so far or later.
func (h *house) await(what string, want func(Event) bool) Event {
	h.t.Helper()
	deadline := time.After(patience)
	for seen := 0; ; {
		h.mu.Lock()
		fresh := h.events[seen:]
		seen = len(h.events)
		h.mu.Unlock()
		for _, e := range fresh {
			if want(e) {
				return e
			}
		}
		select {
		case <-h.news:
		case <-deadline:
			h.t.Fatalf("no event %q within %v; told were %s", what, patience, h.told())
		}
	}
}

// awaitType waits for an event of the generation.
func (h *house) awaitType(want EventType, generation int) Event {
	h.t.Helper()
	return h.await(fmt.Sprintf("%s of generation %d", want, generation), func(e Event) bool {
		return e.Type == want && e.Generation == generation
	})
}

func (h *house) told() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	text := ""
	for _, e := range h.events {
		text += fmt.Sprintf("\n  %s %s gen %d pid %d %q", e.Time.Format("05.000"), e.Type, e.Generation, e.PID, e.Text)
	}
	return text
}

func (h *house) count(want EventType) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, e := range h.events {
		if e.Type == want {
			n++
		}
	}
	return n
}

func (h *house) apply(specs ...Spec) {
	h.t.Helper()
	if err := h.Apply(h.t.Context(), specs); err != nil {
		h.t.Fatalf("Apply: %v", err)
	}
}

// freeAddress returns a loopback address that is kept free for the test.
func freeAddress(t *testing.T) string {
	t.Helper()
	addresses, err := loopback.Reserve(1)
	if err != nil {
		t.Fatal(err)
	}
	return addresses[0]
}

// victimSpec is a component of kind command that runs this test binary as a victim.
func victimSpec(t *testing.T, name string, env ...string) Spec {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	spec := Spec{
		Name: name, Kind: Command, Command: []string{self}, StopTimeout: 4 * time.Second,
		Env: map[string]string{"VICTIM_LISTEN": address},
		Probes: []probe.Spec{{
			Kind: probe.HTTP, URL: "http://" + address + "/health", BodyContains: "fine", Interval: 500 * time.Millisecond,
		}},
	}
	for i := 0; i+1 < len(env); i += 2 {
		spec.Env[env[i]] = env[i+1]
	}
	return spec
}

func mustSignal(t *testing.T, pid int, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, sig); err != nil {
		t.Fatalf("signal %v to %d: %v", sig, pid, err)
	}
}
