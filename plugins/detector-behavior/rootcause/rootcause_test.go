package rootcause

import (
	"math"
	"slices"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wave returns n values that swing by one around a level.
func wave(level float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = level + math.Sin(float64(i))
	}
	return out
}

func names(ranked []Suspect) []string {
	out := make([]string, 0, len(ranked))
	for _, s := range ranked {
		out = append(out, s.Component)
	}
	return out
}

func TestTheComponentThatDeviatesMostIsFirst(t *testing.T) {
	got := Rank([]Series{
		{"web", "cpu", wave(10, 100), wave(14, 100)},
		{"store", "cpu", wave(10, 100), wave(60, 100)},
		{"store", "memory", wave(10, 100), wave(10, 100)},
		{"cache", "cpu", wave(10, 100), wave(10, 100)},
	}, nil)
	if want := []string{"store", "web", "cache"}; !slices.Equal(names(got), want) {
		t.Fatalf("got %v, want %v", names(got), want)
	}
	if got[0].Metric != "cpu" || got[0].Value < 59 || got[0].High > 11 {
		t.Errorf("got %+v, want the metric cpu with its value near 60 and the usual near 10", got[0])
	}
}

func TestOfEqualSuspectsTheDeepestIsFirst(t *testing.T) {
	series := []Series{
		{"web", "latency", wave(10, 100), wave(60, 100)},
		{"api", "latency", wave(10, 100), wave(55, 100)},
		{"store", "latency", wave(10, 100), wave(50, 100)},
		{"cache", "latency", wave(10, 100), wave(10, 100)},
	}
	calls := []Call{{"web", "api"}, {"api", "store"}, {"store", "cache"}}
	if got, want := names(Rank(series, calls)), []string{"store", "web", "api", "cache"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	circle := append(calls, Call{"store", "web"})
	if got, want := names(Rank(series, circle)), []string{"web", "api", "store", "cache"}; !slices.Equal(got, want) {
		t.Errorf("in a circle: got %v, want the order of the deviation %v", got, want)
	}
}

func TestALateOnsetDoesNotHideTheCause(t *testing.T) {
	late := append(wave(10, 85), wave(500, 15)...)
	got := Rank([]Series{
		{"store", "cpu", late, wave(500, 100)},
		{"web", "cpu", wave(10, 100), wave(40, 100)},
	}, nil)
	if got[0].Component != "store" || got[0].Deviation < 100 {
		t.Errorf("got %+v, want store far ahead", got)
	}
}

func TestASignalThatWasAlwaysZeroCounts(t *testing.T) {
	got := Rank([]Series{{"web", "errors", make([]float64, 50), wave(20, 50)}, {"store", "cpu", wave(10, 50), wave(30, 50)}}, nil)
	if got[0].Component != "web" || got[0].Deviation != mostSpreads {
		t.Errorf("got %+v, want web with the largest deviation", got)
	}
}

func TestNoDataIsNoSuspicion(t *testing.T) {
	got := Rank([]Series{{"web", "cpu", nil, wave(1, 5)}, {"store", "cpu", wave(1, 5), []float64{math.NaN(), math.Inf(1)}}}, nil)
	for _, s := range got {
		if s.Deviation != 0 {
			t.Errorf("got %+v, want no deviation", s)
		}
	}
	if len(Rank(nil, nil)) != 0 {
		t.Error("nobody was ranked for nothing")
	}
}

func TestRankingDoesNotDependOnTheOrderOfTheInput(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64(), 0, 12)
		var series []Series
		for _, c := range []string{"a", "b", "c", "d"} {
			series = append(series, Series{c, "m", values.Draw(t, "normal"), values.Draw(t, "abnormal")})
		}
		calls := []Call{{"a", "b"}, {"b", "c"}, {"c", "a"}, {"c", "d"}}
		want := Rank(series, calls)
		got := Rank(rapid.Permutation(series).Draw(t, "order"), calls)
		if !slices.Equal(names(got), names(want)) {
			t.Fatalf("got %v, want %v", names(got), names(want))
		}
		for _, s := range got {
			if !(s.Deviation >= 0 && s.Deviation <= mostSpreads) {
				t.Fatalf("deviation %v of %s is outside 0 to %v", s.Deviation, s.Component, mostSpreads)
			}
		}
	})
}
