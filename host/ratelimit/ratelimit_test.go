package ratelimit_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/time/rate"
	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/host/ratelimit"
	"github.com/homeostat/homeostat/host/refusal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	alice = ratelimit.Subject{Author: "alice", Component: "web"}
)

func limiter(t testing.TB, config ratelimit.Config) *ratelimit.Limiter {
	t.Helper()
	l, err := ratelimit.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// admit expects n changes of who at now to pass.
func admit(t *testing.T, l *ratelimit.Limiter, n int, who ratelimit.Subject) {
	t.Helper()
	for i := range n {
		if err := l.Allow(start, who); err != nil {
			t.Fatalf("change %d: %v", i+1, err)
		}
	}
}

func rules(err error) map[string]refusal.Refusal {
	var list refusal.List
	errors.As(err, &list)
	out := map[string]refusal.Refusal{}
	for _, r := range list {
		out[r.Rule] = r
	}
	return out
}

func TestEleventhChangeInAMinuteIsRefusedUntilTheFirstLeaves(t *testing.T) {
	l := limiter(t, ratelimit.DefaultConfig())
	admit(t, l, 10, alice)
	later := start.Add(45 * time.Second)
	got := rules(l.Allow(later, ratelimit.Subject{Author: "bob", Component: "db"}))
	r, ok := got["rate.window"]
	if len(got) != 1 || !ok || r.RetryAfter != 15*time.Second || r.Limit == "" || r.Value == "" || r.Hint == "" {
		t.Errorf("got %+v, want one complete refusal by rate.window with a wait of 15s", got)
	}
	if err := l.Allow(start.Add(time.Minute), alice); err != nil {
		t.Errorf("after a minute: %v, want none", err)
	}
}

func TestAuthorAndComponentHaveLimitsOfTheirOwn(t *testing.T) {
	config := ratelimit.Config{Max: 10, PerAuthor: 3, PerComponent: 2, Window: time.Minute}
	for _, c := range []struct {
		who  ratelimit.Subject
		want []string
	}{
		{ratelimit.Subject{Author: "alice", Component: "web"}, []string{"rate.author", "rate.component"}},
		{ratelimit.Subject{Author: "alice", Component: "db"}, []string{"rate.author"}},
		{ratelimit.Subject{Author: "bob", Component: "web"}, []string{"rate.component"}},
		{ratelimit.Subject{Author: "bob", Component: "db"}, nil},
		{ratelimit.Subject{Author: "bob"}, nil},
	} {
		l := limiter(t, config)
		admit(t, l, 2, alice)
		admit(t, l, 1, ratelimit.Subject{Author: "alice"})
		got := rules(l.Check(start, c.who))
		for _, rule := range c.want {
			if _, ok := got[rule]; !ok {
				t.Errorf("%+v: got %v, want a refusal by %s", c.who, got, rule)
			}
		}
		if len(got) != len(c.want) {
			t.Errorf("%+v: got %v, want %v", c.who, got, c.want)
		}
	}
}

func TestRefusedAndCheckedChangesDoNotCount(t *testing.T) {
	l := limiter(t, ratelimit.Config{Max: 1, PerAuthor: 1, PerComponent: 1, Window: time.Minute})
	for range 3 {
		if err := l.Check(start, alice); err != nil {
			t.Fatal(err)
		}
	}
	admit(t, l, 1, alice)
	for i := range 5 {
		if err := l.Allow(start.Add(time.Duration(i)*time.Second), alice); err == nil {
			t.Fatal("a second change passed, want a refusal")
		}
	}
	if err := l.Allow(start.Add(time.Minute), alice); err != nil {
		t.Errorf("refused changes lengthened the wait: %v", err)
	}
}

// TestNoRollingWindowEverHoldsMoreThanMax looks at the window that ends with each admitted change, which are the fullest
// ones, with restarts in between.
func TestNoRollingWindowEverHoldsMoreThanMax(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		config := ratelimit.Config{Max: rapid.IntRange(1, 10).Draw(t, "max"), Window: time.Minute}
		config.PerAuthor, config.PerComponent = rapid.IntRange(1, 10).Draw(t, "per author"), config.Max
		l, err := ratelimit.New(config)
		if err != nil {
			t.Fatal(err)
		}
		var admitted []time.Time
		now := start
		for range rapid.IntRange(1, 100).Draw(t, "attempts") {
			now = now.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "seconds")) * time.Second)
			if rapid.IntRange(0, 9).Draw(t, "restart") == 0 {
				l = restarted(t, config, l)
			}
			inWindow := within(admitted, now, config.Window)
			err := l.Allow(now, alice)
			if want := inWindow < min(config.Max, config.PerAuthor); (err == nil) != want {
				t.Fatalf("%d in the window at %v: got %v, want admitted %t", inWindow, now.Sub(start), err, want)
			}
			if err == nil {
				admitted = append(admitted, now)
				continue
			}
			checkRetryAfter(t, l, now, err)
		}
	})
}

// checkRetryAfter expects the promise of a refusal to hold: admitted then, and not a moment before.
func checkRetryAfter(t *rapid.T, l *ratelimit.Limiter, now time.Time, err error) {
	var list refusal.List
	errors.As(err, &list)
	wait := list.RetryAfter()
	copied, copyErr := ratelimit.Restore(ratelimit.Config{Max: 10, PerAuthor: 10, PerComponent: 10, Window: time.Minute}, l.Snapshot())
	if copyErr != nil {
		t.Fatal(copyErr)
	}
	if before, then := copied.Count(now.Add(wait-1)), copied.Count(now.Add(wait)); then >= before {
		t.Fatalf("after a wait of %v the window holds %d, just before %d: want fewer", wait, then, before)
	}
}

func restarted(t *rapid.T, config ratelimit.Config, l *ratelimit.Limiter) *ratelimit.Limiter {
	data, err := json.Marshal(l.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	var log []ratelimit.Entry
	if err := json.Unmarshal(data, &log); err != nil {
		t.Fatal(err)
	}
	again, err := ratelimit.Restore(config, log)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again.Snapshot(), l.Snapshot()) {
		t.Fatalf("restored %v, want %v", again.Snapshot(), l.Snapshot())
	}
	return again
}

func within(times []time.Time, now time.Time, window time.Duration) int {
	n := 0
	for _, at := range times {
		if now.Sub(at) < window {
			n++
		}
	}
	return n
}

func TestClockSetBackBlocksForOneWindowAtMost(t *testing.T) {
	l := limiter(t, ratelimit.DefaultConfig())
	admit(t, l, 10, alice)
	past := start.Add(-24 * time.Hour)
	if r := rules(l.Allow(past, alice))["rate.window"]; r.RetryAfter != time.Minute {
		t.Errorf("retry after: got %v, want 1m", r.RetryAfter)
	}
	if err := l.Allow(past.Add(time.Minute), alice); err != nil {
		t.Errorf("a window later: %v, want none", err)
	}
}

func TestLoweredMaxKeepsTheYoungestEntries(t *testing.T) {
	l := limiter(t, ratelimit.DefaultConfig())
	admit(t, l, 5, alice)
	lower := ratelimit.Config{Max: 2, PerAuthor: 2, PerComponent: 2, Window: time.Minute}
	again, err := ratelimit.Restore(lower, l.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	if got := again.Count(start); got != 2 {
		t.Errorf("got %d entries, want 2", got)
	}
}

func TestWaitUnderALoweredLimitIsLongEnough(t *testing.T) {
	l := limiter(t, ratelimit.DefaultConfig())
	for i := range 3 {
		if err := l.Allow(start.Add(time.Duration(i)*time.Second), alice); err != nil {
			t.Fatal(err)
		}
	}
	lower := ratelimit.Config{Max: 10, PerAuthor: 1, PerComponent: 10, Window: time.Minute}
	again, err := ratelimit.Restore(lower, l.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	now := start.Add(2 * time.Second)
	if r := rules(again.Allow(now, alice))["rate.author"]; r.RetryAfter != time.Minute {
		t.Errorf("retry after: got %v, want 1m, when the youngest of the three leaves", r.RetryAfter)
	}
}

func TestWrongConfigAndWrongLogAreRefused(t *testing.T) {
	good := ratelimit.DefaultConfig()
	for _, c := range []ratelimit.Config{
		{0, 1, 1, time.Minute}, {1, 0, 1, time.Minute}, {1, 1, 0, time.Minute}, {1, 1, 1, 0},
	} {
		if _, err := ratelimit.New(c); err == nil {
			t.Errorf("new with %+v: got no error, want one", c)
		}
	}
	if _, err := ratelimit.Restore(good, []ratelimit.Entry{{alice, start}, {alice, start.Add(-1)}}); err == nil {
		t.Error("restore of a log out of order: got no error, want one")
	}
}

func BenchmarkAllow(b *testing.B) {
	b.Run("homeostat", func(b *testing.B) {
		l, now := limiter(b, ratelimit.DefaultConfig()), start
		b.ReportAllocs()
		for b.Loop() {
			now = now.Add(7 * time.Second)
			if err := l.Allow(now, alice); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("x-time-rate", func(b *testing.B) {
		l, now := rate.NewLimiter(rate.Every(6*time.Second), 10), start
		b.ReportAllocs()
		for b.Loop() {
			now = now.Add(7 * time.Second)
			if !l.AllowN(now, 1) {
				b.Fatal("refused")
			}
		}
	})
	b.Run("homeostat-refused", func(b *testing.B) {
		l := limiter(b, ratelimit.Config{Max: 1, PerAuthor: 1, PerComponent: 1, Window: time.Minute})
		_ = l.Allow(start, alice)
		b.ReportAllocs()
		for b.Loop() {
			_ = l.Allow(start, alice)
		}
	})
}
