package breaker_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/breaker"
	"github.com/homeostat/homeostat/host/refusal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func newBreaker(t testing.TB) *breaker.Breaker {
	t.Helper()
	b, err := breaker.New(breaker.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func allow(t testing.TB, b *breaker.Breaker, now time.Time) breaker.Ticket {
	t.Helper()
	ticket, err := b.Allow(now)
	if err != nil {
		t.Fatalf("allow at %v: %v", now.Sub(start), err)
	}
	return ticket
}

// open returns a breaker that opened at start.
func open(t testing.TB) *breaker.Breaker {
	t.Helper()
	b := newBreaker(t)
	for range 5 {
		b.Fail(allow(t, b, start), start)
	}
	return b
}

func wantState(t *testing.T, b *breaker.Breaker, now time.Time, want breaker.State) {
	t.Helper()
	if got := b.State(now); got != want {
		t.Errorf("state at %v: got %s, want %s", now.Sub(start), got, want)
	}
}

func wantRule(t *testing.T, err error, rule string) refusal.Refusal {
	t.Helper()
	var r refusal.Refusal
	if !errors.As(err, &r) || r.Rule != rule {
		t.Fatalf("got error %v, want a refusal by %s", err, rule)
	}
	if r.Limit == "" || r.Value == "" || r.Hint == "" {
		t.Errorf("refusal %+v lacks a limit, a value or a hint", r)
	}
	return r
}

func TestFiveConsecutiveFailuresOpenTheBreaker(t *testing.T) {
	b := newBreaker(t)
	for i := range 5 {
		wantState(t, b, start, breaker.Closed)
		b.Fail(allow(t, b, start), start)
		if got := b.Metrics().ConsecutiveFailures; got != i+1 {
			t.Errorf("consecutive failures: got %d, want %d", got, i+1)
		}
	}
	wantState(t, b, start, breaker.Open)
}

func TestSuccessEndsARunOfFailures(t *testing.T) {
	b := newBreaker(t)
	for range 4 {
		b.Fail(allow(t, b, start), start)
	}
	b.Succeed(allow(t, b, start), start)
	for range 4 {
		b.Fail(allow(t, b, start), start)
	}
	wantState(t, b, start, breaker.Closed)
}

func TestOpenBreakerRefusesUntilTimeout(t *testing.T) {
	b := open(t)
	_, err := b.Allow(start.Add(2 * time.Minute))
	if r := wantRule(t, err, "breaker.open"); r.RetryAfter != 3*time.Minute {
		t.Errorf("retry after: got %v, want 3m", r.RetryAfter)
	}
	if err := b.Check(start.Add(5 * time.Minute)); err != nil {
		t.Errorf("check at the timeout: %v, want none", err)
	}
	wantState(t, b, start.Add(5*time.Minute), breaker.HalfOpen)
}

func TestHalfOpenBreakerLetsOneTrialThroughAtATime(t *testing.T) {
	b, now := open(t), start.Add(5*time.Minute)
	first := allow(t, b, now)
	_, err := b.Allow(now)
	wantRule(t, err, "breaker.trials")
	b.Cancel(first)
	allow(t, b, now)
}

func TestThreeSuccessfulTrialsCloseTheBreaker(t *testing.T) {
	b, now := open(t), start.Add(5*time.Minute)
	for range 3 {
		wantState(t, b, now, breaker.HalfOpen)
		b.Succeed(allow(t, b, now), now)
	}
	wantState(t, b, now, breaker.Closed)
}

func TestFailedTrialOpensForAFullTimeout(t *testing.T) {
	b, now := open(t), start.Add(6*time.Minute)
	b.Fail(allow(t, b, now), now)
	wantState(t, b, now.Add(5*time.Minute-1), breaker.Open)
	wantState(t, b, now.Add(5*time.Minute), breaker.HalfOpen)
	if got := b.Metrics().ConsecutiveFailures; got != 6 {
		t.Errorf("consecutive failures: got %d, want 6", got)
	}
}

func TestR12LateResultOfAnEarlierPhaseDecidesNothing(t *testing.T) {
	b := newBreaker(t)
	late, now := allow(t, b, start), start.Add(5*time.Minute)
	for range 5 {
		b.Fail(allow(t, b, start), start)
	}
	trial := allow(t, b, now)
	b.Fail(late, now)
	wantState(t, b, now, breaker.HalfOpen)
	for range 3 {
		b.Succeed(late, now)
	}
	wantState(t, b, now, breaker.HalfOpen)
	b.Succeed(trial, now)
	wantState(t, b, now, breaker.HalfOpen)
}

func TestCheckNeverTakesATrial(t *testing.T) {
	b, now := open(t), start.Add(5*time.Minute)
	before := b.Snapshot()
	for range 3 {
		if err := b.Check(now); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.Snapshot(); got != before {
		t.Errorf("got state %+v after checks, want %+v", got, before)
	}
}

func TestResetClosesAndKeepsTheTotals(t *testing.T) {
	b := open(t)
	b.Reset(start)
	wantState(t, b, start, breaker.Closed)
	want := breaker.Metrics{Attempts: 5, Successes: 0, SuccessRate: 0, ConsecutiveFailures: 0}
	if got := b.Metrics(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestClockSetBackDoesNotLengthenTheWait(t *testing.T) {
	b, past := open(t), start.Add(-24*time.Hour)
	_, err := b.Allow(past)
	if r := wantRule(t, err, "breaker.open"); r.RetryAfter != 5*time.Minute {
		t.Errorf("retry after: got %v, want 5m", r.RetryAfter)
	}
	allow(t, b, past.Add(5*time.Minute))
}

func TestRestoredBreakerGoesOnWhereItWas(t *testing.T) {
	data, err := json.Marshal(open(t).Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	var s breaker.Snapshot
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	b, err := breaker.Restore(breaker.DefaultConfig(), s)
	if err != nil {
		t.Fatal(err)
	}
	wantState(t, b, start.Add(5*time.Minute-1), breaker.Open)
	wantState(t, b, start.Add(5*time.Minute), breaker.HalfOpen)
}

func TestTicketFromBeforeARestartStillCounts(t *testing.T) {
	b := newBreaker(t)
	for range 4 {
		b.Fail(allow(t, b, start), start)
	}
	ticket := allow(t, b, start)
	restored, err := breaker.Restore(breaker.DefaultConfig(), b.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	restored.Fail(ticket, start)
	wantState(t, restored, start, breaker.Open)
}

func TestSnapshotThatCannotBeIsRefused(t *testing.T) {
	for _, s := range []breaker.Snapshot{
		{State: "ajar"}, {Failed: -1}, {Succeeded: -1}, {Attempts: 1, Successes: 2},
	} {
		if _, err := breaker.Restore(breaker.DefaultConfig(), s); err == nil {
			t.Errorf("restore of %+v: got no error, want one", s)
		}
	}
}

func TestConfigOutOfRangeIsRefused(t *testing.T) {
	for i := range 4 {
		c := breaker.DefaultConfig()
		*[]*int{&c.Failures, &c.Successes, &c.Trials, new(int)}[i] = 0
		if i == 3 {
			c.Timeout = 0
		}
		if _, err := breaker.New(c); err == nil {
			t.Errorf("new with %+v: got no error, want one", c)
		}
	}
}

func TestGroupKeepsKeysApartAndForgetsTheUntroubled(t *testing.T) {
	g, err := breaker.NewGroup(breaker.DefaultConfig(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		ticket, err := g.Allow("mallory", start)
		if err != nil {
			t.Fatal(err)
		}
		g.Fail("mallory", ticket, start)
	}
	ticket, err := g.Allow("alice", start)
	if err != nil {
		t.Fatalf("alice is refused for the failures of mallory: %v", err)
	}
	g.Succeed("alice", ticket, start)
	wantRule(t, g.Check("mallory", start), "breaker.open")
	again, err := breaker.NewGroup(breaker.DefaultConfig(), g.Snapshots())
	if err != nil {
		t.Fatal(err)
	}
	wantRule(t, again.Check("mallory", start), "breaker.open")
	if got := len(g.Snapshots()); got != 1 {
		t.Errorf("got %d keys, want only mallory's", got)
	}
	g.Reset()
	if err := g.Check("mallory", start); err != nil {
		t.Errorf("after reset: %v, want none", err)
	}
}

func TestGroupIsBoundedAgainstManyNames(t *testing.T) {
	g, err := breaker.NewGroup(breaker.DefaultConfig(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5000 {
		key, now := fmt.Sprint("author", i), start.Add(time.Duration(i))
		ticket, err := g.Allow(key, now)
		if err != nil {
			t.Fatal(err)
		}
		g.Fail(key, ticket, now)
	}
	if got := len(g.Snapshots()); got != 4096 {
		t.Errorf("got %d keys, want 4096", got)
	}
}
