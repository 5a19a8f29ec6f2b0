package timeseries

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// host is a healthy machine with the habits of real ones: seasons of the day and
// the week, collections of garbage, an hourly job that does not start to the
// second, a nightly backup, a disk that logs fill and rotation empties.
type host struct {
	rng    *rand.Rand
	at     time.Time
	steps  int64
	total  float64
	backup time.Duration
}

func (h *host) next() []sdk.Series {
	day := float64(h.at.Unix()%86400) / 86400
	busy := 0.5 - 0.4*math.Cos(2*math.Pi*day)
	if d := h.at.Weekday(); d == time.Saturday || d == time.Sunday {
		busy *= 0.5
	}
	n := h.rng.NormFloat64
	cpu, latency := 10+50*busy+3*n(), 0.05+0.03*busy+0.006*n()
	if h.rng.IntN(60) == 0 { // a collection of garbage
		latency += 0.1 + 0.1*h.rng.Float64()
	}
	minute := h.at.Minute()*60 + h.at.Second()
	if s := minute - h.rng.IntN(20); s >= 0 && s < 60 { // an hourly job
		cpu += 25
	}
	if h.at.Hour() == 0 && h.at.Minute() == 0 {
		h.backup = 2*time.Hour + time.Duration(h.rng.IntN(300))*time.Second
	}
	since := h.at.Sub(h.at.Truncate(24*time.Hour)) - h.backup
	io := 5 + 2*math.Abs(n())
	if h.backup > 0 && since >= 0 && since < 25*time.Minute {
		io, cpu = io+120+10*n(), cpu+15
	}
	h.total += max(0, 10*(100*busy+20+5*n()))
	used := 55 + 4*math.Mod(day+0.3, 1) + 0.05*n() // rotation empties the disk every night
	memory := 2e9 + 2e8*busy + 1e8*math.Mod(float64(h.steps), 300)/300 + 2e7*n()
	return []sdk.Series{
		h.gauge("cpu_percent", "percent", min(100, max(0, cpu)), &sdk.Range{Max: 100}), h.gauge("latency", "seconds", latency, nil),
		h.gauge("io", "", io, nil), h.gauge("disk_used_percent", "percent", used, &sdk.Range{Max: 100}),
		h.gauge("rss_bytes", "bytes", memory, &sdk.Range{Max: 8e9}),
		{Component: "web", Name: "requests_total", Kind: sdk.Counter, Times: []int64{h.at.UnixMilli()}, Values: []float64{h.total}},
	}
}

func (h *host) gauge(name, unit string, v float64, r *sdk.Range) sdk.Series {
	return sdk.Series{Component: "web", Name: name, Unit: unit, Kind: sdk.Gauge, Range: r,
		Times: []int64{h.at.UnixMilli()}, Values: []float64{v}}
}

// TestHealthyDayRaisesNothingHigh lets three days pass in accelerated time, the
// last of them with a restart, a step of the clock and an hour of sleep.
func TestHealthyDayRaisesNothingHigh(t *testing.T) {
	if raceDetector {
		t.Skip("three days take too long under the race detector; the part healthy-days of make test runs them without")
	}
	b := newBench(t, "")
	h := &host{rng: rand.New(rand.NewPCG(5, 6)), at: begin}
	begun := map[sdk.Severity]int{}
	open := map[string]sdk.Severity{}
	for h.at.Before(begin.Add(3 * 24 * time.Hour)) {
		h.at = h.at.Add(10 * time.Second)
		h.steps++
		lastDay := h.steps - 2*8640
		var events []sdk.Event
		switch lastDay {
		case 2000:
			h.total = 0
			events = append(events, sdk.Event{Component: "web", Type: sdk.EventExited, Time: h.at}, sdk.Event{Component: "web", Type: sdk.EventStarted, Time: h.at})
		case 4000:
			events = append(events, sdk.Event{Type: sdk.EventClockStep, Time: h.at})
			h.at = h.at.Add(-90 * time.Second)
		case 6000:
			h.at = h.at.Add(time.Hour)
		}
		w := sdk.Window{Component: "web", Start: h.at.Add(-10 * time.Second), End: h.at, Events: events, Series: h.next(),
			Status: sdk.ComponentStatus{Name: "web", State: sdk.StateUp, Generation: 1}}
		found, err := b.d.Detect(t.Context(), w)
		if err != nil && !errors.Is(err, sdk.ErrNotReady) {
			t.Fatal(err)
		}
		count(t, found, open, begun)
	}
	t.Logf("six signals, two days after a day of learning: %d anomalies of severity low, %d medium, %d high",
		begun[sdk.SeverityLow], begun[sdk.SeverityMedium], begun[sdk.SeverityHigh]+begun[sdk.SeverityCritical])
	if n := begun[sdk.SeverityHigh] + begun[sdk.SeverityCritical]; n > 0 {
		t.Errorf("%d anomalies of severity high or critical on a healthy host, want none", n)
	}
}

// count counts anomalies at their worst severity, each once.
func count(t *testing.T, found []sdk.Anomaly, open map[string]sdk.Severity, begun map[sdk.Severity]int) {
	for _, a := range found {
		worst, known := open[a.Key]
		switch {
		case a.Ended:
			delete(open, a.Key)
			continue
		case known && worst >= a.Severity:
			continue
		case known:
			begun[worst]--
		}
		open[a.Key] = a.Severity
		begun[a.Severity]++
		if !known {
			t.Logf("%s %s: %s", a.Start.Format(time.DateTime), a.Severity, a.Summary)
		}
	}
}
