package proxy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/breaker"
	"github.com/homeostat/homeostat/host/proxy/circuit"
	"github.com/homeostat/homeostat/host/proxy/control"
	"github.com/homeostat/homeostat/host/proxy/spec"
)

// patience is for what has no bound of its own on a loaded machine.
const patience = 2 * time.Minute

// world is a folder, an echo server as the target, and the events of a Set.
type world struct {
	t      *testing.T
	dir    string
	target string
	listen string
	pids   map[int]bool

	mu     sync.Mutex
	events []Event
	news   chan struct{}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), pids: map[int]bool{}, news: make(chan struct{}, 1000)}
	w.target = echo(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.listen = l.Addr().String()
	l.Close()
	t.Cleanup(w.bury)
	return w
}

// bury ends the proxies that the test has left.
func (w *world) bury() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if e.PID > 0 && e.What == "started" {
			_ = syscall.Kill(e.PID, syscall.SIGKILL)
		}
	}
}

// echo returns the address of a server that sends back what it gets.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			})
		}
	})
	t.Cleanup(func() { l.Close(); running.Wait() })
	return l.Addr().String()
}

func (w *world) link() Link {
	s := spec.Defaults()
	s.From, s.To, s.Listen, s.Target = "web", "store", w.listen, w.target
	s.Retry, s.Drain = 100*time.Millisecond, 200*time.Millisecond
	return Link{Spec: s}
}

func (w *world) set() *Set {
	w.t.Helper()
	s, err := New(Options{
		Dir: w.dir, Log: hclog.NewNullLogger(), Command: []string{"/proc/self/exe", childName}, Measured: func(control.Status) {},
		Tell: func(e Event) {
			w.mu.Lock()
			w.events = append(w.events, e)
			w.mu.Unlock()
			w.news <- struct{}{}
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { s.Close() })
	return s
}

func (w *world) apply(s *Set, links ...Link) {
	w.t.Helper()
	if err := s.Apply(links); err != nil {
		w.t.Fatal(err)
	}
}

// await returns the n-th event of that word, counted from 1.
func (w *world) await(what string, n int) Event {
	w.t.Helper()
	deadline := time.After(patience)
	for {
		seen := 0
		w.mu.Lock()
		for _, e := range w.events {
			if e.What == what {
				if seen++; seen == n {
					w.mu.Unlock()
					return e
				}
			}
		}
		w.mu.Unlock()
		select {
		case <-w.news:
		case <-deadline:
			w.t.Fatalf("no event %q number %d; there are %+v", what, n, w.events)
		}
	}
}

// talk sends a word through a connection and wants it back.
func talk(c net.Conn, word string) error {
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(c, word); err != nil {
		return err
	}
	got, err := bufio.NewReader(c).ReadString('\n')
	if err == nil && strings.TrimSpace(got) != word {
		err = fmt.Errorf("got %q, want %q", got, word)
	}
	return err
}

func (w *world) dial() net.Conn {
	w.t.Helper()
	c, err := net.DialTimeout("tcp", w.listen, patience)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.Close() })
	return c
}

func TestProxyOutlivesTheDaemonWithAThousandConnections(t *testing.T) {
	w := newWorld(t)
	first := w.set()
	w.apply(first, w.link())
	w.await("started", 1)
	const many = 1000
	list := make([]net.Conn, many)
	for i := range list {
		list[i] = w.dial()
		if err := talk(list[i], fmt.Sprint("before ", i)); err != nil {
			t.Fatalf("connection %d before the restart: %v", i, err)
		}
	}
	left := first.Close()
	if len(left) != 1 || left[0].Spec.Name() != "web->store" {
		t.Fatalf("left running: got %+v, want web->store", left)
	}
	for i, c := range list[:many/2] {
		if err := talk(c, fmt.Sprint("meanwhile ", i)); err != nil {
			t.Fatalf("connection %d without a daemon: %v", i, err)
		}
	}
	second := w.set()
	w.apply(second, w.link())
	e := w.await("adopted", 1)
	if e.PID != w.await("started", 1).PID || !strings.Contains(e.Text, "1000 callers") {
		t.Errorf("adopted: got %+v, want the same process with 1000 callers", e)
	}
	for i, c := range list {
		if err := talk(c, fmt.Sprint("after ", i)); err != nil {
			t.Fatalf("connection %d after the restart: %v", i, err)
		}
	}
	if s, ok := second.State("web", "store"); !ok || !s.Running || s.Status.Stats.Connections != many || s.Status.Stats.Errors != 0 {
		t.Errorf("state: got %+v, want %d connections and no error", s, many)
	}
}

func TestKilledProxyIsReplacedAtOnceInTheSameState(t *testing.T) {
	w := newWorld(t)
	s := w.set()
	w.apply(s, w.link())
	first := w.await("started", 1)
	if _, err := s.Order(t.Context(), "web", "store", circuit.Order{State: breaker.Open, Hold: true, Reason: "a test"}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(first.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if e := w.await("ended", 1); e.PID != first.PID || !strings.Contains(e.Text, "SIGKILL") {
		t.Errorf("ended: got %+v, want the process and its signal", e)
	}
	if e := w.await("started", 2); e.PID == first.PID {
		t.Error("the new process has the old number")
	}
	c := w.dial()
	if err := talk(c, "x"); err == nil {
		t.Error("a held link let a caller through after its proxy was killed")
	}
	if _, err := s.Order(t.Context(), "web", "store", circuit.Order{State: breaker.Closed}); err != nil {
		t.Fatal(err)
	}
	if err := talk(w.dial(), "again"); err != nil {
		t.Errorf("after the link was closed: %v", err)
	}
}

func TestHungProxyIsKilledByTheNextDaemon(t *testing.T) {
	w := newWorld(t)
	first := w.set()
	w.apply(first, w.link())
	pid := w.await("started", 1).PID
	first.Close()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	w.apply(w.set(), w.link())
	w.await("hung", 1)
	w.await("started", 2)
	if err := talk(w.dial(), "well"); err != nil {
		t.Error(err)
	}
}

func TestNewSettingsGetANewProxyAndOldCallersFinish(t *testing.T) {
	w := newWorld(t)
	s := w.set()
	l := w.link()
	l.Drain = patience
	w.apply(s, l)
	w.await("started", 1)
	old := w.dial()
	if err := talk(old, "one"); err != nil {
		t.Fatal(err)
	}
	next := l
	next.Target = echo(t)
	w.apply(s, next)
	w.await("replaced", 1)
	w.await("started", 2)
	if err := talk(w.dial(), "new"); err != nil {
		t.Errorf("a new caller: %v", err)
	}
	if err := talk(old, "two"); err != nil {
		t.Errorf("an old caller: %v", err)
	}
}

func TestLinkThatIsGoneLosesItsProxy(t *testing.T) {
	for name, apply := range map[string]func(*world, *Set){
		"by a reload":          func(w *world, s *Set) { w.apply(s) },
		"by the next daemon's": func(w *world, s *Set) { s.Close(); w.apply(w.set()) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			s := w.set()
			w.apply(s, w.link())
			w.await("started", 1)
			if err := talk(w.dial(), "x"); err != nil {
				t.Fatal(err)
			}
			apply(w, s)
			deadline := time.Now().Add(patience)
			for {
				c, err := net.Dial("tcp", w.listen)
				if errors.Is(err, syscall.ECONNREFUSED) {
					break
				}
				if err == nil {
					c.Close()
				}
				if time.Now().After(deadline) {
					t.Fatal("the proxy still listens")
				}
				time.Sleep(10 * time.Millisecond)
			}
			if left, err := filepath.Glob(filepath.Join(w.dir, "*")); err != nil || len(left) > 0 {
				t.Errorf("left in the folder: %v (%v)", left, err)
			}
		})
	}
}

func TestProxyThatEndsWithTheDaemonIsGoneAfterClose(t *testing.T) {
	w := newWorld(t)
	s := w.set()
	l := w.link()
	l.Ends = true
	w.apply(s, l)
	w.await("started", 1)
	if err := talk(w.dial(), "x"); err != nil {
		t.Fatal(err)
	}
	if left := s.Close(); len(left) > 0 {
		t.Errorf("left running: %+v, want none", left)
	}
	if _, err := net.Dial("tcp", w.listen); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial after close: got %v, want a refusal", err)
	}
}

func TestTakenPortIsSaidAndTriedAgain(t *testing.T) {
	w := newWorld(t)
	taken, err := net.Listen("tcp", w.listen)
	if err != nil {
		t.Fatal(err)
	}
	s := w.set()
	w.apply(s, w.link())
	if e := w.await("failed", 1); !strings.Contains(e.Text, w.listen) || !strings.Contains(e.Text, "taken") {
		t.Errorf("failed: got %q, want the address and the reason", e.Text)
	}
	if _, err := s.Order(t.Context(), "web", "store", circuit.Order{State: breaker.Open}); !errors.Is(err, ErrDown) {
		t.Errorf("order without a proxy: got %v, want ErrDown", err)
	}
	taken.Close()
	w.await("started", 1)
	if err := talk(w.dial(), "x"); err != nil {
		t.Error(err)
	}
}

func TestOrderToAnUnknownLinkIsRefused(t *testing.T) {
	w := newWorld(t)
	_, err := w.set().Order(context.Background(), "a", "b", circuit.Order{State: breaker.Open})
	if !errors.Is(err, ErrUnknown) {
		t.Errorf("got %v, want ErrUnknown", err)
	}
}
