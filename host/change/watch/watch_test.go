package watch_test

import (
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/watch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

// owned is a watch of 60 s over a component that may take 10 s, begun at noon.
func owned(change func(*watch.Config)) (*watch.Watch, int) {
	c := watch.Config{
		Span: time.Minute, Owner: true, AnswerWithin: 10 * time.Second, Health: true, Settle: 20 * time.Second,
		Baseline: map[string]int{"web": 0, "store": 0},
	}
	if change != nil {
		change(&c)
	}
	w := watch.New(c)
	return w, w.Begin(noon)
}

func want(t *testing.T, w *watch.Watch, now time.Time, d record.Decision, word string) {
	t.Helper()
	if got := w.Decide(now); got.Decision != d || !strings.Contains(got.Why, word) {
		t.Errorf("at %s: got %q (%s), want %q with %q", now.Format(time.TimeOnly), got.Decision, got.Why, d, word)
	}
}

func TestR12LookOfAnEarlierEpochIsDropped(t *testing.T) {
	w, old := owned(nil)
	epoch := w.Begin(at(1)) // activated anew
	w.Looked(at(2), old, record.Pass, "")
	if w.Answered() {
		t.Error("an old pass counts")
	}
	w.Looked(at(3), epoch, record.Pass, "")
	w.Looked(at(4), old, record.Fail, "late")
	w.Broke(old, "late")
	want(t, w, at(5), record.Undecided, "")
}

func TestOwnerIsGivenTimeToAnswerAndNoMore(t *testing.T) {
	w, epoch := owned(nil)
	w.Looked(at(5), epoch, record.Fail, "refused")
	want(t, w, at(9), record.Undecided, "")
	want(t, w, at(10), record.RollBack, "did not answer within 10s")
}

func TestOwnerThatFailsAfterItAnsweredIsABreach(t *testing.T) {
	w, epoch := owned(nil)
	w.Looked(at(1), epoch, record.Pass, "")
	w.Looked(at(2), epoch, record.Inconclusive, "")
	want(t, w, at(2), record.Undecided, "")
	w.Looked(at(3), epoch, record.Fail, "500")
	want(t, w, at(3), record.RollBack, "500")
}

func TestOnlyALookAtTheEndCounts(t *testing.T) {
	w, epoch := owned(nil)
	w.Looked(at(1), epoch, record.Pass, "")
	if !w.NeedsLook(at(60)) {
		t.Error("no look is wanted at the deadline")
	}
	want(t, w, at(60), record.RollBack, "inconclusive")
	w, epoch = owned(nil)
	w.Looked(at(1), epoch, record.Pass, "")
	w.Looked(at(61), epoch, record.Pass, "")
	want(t, w, at(61), record.Keep, "healthy")
}

func TestBothNeedsAPersonAndHealth(t *testing.T) {
	for name, c := range map[string]struct {
		person bool
		last   record.Verdict
		want   record.Decision
	}{
		"both":           {true, record.Pass, record.Keep},
		"nobody":         {false, record.Pass, record.RollBack},
		"no healthy end": {true, record.Inconclusive, record.RollBack},
	} {
		w, epoch := owned(func(c *watch.Config) { c.Person = true })
		w.Looked(at(1), epoch, record.Pass, "")
		if c.person {
			w.Confirm("alice")
			want(t, w, at(2), record.Undecided, "") // the watch goes on
		}
		w.Looked(at(60), epoch, c.last, "")
		if got := w.Decide(at(60)); got.Decision != c.want {
			t.Errorf("%s: got %q (%s), want %q", name, got.Decision, got.Why, c.want)
		}
	}
}

func TestOtherComponentsMustNotBeWorseForLong(t *testing.T) {
	w, epoch := owned(nil)
	w.Looked(at(1), epoch, record.Pass, "")
	w.Ills(at(2), map[string]int{"web": 0, "store": 3})
	want(t, w, at(6), record.Undecided, "")
	w.Ills(at(6), map[string]int{"web": 0, "store": 0})
	want(t, w, at(8), record.Undecided, "") // it was a stumble
	w.Ills(at(9), map[string]int{"web": 0, "store": 1})
	want(t, w, at(14), record.RollBack, "store is worse")
}

func TestAnomaliesOfBeforeDoNotCount(t *testing.T) {
	w, epoch := owned(func(c *watch.Config) { c.Known = map[string]bool{"known": true} })
	w.Anomaly("new", "while it starts")
	w.Looked(at(1), epoch, record.Pass, "")
	w.Anomaly("known", "an old one")
	want(t, w, at(2), record.Undecided, "")
	w.Anomaly("new", "latency doubled")
	want(t, w, at(2), record.RollBack, "latency doubled")
}

func TestRootWithoutOwnerIsKeptAtOnceOrByAPerson(t *testing.T) {
	none := watch.New(watch.Config{Span: time.Minute})
	none.Begin(noon)
	want(t, none, noon, record.Keep, "nothing spoke against it")
	person := watch.New(watch.Config{Span: time.Minute, Person: true})
	person.Begin(noon)
	want(t, person, at(59), record.Undecided, "")
	want(t, person, at(60), record.RollBack, "nobody confirmed")
}

func TestConfirmedChangeSettles(t *testing.T) {
	w, epoch := owned(func(c *watch.Config) { c.Health, c.Person = false, true })
	w.Looked(at(1), epoch, record.Pass, "")
	w.Confirm("alice")
	if got := w.Decide(at(2)); got.Decision != record.Keep || got.Settled {
		t.Errorf("got %+v, want it kept and not settled", got)
	}
	if got := w.Decide(at(22)); !got.Settled {
		t.Errorf("got %+v, want it settled after 20 s", got)
	}
}

// TestNothingIsKeptWithoutEvidence is the rule of rules: whatever is seen in whatever order, a change of a root that
// demands health is kept only if the owner passed at the end, or a person said so while it passed.
func TestNothingIsKeptWithoutEvidence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, epoch := owned(nil)
		confirmed, last, lastAt, now := false, record.Inconclusive, noon, noon
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "seconds")) * time.Second)
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				last = rapid.SampledFrom([]record.Verdict{record.Pass, record.Fail, record.Inconclusive}).Draw(t, "verdict")
				lastAt = now
				w.Looked(now, epoch, last, "")
			case 1:
				w.Confirm("alice")
				confirmed = true
			case 2:
				w.Ills(now, map[string]int{"store": rapid.IntRange(0, 1).Draw(t, "ill")})
			}
			d := w.Decide(now)
			if d.Decision == record.Keep && last != record.Pass {
				t.Fatalf("kept (%s) although the last look was %s", d.Why, last)
			}
			if d.Decision == record.Keep && !confirmed && lastAt.Before(w.Deadline()) {
				t.Fatalf("kept (%s) without a look at the end or a person", d.Why)
			}
			if d.Decision != record.Undecided {
				return
			}
		}
	})
}
