package evolve

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// hours are whole recorded hours; the load of each is its number.
type hours struct {
	count int
	lost  map[int]bool
}

// Hours counts from the start of the tests.
func (h *hours) Hours(context.Context, Target) ([]time.Time, error) {
	var out []time.Time
	for n := range h.count {
		if !h.lost[n] {
			out = append(out, start.Add(time.Duration(n)*time.Hour))
		}
	}
	return out, nil
}

// Load is the hour's number plus one.
func (h *hours) Load(_ context.Context, _ Target, hour time.Time) ([]float64, error) {
	n := int(hour.Sub(start) / time.Hour)
	if h.lost[n] {
		return nil, errors.New("it is not whole any more")
	}
	return []float64{float64(n + 1)}, nil
}

// recording is a world whose model is given recorded load, under which 12 workers
// are best and not 40.
func recording(t *testing.T, count int) *world {
	w := newWorld(t)
	w.recorded = hours{count: count, lost: map[int]bool{}}
	w.set.Targets[0].Replay = "requests"
	w.model.replay = func(p, series []float64) (float64, error) {
		a := (p[0] - 12) / 10
		return 1 + a*a + series[0]/1000, nil
	}
	return w
}

func TestSearchGoesOnUnderRecordedLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := recording(t, 30)
		st := look(t, w.searcher(), start)
		if st.State != Done || st.Round != 3 || len(st.Hours) != w.set.Seeds || st.Replay != "" {
			t.Fatalf("got %+v, want three rounds, the last with recorded hours", st)
		}
		if math.Abs(st.BestValues["workers"].Number-12) > 2 || st.Default < 1.6 || st.Default > 1.7 {
			t.Errorf("the best has %v workers, the default costs %v; want about 12 and 1.64", st.BestValues["workers"], st.Default)
		}
		said, err := w.plugin.Strategy.(sdk.Explainer).Explain(t.Context(), "web")
		if err != nil || !strings.Contains(said, "recorded load") {
			t.Errorf("the strategy says %q, %v", said, err)
		}
	})
}

func TestReplayThatCannotBeHadIsLeftOutAndSaid(t *testing.T) {
	trap := fmt.Errorf("%w: unreachable", ErrModel)
	for name, c := range map[string]struct {
		spoil func(*world)
		want  string
	}{
		"too few hours":           {func(w *world) { w.recorded.count = 2 }, "2 whole hours of requests, want at least 3"},
		"no function":             {func(w *world) { w.model.replay = func(_, _ []float64) (float64, error) { return 0, ErrNoReplay } }, "exports no function replay"},
		"a trap":                  {func(w *world) { w.model.replay = func(_, _ []float64) (float64, error) { return 0, trap } }, "unreachable"},
		"no number":               {func(w *world) { w.model.replay = func(_, _ []float64) (float64, error) { return math.NaN(), nil } }, "NaN"},
		"the same for everything": {func(w *world) { w.model.replay = func(_, _ []float64) (float64, error) { return 7, nil } }, "same cost, 7"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := recording(t, 5)
				c.spoil(w)
				st := look(t, w.searcher(), start)
				if st.State != Done || len(st.Hours) != 0 || !strings.Contains(st.Replay, c.want) || st.Why != "" {
					t.Fatalf("got %+v, want it done without recorded hours, because of %q", st, c.want)
				}
				if math.Abs(st.BestValues["workers"].Number-40) > 6 {
					t.Errorf("the best has %v workers, want about 40, as the model thinks by itself", st.BestValues["workers"])
				}
			})
		})
	}
}

func TestReplayWhoseHoursAreLostInAPauseIsLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := recording(t, 30)
		s := w.searcher()
		w.quiet = func() bool { return w.model.count < w.set.Seeds*(w.set.Evaluations+40) }
		if st := look(t, s, start); st.State != Replaying || len(st.Hours) == 0 {
			t.Fatalf("got %+v, want a replay that is interrupted", st)
		}
		w.quiet = func() bool { return true }
		for n := range 30 {
			w.recorded.lost[n] = true
		}
		if st := look(t, s, start.Add(time.Minute)); st.State != Done || len(st.Hours) != 0 || !strings.Contains(st.Replay, "not whole any more") {
			t.Errorf("got %+v, want it done without recorded hours", st)
		}
	})
}

func TestWithoutASignalNothingIsReplayedOrSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := recording(t, 30)
		w.set.Targets[0].Replay = ""
		if st := look(t, w.searcher(), start); st.State != Done || st.Round != 2 || st.Replay != "" || len(st.Hours) != 0 {
			t.Errorf("got %+v", st)
		}
	})
}

func TestRoundsDrawOtherHoursAndARoundTheSame(t *testing.T) {
	list, _ := (&hours{count: 40}).Hours(t.Context(), Target{})
	a, again, other := choose(list, 6, 1), choose(list, 6, 1), choose(list, 6, 2)
	if len(a) != 6 || fmt.Sprint(a) != fmt.Sprint(again) || fmt.Sprint(a) == fmt.Sprint(other) {
		t.Errorf("got %v, %v, %v", a, again, other)
	}
	if all := choose(list[:4], 6, 1); len(all) != 4 {
		t.Errorf("got %v of four hours", all)
	}
}
