package supervisor

import (
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func TestBackoffDoublesAndTheFifthFailureIsQuarantine(t *testing.T) {
	h := history{timing: DefaultTiming()}
	now := start
	for i, want := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second} {
		p := h.fail(now)
		if p.quarantined || p.until.Sub(now) != want {
			t.Errorf("failure %d: got %+v, want a pause of %v", i+1, p, want)
		}
		now = p.until
	}
	p := h.fail(now)
	if !p.quarantined || p.until.Sub(now) != 10*time.Minute {
		t.Errorf("failure 5: got %+v, want ten minutes of quarantine", p)
	}
}

func TestRareFailuresStayCheap(t *testing.T) {
	h := history{timing: DefaultTiming()}
	for i := range 100 {
		now := start.Add(time.Duration(i) * 10 * time.Minute)
		if p := h.fail(now); p.quarantined || p.until.Sub(now) != time.Second {
			t.Fatalf("failure %d: got %+v, want the least pause", i+1, p)
		}
	}
}

func TestBackoffStaysBelowItsBound(t *testing.T) {
	timing := DefaultTiming()
	timing.FailureLimit = 100
	h := history{timing: timing}
	now := start
	for range 50 {
		p := h.fail(now)
		if p.until.Sub(now) > timing.BackoffMax {
			t.Fatalf("got a pause of %v, at most %v is allowed", p.until.Sub(now), timing.BackoffMax)
		}
		now = now.Add(time.Second)
	}
}

// TestQuarantineMeansFiveFailuresInTheWindow compares with a model that keeps
// all failures.
func TestQuarantineMeansFiveFailuresInTheWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := history{timing: DefaultTiming()}
		var all []time.Time
		now := start
		for range rapid.IntRange(1, 40).Draw(t, "failures") {
			now = now.Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "seconds")) * time.Second)
			all = append(all, now)
			within := 0
			for _, f := range all {
				if now.Sub(f) < h.timing.FailureWindow {
					within++
				}
			}
			if got, want := h.fail(now).quarantined, within >= h.timing.FailureLimit; got != want {
				t.Fatalf("%d failures within the window: quarantined is %v, want %v", within, got, want)
			}
			if len(h.failures) > h.timing.FailureLimit {
				t.Fatalf("the history has %d entries, want at most %d", len(h.failures), h.timing.FailureLimit)
			}
		}
	})
}
