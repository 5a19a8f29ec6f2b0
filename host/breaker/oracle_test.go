package breaker_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sony/gobreaker/v2"
	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/host/breaker"
)

var errAttempt = errors.New("the attempt failed")

// oracle is gobreaker with the settings of config. Its half-open limit is one number where ours are two, so config has
// Trials equal to Successes.
func oracle(config breaker.Config) *gobreaker.TwoStepCircuitBreaker[any] {
	return gobreaker.NewTwoStepCircuitBreaker[any](gobreaker.Settings{
		MaxRequests: uint32(config.Successes),
		Timeout:     config.Timeout,
		ReadyToTrip: func(c gobreaker.Counts) bool { return int(c.ConsecutiveFailures) >= config.Failures },
	})
}

// pair is one attempt that both breakers admitted.
type pair struct {
	ours   breaker.Ticket
	theirs func(error)
}

// noDeadline hides the deadline of a test from rapid: it may not be asked for under the fake clock of synctest.
type noDeadline struct{ rapid.TB }

// TestBreakerAgreesWithGobreaker drives both with the same attempts, overlapping and late ones included. The timeout
// ends between two milliseconds because gobreaker is still open at the exact end, where ours is not.
func TestBreakerAgreesWithGobreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(noDeadline{t}, func(t *rapid.T) {
			config := breaker.Config{
				Failures:  rapid.IntRange(1, 5).Draw(t, "failures"),
				Successes: rapid.IntRange(1, 4).Draw(t, "successes"),
				Timeout:   100*time.Millisecond + 1,
			}
			config.Trials = config.Successes
			ours, err := breaker.New(config)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, ours, oracle(config))
		})
	})
}

func compare(t *rapid.T, ours *breaker.Breaker, theirs *gobreaker.TwoStepCircuitBreaker[any]) {
	var open []pair
	take := func() pair {
		i := rapid.IntRange(0, len(open)-1).Draw(t, "which")
		p := open[i]
		open = append(open[:i], open[i+1:]...)
		return p
	}
	t.Repeat(map[string]func(*rapid.T){
		"wait": func(t *rapid.T) {
			time.Sleep(time.Duration(rapid.IntRange(1, 60).Draw(t, "ms")) * time.Millisecond)
		},
		"attempt": func(t *rapid.T) {
			ticket, err := ours.Allow(time.Now())
			done, theirErr := theirs.Allow()
			if (err == nil) != (theirErr == nil) {
				t.Fatalf("allow: ours %v, gobreaker %v", err, theirErr)
			}
			if err == nil {
				open = append(open, pair{ticket, done})
			}
		},
		"succeed": func(t *rapid.T) {
			if len(open) == 0 {
				t.Skip("nothing under way")
			}
			p := take()
			ours.Succeed(p.ours, time.Now())
			p.theirs(nil)
		},
		"fail": func(t *rapid.T) {
			if len(open) == 0 {
				t.Skip("nothing under way")
			}
			p := take()
			ours.Fail(p.ours, time.Now())
			p.theirs(errAttempt)
		},
		"": func(t *rapid.T) {
			want := map[gobreaker.State]breaker.State{
				gobreaker.StateClosed: breaker.Closed, gobreaker.StateOpen: breaker.Open, gobreaker.StateHalfOpen: breaker.HalfOpen,
			}[theirs.State()]
			if got := ours.State(time.Now()); got != want {
				t.Fatalf("state: ours %s, gobreaker %s", got, want)
			}
		},
	})
}

// TestRestoreAtAnyMomentChangesNothing runs two breakers through the same attempts, one of which is stored and restored
// between any two of them.
func TestRestoreAtAnyMomentChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		config := breaker.DefaultConfig()
		steady, err := breaker.New(config)
		if err != nil {
			t.Fatal(err)
		}
		moved, now := steady.Snapshot(), start
		for range rapid.IntRange(1, 60).Draw(t, "attempts") {
			now = now.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "seconds")) * time.Second)
			again, err := breaker.Restore(config, moved)
			if err != nil {
				t.Fatal(err)
			}
			good := rapid.Bool().Draw(t, "good")
			for _, b := range []*breaker.Breaker{steady, again} {
				attempt(b, now, good)
			}
			if moved = again.Snapshot(); moved != steady.Snapshot() {
				t.Fatalf("restored %+v, steady %+v", moved, steady.Snapshot())
			}
		}
	})
}

func attempt(b *breaker.Breaker, now time.Time, good bool) {
	ticket, err := b.Allow(now)
	switch {
	case err != nil:
	case good:
		b.Succeed(ticket, now)
	default:
		b.Fail(ticket, now)
	}
}

func BenchmarkAllow(b *testing.B) {
	ours, err := breaker.New(breaker.DefaultConfig())
	if err != nil {
		b.Fatal(err)
	}
	now := time.Now()
	b.Run("homeostat", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ticket, _ := ours.Allow(now)
			ours.Succeed(ticket, now)
		}
	})
	theirs := oracle(breaker.DefaultConfig())
	b.Run("gobreaker", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			done, _ := theirs.Allow()
			done(nil)
		}
	})
	shut := open(b)
	b.Run("homeostat-refused", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = shut.Allow(start)
		}
	})
}
