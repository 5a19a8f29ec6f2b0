package circuit

import (
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/host/breaker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var begin = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

const retry = 10 * time.Second

func TestOpenLinkTriesByItselfAfterItsTimeAndClosesAfterThree(t *testing.T) {
	c := New(retry)
	c.Obey(Order{State: breaker.Open, Reason: "slow"}, begin)
	if _, wait, ok := c.Allow(begin.Add(retry - 1)); ok || wait != 1 {
		t.Errorf("before its time: got %v after %v, want a refusal for 1ns more", ok, wait)
	}
	if s := c.Status(begin); s.State != breaker.Open || !s.TryAt.Equal(begin.Add(retry)) || s.Reason != "slow" {
		t.Errorf("status: got %+v, want open with its reason and time", s)
	}
	now := begin.Add(retry)
	for i := range successes {
		p, _, ok := c.Allow(now)
		if !ok || !p.Trial {
			t.Fatalf("trial %d: got %v %+v, want a trial", i, ok, p)
		}
		if _, _, ok := c.Allow(now); ok {
			t.Fatalf("a second one beside trial %d was let through", i)
		}
		p.Succeed(now)
	}
	if s := c.Status(now); s.State != breaker.Closed || s.Reason != "" {
		t.Errorf("status: got %+v, want closed without a reason", s)
	}
}

func TestHeldLinkNeverTriesByItself(t *testing.T) {
	c := New(retry)
	c.Obey(Order{State: breaker.Open, Hold: true}, begin)
	later := begin.Add(10 * 365 * 24 * time.Hour)
	if _, _, ok := c.Allow(later); ok {
		t.Error("a held link let something through")
	}
	if s := c.Status(later); !s.Hold || !s.TryAt.IsZero() {
		t.Errorf("status: got %+v, want held, and no time of a trial", s)
	}
	c.Obey(Order{State: breaker.HalfOpen}, later)
	if p, _, ok := c.Allow(later); !ok || !p.Trial {
		t.Error("no trial after the order to try")
	}
}

func TestResultFromBeforeAnOrderDecidesNothing(t *testing.T) {
	c := New(retry)
	c.Obey(Order{State: breaker.HalfOpen}, begin)
	old, _, _ := c.Allow(begin)
	c.Obey(Order{State: breaker.Closed}, begin)
	old.Fail(begin)
	if s := c.Status(begin); s.State != breaker.Closed {
		t.Errorf("state %s after a late failure, want closed", s.State)
	}
}

func TestFailuresNeverOpenALinkThatNobodyOrderedOpen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, now := New(retry), begin
		for range rapid.IntRange(1, 200).Draw(t, "requests") {
			now = now.Add(time.Duration(rapid.IntRange(0, 1_000_000_000).Draw(t, "pause")))
			p, _, ok := c.Allow(now)
			if !ok {
				t.Fatal("a closed link refused")
			}
			if rapid.Bool().Draw(t, "fails") {
				p.Fail(now)
			} else {
				p.Cancel()
			}
		}
	})
}

func TestGenerationGrowsWithEachOrder(t *testing.T) {
	c := New(retry)
	last := c.Status(begin).Generation
	for _, state := range []breaker.State{breaker.Open, breaker.Open, breaker.HalfOpen, breaker.Closed} {
		c.Obey(Order{State: state}, begin)
		if g := c.Status(begin).Generation; g <= last {
			t.Errorf("generation %d after %s, want more than %d", g, state, last)
		} else {
			last = g
		}
	}
}
