package timeseries

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/plugintest"
	"github.com/homeostat/homeostat/sdk/serve"
	"github.com/homeostat/homeostat/sdk/serve/settings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var begin = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

// bench feeds one detector with windows of the web, a step of time in each.
type bench struct {
	t   testing.TB
	d   *Detector
	now time.Time
	rng *rand.Rand
}

func newBench(t testing.TB, config string) *bench {
	t.Helper()
	var c Config
	if problems := settings.Decode([]byte(config), &c); len(problems) > 0 {
		t.Fatalf("config %q: %v", config, problems)
	}
	d, err := New(c, sdk.Env{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	return &bench{t: t, d: d.(*Detector), now: begin, rng: rand.New(rand.NewPCG(1, 2))}
}

// feed lets ten seconds pass and delivers one sample of each signal.
func (b *bench) feed(values map[string]float64, events ...sdk.Event) []sdk.Anomaly {
	b.t.Helper()
	b.now = b.now.Add(10 * time.Second)
	found, err := b.d.Detect(context.Background(), b.window(values, events))
	if err != nil && !errors.Is(err, sdk.ErrNotReady) {
		b.t.Fatalf("detect: %v", err)
	}
	for _, a := range found {
		if err := a.Validate(); err != nil {
			b.t.Fatalf("not a valid anomaly: %v", err)
		}
	}
	return found
}

func (b *bench) window(values map[string]float64, events []sdk.Event) sdk.Window {
	w := sdk.Window{Component: "web", Start: b.now.Add(-10 * time.Second), End: b.now, Events: events,
		Status: sdk.ComponentStatus{Name: "web", State: sdk.StateUp, Generation: 1}}
	for _, name := range []string{"latency", "requests_total", "disk_used_percent"} {
		v, ok := values[name]
		if !ok {
			continue
		}
		s := sdk.Series{Component: "web", Name: name, Kind: sdk.Gauge, Times: []int64{b.now.UnixMilli()}, Values: []float64{v}}
		switch name {
		case "latency":
			s.Unit = "seconds"
		case "requests_total":
			s.Kind = sdk.Counter
		default:
			s.Unit, s.Range = "percent", &sdk.Range{Max: 100}
		}
		w.Series = append(w.Series, s)
	}
	return w
}

// latency is usual noise around 60 ms.
func (b *bench) latency() map[string]float64 {
	return map[string]float64{"latency": 0.06 + 0.008*b.rng.NormFloat64()}
}

// learnt returns a bench whose hour of warm-up is over.
func learnt(t testing.TB) *bench {
	b := newBench(t, `warm_up = "1h"`)
	for range 3000 {
		b.feed(b.latency())
	}
	return b
}

// patternOf is the last part of an unusual anomaly's key.
func patternOf(a sdk.Anomaly) string {
	if a.Kind != KindUnusual {
		return ""
	}
	return a.Key[strings.LastIndexByte(a.Key, '/')+1:]
}

func keys(found []sdk.Anomaly, ended bool) string {
	var out []string
	for _, a := range found {
		if a.Ended == ended {
			out = append(out, strings.TrimSuffix(a.Key, "/"+patternOf(a)))
		}
	}
	return strings.Join(out, " ")
}

func TestDetectorKeepsTheRulesOfThePlugins(t *testing.T) {
	var windows []sdk.Window
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range 40 {
		values, others := make([]float64, 60), make([]float64, 60)
		for k := range values {
			values[k], others[k] = 50+rng.NormFloat64(), 10+rng.NormFloat64()
			if i == 35 {
				values[k] = 400
			}
		}
		windows = append(windows, plugintest.Window("web").At(time.Duration(i)*time.Minute).
			Gauge("cpu_percent", "percent", values...).Gauge("threads", "", others...).Build())
	}
	plugintest.Detector(t, serve.NewDetector("timeseries", "0.1.0", New), plugintest.Case{
		Config: "step = \"1s\"\nwarm_up = \"5m\"", Windows: windows})
}

func TestJumpIsReportedWithNumbersAndEnds(t *testing.T) {
	b := learnt(t)
	var found []sdk.Anomaly
	for range 6 {
		found = b.feed(map[string]float64{"latency": 0.84})
	}
	if keys(found, false) != "unusual/latency" {
		t.Fatalf("open are %q after six steps of 840 ms, want unusual/latency", keys(found, false))
	}
	a := found[0]
	for _, part := range []string{"840 ms", "usual at this hour", "for 50 s"} {
		if !strings.Contains(a.Summary, part) {
			t.Errorf("the summary %q lacks %q", a.Summary, part)
		}
	}
	if a.Severity > sdk.SeverityMedium || a.Score < 0.5 || len(a.Evidence) == 0 {
		t.Errorf("got %+v, want at most medium, a score from 0.5, and evidence", a)
	}
	for range 200 {
		if found = b.feed(b.latency()); keys(found, true) == "unusual/latency" {
			return
		}
	}
	t.Errorf("the anomaly has not ended after 200 usual steps: %+v", found)
}

func TestWarmUpIsSaidAndReportsNothing(t *testing.T) {
	b := newBench(t, "")
	var err error
	for i := range 400 {
		b.now = b.now.Add(10 * time.Second)
		v := b.latency()
		if i > 390 {
			v["latency"] = 9
		}
		var found []sdk.Anomaly
		if found, err = b.d.Detect(t.Context(), b.window(v, nil)); len(found) > 0 {
			t.Fatalf("reported during warm-up: %+v", found)
		}
	}
	if !errors.Is(err, sdk.ErrNotReady) || !strings.Contains(err.Error(), "learning, 1 h 6 min of 24 h") {
		t.Errorf("got %v, want that it is learning, 1 h 6 min of 24 h", err)
	}
}

func TestRestartDoesNotAlarm(t *testing.T) {
	b := learnt(t)
	found := b.feed(b.latency(), sdk.Event{Component: "web", Type: sdk.EventExited, Time: b.now})
	for range 10 {
		found = b.feed(map[string]float64{"latency": 0.9})
	}
	if len(found) > 0 {
		t.Errorf("a restart was reported: %+v", found)
	}
}

func TestCounterResetIsNoJump(t *testing.T) {
	b := newBench(t, `warm_up = "1h"`)
	total, found := 0.0, []sdk.Anomaly(nil)
	for i := range 3000 {
		total += 200 + 10*b.rng.NormFloat64()
		if i == 2900 {
			total = 0
		}
		before := keys(found, false)
		if found = b.feed(map[string]float64{"requests_total": total}); i >= 2900 && i < 2903 && keys(found, false) != before {
			t.Fatalf("step %d: %+v", i, found)
		}
	}
	if rate := b.d.components["web"].signals["requests_total"].Mean; math.Abs(rate-20) > 5 {
		t.Errorf("the rate is %v a second, want about 20", rate)
	}
}

func TestMissingDataNeitherBeginsNorEnds(t *testing.T) {
	b := learnt(t)
	for range 6 {
		b.feed(map[string]float64{"latency": 0.84})
	}
	for range 60 {
		if found := b.feed(nil); keys(found, false) != "unusual/latency" {
			t.Fatalf("without data got %+v, want the anomaly to stay open", found)
		}
	}
}

func TestNumbersThatAreNotFiniteAreSkipped(t *testing.T) {
	b := learnt(t)
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if found := b.feed(map[string]float64{"latency": v}); len(found) > 0 {
			t.Errorf("%v was reported: %+v", v, found)
		}
	}
}

func TestDiskThatFillsIsForecast(t *testing.T) {
	b := newBench(t, "")
	used, found := 40.0, []sdk.Anomaly(nil)
	for i := 0; i < 12*360 && len(found) == 0; i++ {
		used += 4.0 / 360 // percent an hour
		found = b.feed(map[string]float64{"disk_used_percent": used + 0.01*b.rng.NormFloat64()})
	}
	if keys(found, false) != "forecast/disk_used_percent" {
		t.Fatalf("a disk that grows by 4 %% an hour was not forecast, it is at %.1f %%", used)
	}
	hours := (100 - used) / 4
	var h, m int
	if _, err := fmt.Sscanf(found[0].Summary, "disk_used_percent full in %d h %d min", &h, &m); err != nil {
		t.Fatalf("summary %q: %v", found[0].Summary, err)
	}
	if got := float64(h) + float64(m)/60; math.Abs(got-hours) > 1 {
		t.Errorf("it says %.1f h, want %.1f: %s", got, hours, found[0].Summary)
	}
}

func TestStateComesBackWholeAndForeignStateIsRefused(t *testing.T) {
	b := learnt(t)
	state, err := b.d.SaveState()
	if err != nil {
		t.Fatal(err)
	}
	next := newBench(t, `warm_up = "1h"`)
	if err := next.d.LoadState(state); err != nil {
		t.Fatal(err)
	}
	again, err := next.d.SaveState()
	if err != nil || !reflect.DeepEqual(again, state) {
		t.Errorf("the state that was loaded is saved differently, error %v", err)
	}
	flipped := append([]byte(nil), state...)
	flipped[len(flipped)/2] ^= 1
	for name, bad := range map[string][]byte{"nothing": nil, "text": []byte("hello there"), "another version": append([]byte("hts\x01"), state[4:]...),
		"a flipped bit": flipped, "half": state[:len(state)/2]} {
		if next.d.LoadState(bad) == nil {
			t.Errorf("%s was taken as a state", name)
		}
	}
}

func TestStateOfManySignalsStaysWithinTheLimit(t *testing.T) {
	b := newBench(t, "vector = false")
	for c := range 30 {
		w := sdk.Window{Component: fmt.Sprint("c", c), End: begin}
		for n := range 10 {
			s := sdk.Series{Component: w.Component, Name: fmt.Sprint("s", n), Kind: sdk.Gauge}
			for i := range 800 {
				s.Times, s.Values = append(s.Times, begin.Add(time.Duration(i)*time.Minute).UnixMilli()), append(s.Values, b.rng.NormFloat64())
			}
			w.Series = append(w.Series, s)
		}
		_, _ = b.d.Detect(t.Context(), w)
	}
	state, err := b.d.SaveState()
	if err != nil || len(state) > sdk.MaxState {
		t.Fatalf("%d bytes, error %v, want at most %d", len(state), err, sdk.MaxState)
	}
	if err := newBench(t, "").d.LoadState(state); err != nil {
		t.Error(err)
	}
}

func FuzzLoadState(f *testing.F) {
	b := newBench(f, "")
	b.feed(b.latency())
	state, err := b.d.SaveState()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(state[8:])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, packed []byte) {
		sum := crc32.ChecksumIEEE(packed)
		state := append([]byte{'h', 't', 's', 2, byte(sum), byte(sum >> 8), byte(sum >> 16), byte(sum >> 24)}, packed...)
		b := newBench(t, "")
		if b.d.LoadState(state) == nil {
			b.feed(map[string]float64{"latency": 1, "disk_used_percent": 2})
		}
	})
}
