package timeseries

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// memoryDays feeds memory that swings with the day, a value every five minutes,
// its peak growing by so much a day, until something is forecast after three days
// of learning, or the days end.
func memoryDays(b *bench, days, growth float64) (found []sdk.Anomaly, at time.Time) {
	limits := &sdk.Range{Max: 100}
	for now := begin; now.Before(begin.Add(time.Duration(days * 24 * float64(time.Hour)))); now = now.Add(5 * time.Minute) {
		day := now.Sub(begin).Hours() / 24
		v := 50 - (28+growth*day)*math.Cos(2*math.Pi*(day-2.0/24)) + b.rng.NormFloat64()/4 // the peak is at 14:00
		w := sdk.Window{Component: "web", Start: now.Add(-5 * time.Minute), End: now,
			Status: sdk.ComponentStatus{Name: "web", State: sdk.StateUp, Generation: 1},
			Series: []sdk.Series{{Component: "web", Name: "rss_percent", Unit: "percent", Kind: sdk.Gauge, Range: limits,
				Times: []int64{now.UnixMilli()}, Values: []float64{min(v, 100)}}}}
		out, err := b.d.Detect(context.Background(), w)
		if err != nil && !errors.Is(err, sdk.ErrNotReady) {
			b.t.Fatal(err)
		}
		for _, a := range out {
			if a.Kind == KindForecast && !a.Ended && day > 3 {
				return out, now
			}
		}
	}
	return nil, time.Time{}
}

func TestLimitThatTheSeasonReachesIsForecastWithItsHour(t *testing.T) {
	b := newBench(t, `step = "5m"`)
	found, at := memoryDays(b, 20, 2)
	if len(found) == 0 {
		t.Fatal("a daily peak that grows by two percent a day towards its limit was not forecast in twenty days")
	}
	a := found[0]
	for _, part := range []string{"rss_percent full in ", "UTC, as it does at that hour"} {
		if !strings.Contains(a.Summary, part) {
			t.Errorf("the summary %q lacks %q", a.Summary, part)
		}
	}
	i := strings.Index(a.Summary, ", at ")
	hour, err := time.Parse("15:04", a.Summary[i+5:i+10])
	if err != nil || hour.Hour() < 11 || hour.Hour() > 15 {
		t.Errorf("it is said for %v (%v), want an hour about 14:00: %s", hour.Format("15:04"), err, a.Summary)
	}
	if day := at.Sub(begin).Hours() / 24; day < 8 {
		t.Errorf("forecast on day %.1f, when the peak was still below 95: %s", day, a.Summary)
	}
}

func TestSeasonThatStaysBelowItsLimitIsNotForecast(t *testing.T) {
	b := newBench(t, `step = "5m"`)
	if found, at := memoryDays(b, 20, 0); len(found) > 0 {
		t.Errorf("on %v: %+v", at, found)
	}
}

func TestForecastsThatDidNotComeTrueCountForLess(t *testing.T) {
	s := &signal{}
	if got := s.urgency(30 * time.Minute); got != sdk.SeverityHigh {
		t.Errorf("a limit in half an hour is %v, want high", got)
	}
	s.Misses = 3
	if got := s.urgency(30 * time.Minute); got != sdk.SeverityMedium {
		t.Errorf("after three misses it is %v, want medium", got)
	}
	if got := s.urgency(20 * time.Hour); got != sdk.SeverityLow {
		t.Errorf("a limit far away is %v, want low", got)
	}
	s.Hits = 3
	if got := s.urgency(30 * time.Minute); got != sdk.SeverityHigh {
		t.Errorf("with as many hits as misses it is %v, want high", got)
	}
}

func TestHoursWithoutValuesAreFilledAndALongGapBeginsAnew(t *testing.T) {
	h := newHours()
	for hour := range int64(24 * 10) {
		if hour%24 == 7 {
			continue
		}
		h.add(hour*hourSeconds+10, float64(hour%24))
	}
	h.add(10*24*hourSeconds, 0)
	if h.Model.N != 24*10 {
		t.Fatalf("%d hours are known after ten days with gaps, want 240", h.Model.N)
	}
	if got, _ := h.Model.Ahead(13); math.Abs(got-12) > 1 {
		t.Errorf("noon is forecast as %.2f, want 12", got)
	}
	h.add((10*24+24*8)*hourSeconds, 5)
	if h.Model.N != 0 || h.Count != 1 {
		t.Errorf("after eight days of silence %d hours are kept, want none", h.Model.N)
	}
}
