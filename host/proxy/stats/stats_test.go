package stats

import (
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var begin = time.Unix(1_800_000_000, 0)

func TestQuantilesAreAtMostASixteenthTooLarge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spans := rapid.SliceOfN(rapid.Int64Range(0, int64(time.Hour)), 1, 200).Draw(t, "spans")
		var h histogram
		for _, s := range spans {
			h.add(time.Duration(s))
		}
		slices.Sort(spans)
		for _, q := range []float64{0, 0.5, 0.9, 0.99, 1} {
			want := time.Duration(spans[int(q*float64(len(spans)-1))]).Truncate(time.Microsecond)
			if got := h.quantile(q); got < want || float64(got) > float64(want)*17/16+float64(time.Microsecond) {
				t.Fatalf("quantile %v: got %v, want %v to %v", q, got, want, want*17/16)
			}
		}
	})
}

func TestLongestSpansFallIntoTheLastBucket(t *testing.T) {
	for _, d := range []time.Duration{-time.Second, 0, time.Microsecond, 100 * time.Hour} {
		var h histogram
		h.add(d)
		if h.total != 1 || h.quantile(0.5) < 0 {
			t.Errorf("span %v: got %v", d, h.quantile(0.5))
		}
	}
}

func TestOnlyWhatIsTheTargetsFaultIsBad(t *testing.T) {
	const limit = time.Second
	for name, c := range map[string]struct {
		class         Class
		took          time.Duration
		requests, bad int
	}{
		"a quick answer":              {OK, limit, 1, 0},
		"a late answer":               {OK, limit + 1, 1, 1},
		"an error":                    {Status, 1, 1, 1},
		"no connection":               {Dial, 1, 1, 1},
		"a caller that leaves early":  {Abandoned, 1, 0, 0},
		"a caller that gives up late": {Abandoned, limit + 1, 1, 1},
		"cut early":                   {Cut, 1, 0, 0},
	} {
		r := New(limit)
		call := r.Begin()
		call.Ask(begin)
		call.End(c.class, begin.Add(c.took))
		call.End(Broken, begin.Add(c.took)) // a second end counts nothing
		got := r.Snapshot(begin.Add(c.took))
		if got.Recent.Requests != c.requests || got.Recent.Bad != c.bad || got.Ended[c.class] != 1 || got.Running != 0 {
			t.Errorf("%s: got %+v, want %d requests, %d bad", name, got, c.requests, c.bad)
		}
	}
}

func TestOverdueRequestIsBadWhileItRuns(t *testing.T) {
	r := New(time.Second)
	call := r.Begin()
	call.Ask(begin)
	if got := r.Snapshot(begin.Add(time.Second)).Recent; got.Bad != 0 {
		t.Errorf("in time: got %+v, want none bad", got)
	}
	if got := r.Snapshot(begin.Add(time.Second + 1)).Recent; got.Requests != 1 || got.Bad != 1 {
		t.Errorf("overdue: got %+v, want 1 of 1 bad", got)
	}
}

func TestRecentIsTheNewestSecondsThatHoldEnough(t *testing.T) {
	r := New(time.Second)
	end := func(class Class, now time.Time) {
		call := r.Begin()
		call.Ask(now)
		call.End(class, now)
	}
	for i := range 9 {
		end(OK, begin.Add(time.Duration(i)*time.Second))
	}
	now := begin.Add(9 * time.Second)
	for range enough {
		end(Dial, now)
	}
	if got := r.Snapshot(now).Recent; got.Requests != enough || got.Bad != enough {
		t.Errorf("got %+v, want the last second alone", got)
	}
	later := now.Add(9 * time.Second)
	if got := r.Snapshot(later).Recent; got.Requests != enough {
		t.Errorf("nine quiet seconds later: got %+v, want them still", got)
	}
	if got := r.Snapshot(later.Add(time.Second)).Recent; got != (Recent{}) {
		t.Errorf("ten seconds later: got %+v, want nothing", got)
	}
}

func TestRecentForgetsAfterTenSeconds(t *testing.T) {
	r := New(time.Second)
	for i := range 30 {
		now := begin.Add(time.Duration(i) * time.Second)
		call := r.Begin()
		call.Ask(now)
		call.End(OK, now)
		if got := r.Snapshot(now).Recent.Requests; got != min(i+1, enough) {
			t.Errorf("after %d seconds: got %d, want %d", i, got, min(i+1, enough))
		}
	}
	if got := r.Snapshot(begin.Add(time.Minute)).Recent; got != (Recent{}) {
		t.Errorf("a minute later: got %+v, want nothing", got)
	}
	if got := r.Snapshot(begin).Requests; got != 30 {
		t.Errorf("in all: got %d, want 30", got)
	}
}
