package control

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/breaker"
	"github.com/homeostat/homeostat/host/proxy/circuit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// told is a proxy that notes what it is told.
type told struct {
	mu      sync.Mutex
	orders  []circuit.Order
	drained bool
}

// Status tells the last order back.
func (p *told) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Status{PID: 7, Draining: p.drained}
	if n := len(p.orders); n > 0 {
		s.Circuit.State = p.orders[n-1].State
	}
	return s
}

// Obey notes the order.
func (p *told) Obey(o circuit.Order) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.orders = append(p.orders, o)
}

// Drain notes it.
func (p *told) Drain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drained = true
}

func conversation(t *testing.T) (*told, *Client, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	p := &told{}
	s := NewServer(p)
	var running sync.WaitGroup
	running.Go(func() { _ = s.Serve(l) })
	c := NewClient(path)
	t.Cleanup(func() { c.Close(); s.Close(); running.Wait() })
	return p, c, path
}

func TestOrdersArriveAndAreAnsweredWithTheStatus(t *testing.T) {
	p, c, _ := conversation(t)
	want := circuit.Order{State: breaker.Open, Hold: true, Reason: "why", Since: time.Unix(1_800_000_000, 0).UTC()}
	s, err := c.Obey(t.Context(), want)
	if err != nil || s.Circuit.State != breaker.Open || s.PID != 7 {
		t.Errorf("got %+v (%v), want the status after the order", s, err)
	}
	if len(p.orders) != 1 || p.orders[0] != want {
		t.Errorf("orders: got %+v, want %+v", p.orders, want)
	}
	if s, err := c.Drain(t.Context()); err != nil || !s.Draining {
		t.Errorf("drain: got %+v (%v)", s, err)
	}
}

func TestWrongOrdersAreRefused(t *testing.T) {
	p, c, _ := conversation(t)
	if _, err := c.Obey(t.Context(), circuit.Order{State: "ajar"}); err == nil || !strings.Contains(err.Error(), "ajar") {
		t.Errorf("unknown state: got %v, want a refusal that names it", err)
	}
	for _, body := range []string{"", "{", `{"state":"open"`, strings.Repeat("[", 1<<17)} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://proxy"+pathCircuit, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		a, err := c.http.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		a.Body.Close()
		if a.StatusCode != http.StatusBadRequest {
			t.Errorf("body of %d bytes: got %s, want 400", len(body), a.Status)
		}
	}
	if len(p.orders) > 0 {
		t.Errorf("orders: got %+v, want none", p.orders)
	}
}

func TestProxyThatIsGoneIsSaid(t *testing.T) {
	c := NewClient(filepath.Join(t.TempDir(), "nobody"))
	defer c.Close()
	if _, err := c.Status(context.Background()); err == nil || !strings.Contains(err.Error(), "ask the proxy") {
		t.Errorf("got %v, want an error that says what was tried", err)
	}
}

func FuzzOrderIsReadOrRefused(f *testing.F) {
	for _, seed := range []string{`{"state":"open","hold":true}`, `{"state":"half_open","since":"2026-01-02T03:04:05Z"}`, `{"state":7}`, `null`, ``} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := decode(strings.NewReader(text))
		if err != nil {
			return
		}
		circuit.New(time.Second).Obey(o, time.Unix(1_800_000_000, 0)) // must not panic
	})
}
