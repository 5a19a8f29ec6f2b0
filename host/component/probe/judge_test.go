package probe

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(d time.Duration) time.Time { return epoch.Add(d) }

// knowing returns a judge whose probe has just passed at the epoch.
func knowing(t *testing.T) *Judge {
	t.Helper()
	j := NewJudge(Spec{Kind: HTTP}, epoch)
	j.Begin(epoch, time.Time{})
	if !j.Hear(epoch, Outcome{Verdict: Pass, Latency: time.Millisecond}) || j.verdict != Pass {
		t.Fatalf("verdict after the first pass: got %v, want pass", j.verdict)
	}
	return j
}

func TestThreeFailuresOverTheTimeOfDoubtMakeTheVerdictFail(t *testing.T) {
	for _, c := range []struct {
		name  string
		fails []time.Duration
		want  Verdict
	}{
		{"two", []time.Duration{0, time.Minute}, Pass},
		{"three at once", []time.Duration{0, 100 * time.Millisecond, 200 * time.Millisecond}, Pass},
		{"three over 600 ms", []time.Duration{0, 300 * time.Millisecond, 600 * time.Millisecond}, Fail},
		{"four, the last after 600 ms", []time.Duration{0, 200 * time.Millisecond, 400 * time.Millisecond, 600 * time.Millisecond}, Fail},
	} {
		j := knowing(t)
		for _, d := range c.fails {
			j.Hear(at(d), Outcome{Verdict: Fail, Text: "refused"})
		}
		if j.verdict != c.want {
			t.Errorf("%s: got %v, want %v", c.name, j.verdict, c.want)
		}
	}
}

func TestOneSuccessEndsDoubtAndFailure(t *testing.T) {
	j := knowing(t)
	for _, d := range []time.Duration{0, 300 * time.Millisecond} {
		j.Hear(at(d), Outcome{Verdict: Fail})
	}
	j.Hear(at(400*time.Millisecond), Outcome{Verdict: Pass})
	j.Hear(at(700*time.Millisecond), Outcome{Verdict: Fail})
	if j.verdict != Pass || !j.InDoubt() {
		t.Errorf("after fail, fail, pass, fail: got %v, in doubt %v; want pass, in doubt", j.verdict, j.InDoubt())
	}
	j.Hear(at(2*time.Second), Outcome{Verdict: Fail})
	j.Hear(at(3*time.Second), Outcome{Verdict: Fail})
	if j.verdict != Fail {
		t.Fatalf("after three failures: got %v, want fail", j.verdict)
	}
	if !j.Hear(at(4*time.Second), Outcome{Verdict: Pass}) || j.verdict != Pass {
		t.Errorf("after one success: got %v, want pass", j.verdict)
	}
}

func TestInGraceAFailureIsInconclusiveUntilGraceEnds(t *testing.T) {
	j := NewJudge(Spec{Kind: HTTP}, epoch)
	j.Begin(epoch, at(10*time.Second))
	for d := time.Second; d < 10*time.Second; d += time.Second {
		j.Hear(at(d), Outcome{Verdict: Fail, Text: "refused"})
		if j.verdict != Inconclusive || j.InDoubt() {
			t.Fatalf("failure %v after the start: got %v, in doubt %v; want inconclusive without a burst", d, j.verdict, j.InDoubt())
		}
	}
	if !j.Tick(at(10*time.Second)) || j.verdict != Fail || !strings.Contains(j.text, "grace of 10s: refused") {
		t.Errorf("when grace ends: got %v, %q; want fail, with the reason", j.verdict, j.text)
	}
}

func TestFirstHealthyAnswerEndsGrace(t *testing.T) {
	j := NewJudge(Spec{Kind: HTTP}, epoch)
	j.Begin(epoch, at(time.Hour))
	j.Hear(at(time.Second), Outcome{Verdict: Pass})
	for _, d := range []time.Duration{2 * time.Second, 3 * time.Second, 4 * time.Second} {
		j.Hear(at(d), Outcome{Verdict: Fail})
	}
	if j.verdict != Fail {
		t.Errorf("three failures after the first answer, within the hour of grace: got %v, want fail", j.verdict)
	}
}

func TestThatNobodyCouldAskIsInconclusiveAndNeverFail(t *testing.T) {
	j := knowing(t)
	for i := range 2 {
		j.Hear(at(time.Duration(i)*time.Second), Outcome{Verdict: Inconclusive})
		if j.verdict != Pass {
			t.Fatalf("after %d attempts that could not ask: got %v, want pass still", i+1, j.verdict)
		}
	}
	j.Hear(at(3*time.Second), Outcome{Verdict: Inconclusive})
	if j.verdict != Inconclusive {
		t.Errorf("after three attempts that could not ask: got %v, want inconclusive", j.verdict)
	}
}

func TestHealthyServiceIsNeverAskedFasterThanItsInterval(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		interval := time.Duration(rapid.IntRange(100, 60_000).Draw(t, "ms")) * time.Millisecond
		j := NewJudge(Spec{Kind: HTTP, Interval: interval}, epoch)
		j.Begin(epoch, time.Time{})
		now := epoch
		for range rapid.IntRange(1, 50).Draw(t, "passes") {
			now = now.Add(interval)
			j.Hear(now, Outcome{Verdict: Pass, Latency: time.Duration(rapid.IntRange(0, 100_000).Draw(t, "µs")) * time.Microsecond})
			wait := j.Wait(now, rapid.Float64Range(0, 0.999).Draw(t, "fraction"))
			if wait < interval*9/10 || wait > interval*11/10 {
				t.Fatalf("wait of a healthy probe: got %v, want %v within a tenth", wait, interval)
			}
		}
	})
}

// TestJudgeKeepsItsPromises draws any sequence of outcomes and times and checks what must always hold.
func TestJudgeKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := NewJudge(Spec{Kind: HTTP}, epoch)
		graceEnds := at(time.Duration(rapid.IntRange(0, 5000).Draw(t, "grace ms")) * time.Millisecond)
		j.Begin(epoch, graceEnds)
		now, fails, firstFail, passed := epoch, 0, time.Time{}, false
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 1500).Draw(t, "ms")) * time.Millisecond)
			verdict := Verdict(rapid.IntRange(0, 2).Draw(t, "verdict"))
			switch {
			case verdict == Pass:
				fails, passed = 0, true
			case verdict == Fail && fails == 0:
				fails, firstFail = 1, now
			case verdict == Fail:
				fails++
			}
			before := j.verdict
			changed := j.Hear(now, Outcome{Verdict: verdict})
			switch {
			case changed != (before != j.verdict):
				t.Fatalf("changed: got %v, from %v to %v", changed, before, j.verdict)
			case verdict == Pass && j.verdict != Pass:
				t.Fatalf("after a pass: got %v", j.verdict)
			case j.verdict == Fail && fails == 0 && before != Fail:
				t.Fatal("the verdict became fail without a failure since the last pass")
			case j.verdict == Fail && !passed && now.Before(graceEnds):
				t.Fatal("the verdict became fail within grace")
			case j.verdict == Fail && before == Pass && (fails < 3 || now.Sub(firstFail) < 600*time.Millisecond):
				t.Fatalf("the verdict became fail after %d failures in %v", fails, now.Sub(firstFail))
			}
		}
	})
}

func TestDoubtAndSilenceAreMeasuredByWhatIsUsual(t *testing.T) {
	for _, c := range []struct{ usual, slow, silent time.Duration }{
		{time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond},
		{50 * time.Millisecond, 500 * time.Millisecond, time.Second},
		{time.Second, DefaultTimeout, DefaultTimeout},
	} {
		j := NewJudge(Spec{Kind: HTTP}, epoch)
		j.Begin(epoch, time.Time{})
		for range 200 {
			j.Hear(epoch, Outcome{Verdict: Pass, Latency: c.usual})
		}
		if j.Slow() != c.slow || j.Silent() != c.silent {
			t.Errorf("usual latency %v: got slow %v, silent %v; want %v, %v", c.usual, j.Slow(), j.Silent(), c.slow, c.silent)
		}
	}
}

func TestVerdictsJoin(t *testing.T) {
	for _, c := range []struct{ a, b, want Verdict }{
		{Pass, Pass, Pass}, {Pass, Inconclusive, Inconclusive}, {Pass, Fail, Fail}, {Inconclusive, Fail, Fail},
	} {
		if got := c.a.And(c.b); got != c.want || c.b.And(c.a) != c.want {
			t.Errorf("%v and %v: got %v, want %v both ways", c.a, c.b, got, c.want)
		}
	}
}
