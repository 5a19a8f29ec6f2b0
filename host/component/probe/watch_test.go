package probe

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// service answers a watch in virtual time, as it is told.
type service struct {
	mu      sync.Mutex
	latency time.Duration
	verdict Verdict
	timeout time.Duration // zero for the default
	asked   []time.Time
	reports []Report
}

func (s *service) ask(ctx context.Context) Outcome {
	s.mu.Lock()
	s.asked = append(s.asked, time.Now())
	latency, verdict := s.latency, s.verdict
	s.mu.Unlock()
	timeout := cmp.Or(s.timeout, DefaultTimeout)
	select {
	case <-time.After(min(latency, timeout)):
	case <-ctx.Done():
		return Outcome{Verdict: Inconclusive, Text: "ended"}
	}
	if latency >= timeout {
		return Outcome{Verdict: Fail, Latency: timeout, Text: "no answer"}
	}
	return Outcome{Verdict: verdict, Latency: latency, Text: "answered"}
}

func (s *service) behave(verdict Verdict, latency time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.verdict, s.latency, s.asked = verdict, latency, nil
}

func (s *service) report(r Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reports = append(s.reports, r)
}

func (s *service) times() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func (s *service) told() []Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.reports)
}

// watching runs a test in virtual time with a watch over a healthy service that was asked for a minute.
func watching(t *testing.T, test func(*service, *Watch)) {
	t.Helper()
	patiently(t, 0, test)
}

// patiently is watching with a timeout that somebody gave, 0 for none.
func patiently(t *testing.T, timeout time.Duration, test func(*service, *Watch)) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		s := &service{verdict: Pass, latency: time.Millisecond, timeout: timeout}
		w := NewWatch(Options{Spec: Spec{Name: "health", Kind: HTTP, Timeout: timeout}, Ask: s.ask, Report: s.report})
		defer w.Close()
		w.Follow(1, time.Time{})
		time.Sleep(time.Minute)
		test(s, w)
	})
}

func TestHangIsSeenSoonAfterTheNextAttemptAndBeforeTheTimeout(t *testing.T) {
	watching(t, func(s *service, w *Watch) {
		s.behave(Pass, time.Hour)
		for len(s.times()) == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		first := s.times()[0]
		for w.Status().Verdict != Fail {
			time.Sleep(10 * time.Millisecond)
		}
		if took := time.Since(first); took < doubtLasts || took > 1300*time.Millisecond {
			t.Errorf("verdict after the first silent attempt: got %v, want 0.6 s to 1.3 s", took)
		}
		s.behave(Pass, time.Millisecond)
		time.Sleep(failingEvery + time.Second)
		if v := w.Status().Verdict; v != Pass {
			t.Errorf("verdict after the service answers again: got %v, want pass", v)
		}
	})
}

func TestAnswersThatAreLateFailOnlyWhereNobodyGaveThemTheTime(t *testing.T) {
	for _, c := range []struct {
		timeout, latency time.Duration
		fails            bool
	}{
		{0, 1500 * time.Millisecond, true},
		{5 * time.Second, 1500 * time.Millisecond, false},
		{5 * time.Second, 4900 * time.Millisecond, false},
		{5 * time.Second, time.Hour, true},
		{DefaultTimeout, 1500 * time.Millisecond, false},
		{300 * time.Millisecond, 400 * time.Millisecond, true},
	} {
		patiently(t, c.timeout, func(s *service, w *Watch) {
			s.behave(Pass, c.latency)
			var failed time.Duration
			began := time.Now()
			for failed == 0 && time.Since(began) < time.Minute {
				time.Sleep(10 * time.Millisecond)
				if w.Status().Verdict == Fail {
					failed = time.Since(s.times()[0])
				}
			}
			if (failed > 0) != c.fails || failed > 0 && failed < c.timeout {
				t.Errorf("timeout %v, answers after %v: a verdict of fail %v after the first attempt (0s for none); want one %v, and not before the timeout", c.timeout, c.latency, failed, c.fails)
			}
		})
	}
}

func TestRefusedConnectionsAreAskedAgainInABurst(t *testing.T) {
	watching(t, func(s *service, w *Watch) {
		s.behave(Fail, time.Millisecond)
		for w.Status().Verdict != Fail {
			time.Sleep(10 * time.Millisecond)
		}
		asked := s.times()
		if took := asked[len(asked)-1].Sub(asked[0]); len(asked) != 4 || took < doubtLasts || took > time.Second {
			t.Errorf("attempts until the verdict: got %d over %v, want 4 over 0.6 s", len(asked), took)
		}
	})
}

func TestShortStallRaisesDoubtAndNoVerdict(t *testing.T) {
	watching(t, func(s *service, w *Watch) {
		s.behave(Pass, 400*time.Millisecond)
		for len(s.times()) == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(300 * time.Millisecond)
		if !w.Status().Doubt {
			t.Error("an attempt that takes 300 ms instead of 1 ms raised no doubt")
		}
		s.behave(Pass, time.Millisecond)
		time.Sleep(time.Minute)
		for _, r := range s.told() {
			if r.Verdict == Fail {
				t.Fatalf("a stall of 400 ms made a verdict: %+v", r)
			}
		}
	})
}

func TestHealthyServiceIsAskedAtItsInterval(t *testing.T) {
	watching(t, func(s *service, _ *Watch) {
		s.behave(Pass, time.Millisecond)
		time.Sleep(10 * time.Minute)
		if n := len(s.times()); n < 105 || n > 135 {
			t.Errorf("attempts in ten minutes at an interval of %v: got %d, want about 120", DefaultInterval, n)
		}
	})
}

func TestAnswersToAnEarlierGenerationAreDropped(t *testing.T) {
	watching(t, func(s *service, w *Watch) {
		s.behave(Pass, time.Second)
		for len(s.times()) == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		s.behave(Fail, time.Millisecond)
		w.Follow(2, time.Now().Add(time.Hour))
		time.Sleep(5 * time.Second)
		for _, r := range s.told() {
			if r.Generation == 2 && r.Verdict == Pass {
				t.Fatalf("an answer to generation 1 made generation 2 pass: %+v", r)
			}
		}
		if st := w.Status(); st.Verdict != Inconclusive {
			t.Errorf("verdict in grace: got %v, want inconclusive", st.Verdict)
		}
	})
}

func TestRestingWatchAsksNobody(t *testing.T) {
	watching(t, func(s *service, w *Watch) {
		w.Rest("stopped")
		synctest.Wait()
		s.behave(Pass, time.Millisecond)
		time.Sleep(time.Hour)
		if n := len(s.times()); n != 0 {
			t.Errorf("attempts while resting: got %d, want 0", n)
		}
		if st := w.Status(); st.Verdict != Inconclusive || st.Text != "stopped" {
			t.Errorf("status while resting: got %v %q, want inconclusive, stopped", st.Verdict, st.Text)
		}
	})
}

func TestDoubtFromOutsideAsksAtOnce(t *testing.T) {
	watching(t, func(s *service, w *Watch) {
		s.behave(Fail, time.Millisecond)
		began := time.Now()
		w.Doubt()
		for w.Status().Verdict != Fail {
			time.Sleep(10 * time.Millisecond)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("verdict after a doubt from outside: got %v, want within 1 s", took)
		}
	})
}

func TestOneBlockedProbeDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		blocked := &service{verdict: Pass, latency: time.Hour}
		healthy := &service{verdict: Pass, latency: time.Millisecond}
		first := NewWatch(Options{Spec: Spec{Kind: HTTP}, Ask: blocked.ask})
		defer first.Close()
		second := NewWatch(Options{Spec: Spec{Kind: HTTP}, Ask: healthy.ask})
		defer second.Close()
		first.Follow(1, time.Time{})
		second.Follow(1, time.Time{})
		time.Sleep(30 * time.Second)
		asked := healthy.times()
		for i := 1; i < len(asked); i++ {
			if gap := asked[i].Sub(asked[i-1]); gap > DefaultInterval*11/10+10*time.Millisecond {
				t.Errorf("gap beside a blocked probe: got %v, want at most %v and a tenth", gap, DefaultInterval)
			}
		}
	})
}
