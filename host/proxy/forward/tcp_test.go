package forward

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/breaker"
	"github.com/homeostat/homeostat/host/proxy/spec"
	"github.com/homeostat/homeostat/host/proxy/stats"
)

func echo(t *testing.T) string {
	return peer(t, func(c *net.TCPConn) { _, _ = io.Copy(c, c) })
}

func dial(t *testing.T, address string) *net.TCPConn {
	t.Helper()
	c, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.(*net.TCPConn)
}

// talk sends one byte and wants it back.
func talk(c net.Conn) error {
	if _, err := c.Write([]byte{7}); err != nil {
		return err
	}
	_, err := io.ReadFull(c, make([]byte, 1))
	return err
}

// attempt talks on a connection of its own. A hang-up may come before the
// connection is made.
func attempt(t *testing.T, address string) error {
	t.Helper()
	c, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	return talk(c)
}

// refused reports that a connection was reset, at its first use at the latest.
func refused(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.EOF)
}

func TestBytesArriveWholeBothWaysAndAreCounted(t *testing.T) {
	p := serve(t, settings(spec.TCP, echo(t)))
	const size = 8 << 20
	sent := make([]byte, size)
	source := rand.NewChaCha8([32]byte{1})
	_, _ = source.Read(sent)
	c := dial(t, p.address)
	wrote := make(chan error, 1)
	go func() {
		_, err := c.Write(sent)
		wrote <- errors.Join(err, c.CloseWrite())
	}()
	got, err := io.ReadAll(c)
	if err = errors.Join(err, <-wrote); err != nil {
		t.Fatal(err)
	}
	if sha256.Sum256(got) != sha256.Sum256(sent) {
		t.Fatalf("got %d bytes that differ from the %d sent (equal beginning: %v)", len(got), size, bytes.HasPrefix(sent, got))
	}
	p.until("the connection is booked", func() bool { return p.figures().Ended[stats.OK] == 1 })
	if f := p.figures(); f.ToTarget != size || f.FromTarget != size || f.Requests != 1 || f.Errors != 0 {
		t.Errorf("figures: got %+v, want %d bytes each way, 1 request, no error", f, size)
	}
}

func TestHalfClosedConnectionStillGetsItsAnswer(t *testing.T) {
	p := serve(t, settings(spec.TCP, peer(t, func(c *net.TCPConn) {
		asked, _ := io.ReadAll(c)
		_, _ = c.Write(append([]byte("all of "), asked...))
	})))
	c := dial(t, p.address)
	if _, err := c.Write([]byte("it")); err != nil {
		t.Fatal(err)
	}
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(c); err != nil || string(got) != "all of it" {
		t.Errorf("got %q (%v), want the answer after the end of the question", got, err)
	}
}

func TestOpenLinkHangsUpAtOnceAndCutsWhatRunsAfterTheDrain(t *testing.T) {
	s := settings(spec.TCP, echo(t))
	s.Drain = 50 * time.Millisecond
	p := serve(t, s)
	old := dial(t, p.address)
	if err := talk(old); err != nil {
		t.Fatal(err)
	}
	p.order(breaker.Open)
	if err := attempt(t, p.address); !refused(err) {
		t.Errorf("a new caller: got %v, want a hang-up", err)
	}
	if _, err := io.ReadAll(old); !refused(err) && err != nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the old caller: got %v, want a hang-up", err)
	}
	p.until("the old caller is cut", func() bool { return p.figures().Ended[stats.Cut] == 1 })
	if f := p.figures(); f.Refused != 1 || f.Errors != 0 {
		t.Errorf("figures: got %+v, want 1 refused and no error of the target", f)
	}
}

func TestTrialsCloseTheLinkOneAfterTheOther(t *testing.T) {
	p := serve(t, settings(spec.TCP, echo(t)))
	p.order(breaker.HalfOpen)
	first := dial(t, p.address) // holds the only place by asking nothing
	p.until("the first is let through", func() bool { return p.figures().Requests == 1 })
	if err := attempt(t, p.address); !refused(err) {
		t.Errorf("a second trial beside the first: got %v, want a hang-up", err)
	}
	if err := talk(first); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if p.state() != breaker.HalfOpen {
			t.Fatalf("state %s before the third success, want half_open", p.state())
		}
		if err := attempt(t, p.address); err != nil {
			t.Fatal(err)
		}
	}
	p.until("it is closed", func() bool { return p.state() == breaker.Closed })
}

func TestTrialWithoutAnAnswerInTimeOpensTheLinkAgain(t *testing.T) {
	s := settings(spec.TCP, peer(t, func(c *net.TCPConn) { _, _ = io.Copy(io.Discard, c) }))
	s.MaxLatency = 20 * time.Millisecond
	p := serve(t, s)
	p.order(breaker.HalfOpen)
	if err := attempt(t, p.address); !refused(err) {
		t.Errorf("the trial: got %v, want a hang-up", err)
	}
	p.until("it is open", func() bool { return p.state() == breaker.Open })
	p.until("the trial is booked", func() bool { return p.figures().Ended[stats.Timeout] == 1 })
}

func TestTargetThatIsNotThereCountsAsItsError(t *testing.T) {
	p := serve(t, settings(spec.TCP, nobody(t)))
	if err := attempt(t, p.address); !refused(err) {
		t.Errorf("got %v, want a hang-up", err)
	}
	p.until("it is booked", func() bool { return p.figures().Ended[stats.Dial] == 1 })
	if f := p.figures(); f.Errors != 1 || f.Recent.Bad != 1 {
		t.Errorf("figures: got %+v, want 1 error", f)
	}
}

func TestOneCallerTooManyIsHungUpOn(t *testing.T) {
	s := settings(spec.TCP, echo(t))
	s.MaxConnections = 1
	p := serve(t, s)
	first := dial(t, p.address)
	if err := talk(first); err != nil {
		t.Fatal(err)
	}
	if err := attempt(t, p.address); !refused(err) {
		t.Errorf("the second: got %v, want a hang-up", err)
	}
	first.Close()
	p.until("the first has left", func() bool { return p.figures().Connections == 0 })
	if err := attempt(t, p.address); err != nil {
		t.Errorf("after the first has left: %v", err)
	}
}

func TestIdleConnectionEndsAndABusyDirectionKeepsTheOtherAlive(t *testing.T) {
	s := settings(spec.TCP, peer(t, func(c *net.TCPConn) {
		for range 20 { // longer than the idle time, without a word of the caller
			if _, err := c.Write([]byte{1}); err != nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		_, _ = io.Copy(io.Discard, c)
	}))
	s.IdleTimeout = 200 * time.Millisecond
	p := serve(t, s)
	c := dial(t, p.address)
	got, err := io.ReadAll(c)
	if err != nil && !refused(err) || len(got) != 20 {
		t.Errorf("got %d bytes (%v), want all 20 and then the end", len(got), err)
	}
	p.until("it has ended", func() bool { return p.figures().Running == 0 })
}
