package trial

import (
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMedianCountsWhatNeverCameBackAsLongest(t *testing.T) {
	s := time.Second
	for _, c := range []struct {
		down     Down
		want     time.Duration
		repaired bool
	}{
		{Down{Times: 3, Repaired: []time.Duration{1 * s, 2 * s, 9 * s}}, 2 * s, true},
		{Down{Times: 3, Repaired: []time.Duration{1 * s, 2 * s}}, 2 * s, true},
		{Down{Times: 3, Repaired: []time.Duration{1 * s}}, 0, false},
		{Down{Times: 2, Repaired: []time.Duration{4 * s}}, 4 * s, true},
		{Down{Times: 1}, 0, false},
	} {
		if got, repaired := c.down.Median(); got != c.want || repaired != c.repaired {
			t.Errorf("median of %+v: got %s, %v, want %s, %v", c.down, got, repaired, c.want, c.repaired)
		}
	}
}

func TestStatIsReadWhateverTheProcessIsCalled(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		stat := "42 (" + name + ") S 1 1 1 0 -1 4194560 100 0 0 0 17 5 0 0 20 0 9 0 100 1000000 321 18446744073709551615 1"
		ticks, pages, err := parseStat(stat)
		if err != nil || ticks != 22 || pages != 321 {
			t.Errorf("parse %q: got %d ticks, %d pages (%v), want 22 and 321", stat, ticks, pages, err)
		}
	})
}

func FuzzStatNeverPanics(f *testing.F) {
	for _, seed := range []string{"", ")", "1 (a) S", "1 (a) S 1 1 1 0 -1 0 0 0 0 0 x y 0 0 20 0 9 0 1 1 z"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, stat string) {
		_, _, err := parseStat(stat)
		if fields := len(strings.Fields(stat)); err == nil && fields < 22 {
			t.Errorf("parse %q: got no error with %d fields", stat, fields)
		}
	})
}

func TestOwnProcessHasACost(t *testing.T) {
	u, err := use([]int{os.Getpid()})
	if err != nil || u.rss <= 0 || u.switches <= 0 {
		t.Errorf("use of the test itself: got %+v (%v), want memory and sleeps", u, err)
	}
	if _, err := use([]int{-1}); err == nil {
		t.Error("use of no process: got no error")
	}
}

func TestSlipIsTheTimeBeyondTheInterval(t *testing.T) {
	begun := time.Now()
	b := &book{times: []time.Time{begun.Add(-time.Hour)}}
	at := begun
	for i := range 101 {
		b.times = append(b.times, at)
		at = at.Add(slipInterval + time.Duration(i)*time.Millisecond)
	}
	want := Slip{Asked: 101, Median: 49 * time.Millisecond, P99: 98 * time.Millisecond}
	if got := b.slip(begun); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := b.slip(at); got != (Slip{}) {
		t.Errorf("without questions: got %+v, want none", got)
	}
}
