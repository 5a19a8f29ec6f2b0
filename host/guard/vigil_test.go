package guard

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/host/guard/link"
)

var limits = Limits{Ready: time.Minute, Hang: 10 * time.Second, Stop: 30 * time.Second}

// told is a word at a time after the start.
type told struct {
	at   time.Duration
	word string
}

func TestADaemonIsKilledWhenItsPatienceIsOverAndNotBefore(t *testing.T) {
	ready := told{time.Second, link.WordReady}
	for _, c := range []struct {
		name  string
		watch time.Duration
		words []told
		over  time.Duration
		why   string
	}{
		{"never ready", 0, nil, time.Minute, "not ready within 1m0s"},
		{"pulses do not make it ready", 0, []told{{30 * time.Second, link.WordPulse}}, time.Minute, "not ready"},
		{"silent from the first", 0, []told{ready}, 11 * time.Second, "no sign of life for 10s"},
		{"silent after a while", 0, []told{ready, {9 * time.Second, link.WordPulse}}, 19 * time.Second, "no sign of life"},
		{"does not end", 0, []told{ready, {5 * time.Second, link.WordRestart}}, 35 * time.Second, "did not end within 30s"},
		{"a pulse does not put off its end", 0, []told{ready, {5 * time.Second, link.WordStopping}, {20 * time.Second, link.WordPulse}}, 35 * time.Second, "did not end"},
		{"a trial that never decides", time.Second, pulsing(42 * time.Second), 42 * time.Second, "did not decide"},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Unix(1000, 0)
			v := newVigil(limits, c.watch, start)
			for _, w := range c.words {
				if why := v.overdue(start.Add(w.at)); why != "" {
					t.Fatalf("after %v: got %q, want patience", w.at, why)
				}
				v.hear(start.Add(w.at), w.word)
			}
			over := start.Add(c.over)
			if got := v.next(); !got.Equal(over) {
				t.Errorf("next look: got %v after the start, want %v", got.Sub(start), c.over)
			}
			if why := v.overdue(over.Add(-time.Nanosecond)); why != "" {
				t.Errorf("just before: got %q, want patience", why)
			}
			if why := v.overdue(over); !strings.Contains(why, c.why) {
				t.Errorf("at %v: got %q, want %q", c.over, why, c.why)
			}
		})
	}
}

// pulsing is a daemon that is ready after a second and then alive every five, up to before end.
func pulsing(end time.Duration) []told {
	words := []told{{time.Second, link.WordReady}}
	for at := 5 * time.Second; at < end; at += 5 * time.Second {
		words = append(words, told{at, link.WordPulse})
	}
	return words
}

func TestADecidedTrialIsNoLongerUnderItsDeadline(t *testing.T) {
	start := time.Unix(1000, 0)
	v := newVigil(limits, time.Second, start)
	v.hear(start.Add(time.Second), link.WordReady)
	v.settled()
	v.hear(start.Add(time.Hour), link.WordPulse)
	if why := v.overdue(start.Add(time.Hour)); why != "" {
		t.Errorf("got %q, want a daemon that may live", why)
	}
}

func TestADaemonThatPulsesInTimeLivesForEver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(1000, 0)
		v := newVigil(limits, 0, now)
		now = now.Add(time.Duration(rapid.Int64Range(0, int64(limits.Ready)-1).Draw(t, "ready")))
		v.hear(now, link.WordReady)
		for range rapid.IntRange(0, 50).Draw(t, "pulses") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(limits.Hang)-1).Draw(t, "pause")))
			if why := v.overdue(now); why != "" {
				t.Fatalf("at %v: got %q, want patience", now, why)
			}
			v.hear(now, link.WordPulse)
		}
	})
}

func TestTheBackoffGrowsToItsBoundAndBeginsAnewAfterALongLife(t *testing.T) {
	var b backoff
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		if got := b.after(time.Second); got != want*time.Second {
			t.Errorf("got %v, want %v", got, want*time.Second)
		}
	}
	if got := b.after(maxPause); got != firstPause {
		t.Errorf("after a life of %v: got %v, want %v", maxPause, got, firstPause)
	}
}
