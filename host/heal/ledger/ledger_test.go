package ledger

import (
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var begin = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func say(l *Ledger, at time.Time, a sdk.Anomaly) []Change {
	return l.Report(at, Report{Detector: "health", Component: "web", At: at, Anomalies: []sdk.Anomaly{a}})
}

func TestReportsOfOneConditionAreOneAnomaly(t *testing.T) {
	l := New(time.Minute)
	first := say(l, begin, sdk.Anomaly{Key: "k", Kind: "x"})
	if len(first) != 1 || first[0].What != Opened || first[0].Anomaly.Severity != sdk.SeverityLow || !first[0].Anomaly.Start.Equal(begin) {
		t.Fatalf("the first report gave %+v, want it opened, low, from the window's end", first)
	}
	again := say(l, begin.Add(time.Second), sdk.Anomaly{Key: "k", Kind: "x", Start: begin})
	if len(again) != 1 || again[0].What != Seen || again[0].Anomaly.ID != first[0].Anomaly.ID {
		t.Errorf("the second report gave %+v, want the same one seen", again)
	}
	later := say(l, begin.Add(3*time.Second), sdk.Anomaly{Key: "k", Kind: "x", Start: begin.Add(2 * time.Second)})
	if len(later) != 1 || later[0].What != Recurred {
		t.Errorf("a later start gave %+v, want it recurred", later)
	}
	over := say(l, begin.Add(4*time.Second), sdk.Anomaly{Key: "k", Kind: "x", Ended: true})
	if len(over) != 1 || over[0].What != Closed || over[0].Anomaly.Open {
		t.Errorf("the end gave %+v, want it closed", over)
	}
	if none := say(l, begin.Add(5*time.Second), sdk.Anomaly{Key: "k", Kind: "x", Ended: true}); len(none) != 0 {
		t.Errorf("a second end gave %+v", none)
	}
}

func TestAnomalyThatIsNotReportedAgainRunsOut(t *testing.T) {
	l := New(time.Minute)
	say(l, begin, sdk.Anomaly{Key: "short", Kind: "x"})
	say(l, begin, sdk.Anomaly{Key: "long", Kind: "x", TTL: time.Hour})
	if got := l.Next(); !got.Equal(begin.Add(time.Minute)) {
		t.Errorf("the next end is at %v, want after a minute", got)
	}
	if got := l.Expire(begin.Add(59 * time.Second)); len(got) != 0 {
		t.Errorf("%+v ran out too early", got)
	}
	if got := l.Expire(begin.Add(time.Minute)); len(got) != 1 || got[0].Anomaly.Key != "short" {
		t.Errorf("after a minute %+v ran out, want the short one", got)
	}
	l.SetTTL(time.Second)
	if got := l.OpenOf("web"); len(got) != 1 || got[0].Key != "long" {
		t.Errorf("open are %+v, want the long one", got)
	}
}

func TestTwoDetectorsDoNotEndEachOthersAnomalies(t *testing.T) {
	l := New(time.Minute)
	say(l, begin, sdk.Anomaly{Key: "k", Kind: "x"})
	other := l.Report(begin, Report{Detector: "other", Component: "web", At: begin, Anomalies: []sdk.Anomaly{{Key: "k", Kind: "x", Ended: true}}})
	if len(other) != 0 || len(l.OpenOf("web")) != 1 {
		t.Errorf("another detector's end gave %+v", other)
	}
}

func TestLedgerIsBounded(t *testing.T) {
	l := New(time.Hour)
	for n := range MaxOpen + 10 {
		say(l, begin, sdk.Anomaly{Key: fmt.Sprint(n), Kind: "x"})
	}
	if got := len(l.OpenOf("web")); got != MaxOpen || l.Dropped() != 10 {
		t.Errorf("%d open, %d dropped; want %d and 10", got, l.Dropped(), MaxOpen)
	}
	l.CloseComponent(begin, "web", "over")
	if got := len(l.All()); got > MaxClosed {
		t.Errorf("%d closed ones are kept, at most %d are allowed", got, MaxClosed)
	}
}

// TestLedgerAgreesWithAMapOfKeys compares the open anomalies with a plain set.
func TestLedgerAgreesWithAMapOfKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, now, want := New(time.Hour), begin, map[string]bool{}
		for range rapid.IntRange(1, 100).Draw(t, "reports") {
			now = now.Add(time.Second)
			key := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key")
			over := rapid.Bool().Draw(t, "ended")
			got := say(l, now, sdk.Anomaly{Key: key, Kind: "x", Ended: over})
			if want[key] && over && (len(got) != 1 || got[0].What != Closed) {
				t.Fatalf("the end of %s gave %+v", key, got)
			}
			want[key] = !over
		}
		open := map[string]bool{}
		for _, a := range l.OpenOf("web") {
			open[a.Key] = true
			if l.Find(a.ID) != a {
				t.Fatalf("%s is not found by its id", a.Key)
			}
		}
		for key := range want {
			if open[key] != want[key] {
				t.Fatalf("%s is open: %v, want %v", key, open[key], want[key])
			}
		}
	})
}

func TestOnlyPushedAnomaliesKeepTheirTimeOverARestart(t *testing.T) {
	l := New(time.Minute)
	l.Report(begin, Report{Detector: "alertmanager", Component: "web", Pushed: true, Anomalies: []sdk.Anomaly{{Key: "k", Kind: "x", TTL: time.Hour}}})
	say(l, begin, sdk.Anomaly{Key: "k", Kind: "x", TTL: time.Hour})
	next := New(time.Minute)
	for _, a := range l.All() {
		next.Restore(a)
	}
	if got := next.Expire(begin.Add(time.Minute)); len(got) != 1 || got[0].Anomaly.Detector != "health" {
		t.Errorf("after a minute %+v ran out, want what the detector has to report again", got)
	}
	if got := next.Expire(begin.Add(time.Hour)); len(got) != 1 || got[0].Anomaly.Detector != "alertmanager" {
		t.Errorf("after its hour %+v ran out, want the alert", got)
	}
}
