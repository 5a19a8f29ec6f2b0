package forward

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/breaker"
	"github.com/homeostat/homeostat/host/proxy/circuit"
	"github.com/homeostat/homeostat/host/proxy/spec"
	"github.com/homeostat/homeostat/host/proxy/stats"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is for what has no bound of its own on a loaded machine.
const patience = 2 * time.Minute

// proxied is a forwarder that serves.
type proxied struct {
	*Forwarder
	t       *testing.T
	address string
}

// settings are bounds that no test reaches by being slow.
func settings(kind spec.Type, target string) spec.Spec {
	return spec.Spec{
		From: "web", To: "store", Listen: "127.0.0.1:1", Target: target, Type: kind, MaxConnections: 100,
		DialTimeout: patience, IdleTimeout: patience, MaxLatency: patience, Retry: patience, Drain: patience,
	}
}

// serve runs a forwarder until the end of the test.
func serve(t *testing.T, s spec.Spec) *proxied {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := New(s, circuit.New(s.Retry), stats.New(s.MaxLatency))
	var running sync.WaitGroup
	running.Go(func() {
		if err := f.Serve(l); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(func() {
		l.Close()
		f.Close()
		running.Wait()
	})
	return &proxied{f, t, l.Addr().String()}
}

func (p *proxied) order(state breaker.State) {
	p.Obey(circuit.Order{State: state, Hold: true, Reason: "a test"}, time.Now())
}

func (p *proxied) figures() stats.Stats { return p.stats.Snapshot(time.Now()) }

func (p *proxied) state() breaker.State { return p.circuit.Status(time.Now()).State }

// until waits for something that happens in another goroutine.
func (p *proxied) until(what string, done func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("never: %s; figures %+v", what, p.figures())
		}
	}
}

// page is a target that answers HTTP.
func page(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// peer is a target that does with each connection what it is told to.
func peer(t *testing.T, each func(*net.TCPConn)) string {
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
				each(c.(*net.TCPConn))
			})
		}
	})
	t.Cleanup(func() { l.Close(); running.Wait() })
	return l.Addr().String()
}

// nobody is an address on which nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
