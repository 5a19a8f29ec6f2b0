package quota

import (
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestQuotaForgetsAndStaysSmall(t *testing.T) {
	q, now := New(), time.Now()
	for n := range maxPeers + perWindow {
		q.Wait(strings.Repeat("x", n), now)
	}
	if q.Wait("one more", now) == 0 || len(q.count) > maxPeers+1 {
		t.Errorf("%d peers are counted, and one more may ask", len(q.count))
	}
	if wait := q.Wait("one more", now.Add(window)); wait != 0 {
		t.Errorf("got a wait of %v in the next window, want none", wait)
	}
	if wait := q.Wait("one more", now.Add(-time.Hour)); wait != 0 {
		t.Errorf("got a wait of %v after the clock stepped back, want none", wait)
	}
}

func TestPeerIsAHostOrTheSocket(t *testing.T) {
	for address, want := range map[string]string{"192.0.2.1:80": "192.0.2.1", "[::1]:80": "::1", "@": "the socket", "": "the socket"} {
		if got := Peer(address); got != want {
			t.Errorf("%q: got %q, want %q", address, got, want)
		}
	}
}
