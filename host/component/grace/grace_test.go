package grace

import (
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestGraceIsUnlearnedAtFirst(t *testing.T) {
	if got := (Starts{}).Next(Unlearned); got != Unlearned {
		t.Errorf("grace of the first start: got %v, want %v", got, Unlearned)
	}
}

func TestGraceIsOneAndAHalfTimesTheSlowestUsualStart(t *testing.T) {
	for _, c := range []struct{ took, want time.Duration }{
		{10 * time.Millisecond, Least},
		{4 * time.Second, 6 * time.Second},
		{80 * time.Second, 120 * time.Second},
	} {
		var s Starts
		s.Ready(c.took / 2)
		s.Ready(c.took)
		if got := s.Next(Unlearned); got != c.want {
			t.Errorf("after starts of %v and %v: got %v, want %v", c.took/2, c.took, got, c.want)
		}
	}
}

func TestMissedGraceDoublesUntilAStartIsReady(t *testing.T) {
	var s Starts
	s.Ready(10 * time.Second)
	for _, want := range []time.Duration{15 * time.Second, 30 * time.Second, Unlearned, Unlearned} {
		if got := s.Next(Unlearned); got != want {
			t.Errorf("grace after %d misses: got %v, want %v", s.Missed, got, want)
		}
		s.Miss()
	}
	s.Ready(20 * time.Second)
	if got := s.Next(Unlearned); got != 30*time.Second {
		t.Errorf("grace after a slower start was ready: got %v, want 30s", got)
	}
}

func TestGraceIsBoundedAndRemembersAFixedNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Starts
		slowest := time.Duration(0)
		for range rapid.IntRange(0, 200).Draw(t, "starts") {
			if rapid.Bool().Draw(t, "missed") {
				s.Miss()
				continue
			}
			took := time.Duration(rapid.Int64Range(0, int64(10*time.Minute)).Draw(t, "took"))
			slowest = max(slowest, took)
			s.Ready(took)
		}
		got := s.Next(Unlearned)
		if most := max(Unlearned, slowest*3/2); got < Least || got > most || len(s.Took) > kept {
			t.Fatalf("grace %v of %d starts, want between %v and %v of at most %d", got, len(s.Took), Least, most, kept)
		}
	})
}
