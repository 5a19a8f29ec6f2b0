package health

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/serve/settings"
)

const errorsLimit = `
defaults = false
[[thresholds]]
component = "web"
signal = "log_errors_per_second"
above = 5
for = "2s"
clear = 3
severity = "medium"
`

func TestThresholdHasToBeBrokenForItsTimeAndEndsAtItsClear(t *testing.T) {
	b := newBench(t, errorsLimit)
	key := "threshold/log_errors_per_second"
	b.wantOpen(b.samples("web", "log_errors_per_second", 9, 9))
	b.wantOpen(b.samples("web", "log_errors_per_second", 1, 9, 9))
	found := b.samples("web", "log_errors_per_second", 9)
	b.wantOpen(found, key)
	if a := found[0]; a.Severity != sdk.SeverityMedium || !a.Start.Equal(b.now.Add(-2*time.Second)) || a.Evidence[0].Value != 9 {
		t.Errorf("got %+v, want medium from the first sample beyond, with the value", a)
	}
	b.wantOpen(b.samples("web", "log_errors_per_second", 4, 4, 4), key)
	b.wantOpen(b.samples("web", "log_errors_per_second", 3))
}

func TestMissingDataNeitherOpensNorEnds(t *testing.T) {
	b := newBench(t, errorsLimit)
	b.samples("web", "log_errors_per_second", 9, 9, 9)
	for range 100 {
		b.wantOpen(b.window(nil), "threshold/log_errors_per_second")
	}
}

func TestBackgroundOfOneErrorAMinuteIsNoBurst(t *testing.T) {
	b := newBench(t, "")
	for range 60 * 24 {
		values := repeat(0, 60)
		values[rand.IntN(60)] = 1
		b.wantOpen(b.samples("web", "log_errors_per_second", values...))
		if t.Failed() {
			return
		}
	}
}

func TestErrorBurstIsSeenWithinThreeSeconds(t *testing.T) {
	b := newBench(t, "")
	b.samples("web", "log_errors_per_second", repeat(0, 60)...)
	b.wantOpen(b.samples("web", "log_errors_per_second", 50, 50, 50), "threshold/log_errors_per_second")
}

// TestADayOfHealthyNoiseGivesNothingToActOn plays a day of one component: load
// that follows the hour, pauses, a busy job every ten minutes, a nightly
// backup, an error now and then, gaps in the samples.
func TestADayOfHealthyNoiseGivesNothingToActOn(t *testing.T) {
	b := newBench(t, "")
	random := rand.New(rand.NewPCG(1, 2))
	const day = 24 * 60 * 60
	for second := range day {
		if random.IntN(200) == 0 {
			b.window(nil) // nothing was measured
			continue
		}
		found := b.window(noise(second, random))
		for _, a := range found {
			if !a.Ended && a.Severity >= sdk.SeverityMedium {
				t.Fatalf("at second %d: %s", second, a.Summary)
			}
		}
	}
}

func noise(second int, random *rand.Rand) func(*sdk.Window) {
	demand := 20 + 15*math.Sin(2*math.Pi*float64(second)/86400) + 10*random.NormFloat64()
	if second%600 < 25 {
		demand += 150 // a job every ten minutes
	}
	if second > 10_000 && second < 11_800 {
		demand += 60 // the backup
	}
	errors := 0.0
	if random.IntN(60) == 0 {
		errors = 1
	}
	values := map[string]float64{
		demandSignal: max(demand, 0), "log_errors_per_second": errors,
		"rss_bytes": 2e8 + 1e7*random.Float64(), "probe_latency_seconds/http": random.ExpFloat64() / 100,
	}
	return func(w *sdk.Window) {
		for name, v := range values {
			w.Series = append(w.Series, sdk.Series{Component: "web", Name: name, Kind: sdk.Gauge, Times: []int64{w.End.UnixMilli()}, Values: []float64{v}})
		}
	}
}

func TestOnlyOneLookBackSampleIsNotCountedTwice(t *testing.T) {
	b := newBench(t, errorsLimit)
	found := b.window(func(w *sdk.Window) {
		at := w.End.UnixMilli()
		w.Series = []sdk.Series{{Component: "web", Name: "log_errors_per_second", Kind: sdk.Gauge,
			Times: []int64{at - 9000, at - 5000, at}, Values: []float64{9, 9, 9}, Fresh: 3}}
	})
	b.wantOpen(found)
}

func TestCountersAreJudgedByTheirGrowthPerSecond(t *testing.T) {
	b := newBench(t, `
defaults = false
[[thresholds]]
signal = "failures_total"
above = 10
for = "0s"
`)
	counter := func(values ...float64) []sdk.Anomaly {
		var found []sdk.Anomaly
		for _, v := range values {
			found = b.window(func(w *sdk.Window) {
				w.Series = []sdk.Series{{Component: "web", Name: "failures_total", Kind: sdk.Counter, Times: []int64{w.End.UnixMilli()}, Values: []float64{v}}}
			})
		}
		return found
	}
	b.wantOpen(counter(1000, 1005, 1010))
	b.wantOpen(counter(1100), "threshold/failures_total")
	b.wantOpen(counter(3), "threshold/failures_total") // a reset says nothing
	b.wantOpen(counter(4))
}

func TestDefaultsWatchTheHost(t *testing.T) {
	cases := map[string]struct {
		signal   string
		bad      float64
		seconds  int
		key      string
		severity sdk.Severity
	}{
		"memory":         {"memory_available_percent", 3, 31, "threshold/memory_available_percent", sdk.SeverityMedium},
		"disk":           {"disk_used_percent//var", 97, 31, "threshold/disk_used_percent//var", sdk.SeverityMedium},
		"cpu pressure":   {"psi_cpu_some", 95, 16, "saturation/psi_cpu_some", sdk.SeverityLow},
		"memory stalled": {"psi_memory_full", 30, 11, "saturation/psi_memory_full", sdk.SeverityMedium},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, "")
			found := b.samples(sdk.HostComponent, c.signal, repeat(c.bad, c.seconds)...)
			b.wantOpen(found, c.key)
			if len(found) == 1 && found[0].Severity != c.severity {
				t.Errorf("severity %s, want %s", found[0].Severity, c.severity)
			}
			b.wantOpen(newBench(t, "defaults = false").samples(sdk.HostComponent, c.signal, repeat(c.bad, c.seconds)...))
		})
	}
}

func TestOwnThresholdReplacesTheDefault(t *testing.T) {
	b := newBench(t, "[[thresholds]]\ncomponent = \"host\"\nsignal = \"disk_used_percent/*\"\nabove = 50\nfor = \"0s\"\n")
	b.wantOpen(b.samples(sdk.HostComponent, "disk_used_percent//", 60), "threshold/disk_used_percent//")
}

func TestWrongThresholdsAreRefused(t *testing.T) {
	cases := map[string]string{
		"no bound":          "signal = \"x\"",
		"two bounds":        "signal = \"x\"\nabove = 1\nbelow = 2",
		"clear above above": "signal = \"x\"\nabove = 1\nclear = 2",
		"clear below below": "signal = \"x\"\nbelow = 2\nclear = 1",
		"unknown severity":  "signal = \"x\"\nabove = 1\nseverity = \"unknown\"",
		"no signal":         "above = 1",
		"bare time":         "signal = \"x\"\nabove = 1\nfor = 5",
		"misspelt":          "signal = \"x\"\nabvoe = 1",
	}
	for name, text := range cases {
		var c Config
		problems := settings.Decode([]byte("[[thresholds]]\n"+text+"\n"), &c)
		if len(problems) > 0 {
			continue
		}
		if _, err := New(c, sdk.Env{}); err == nil {
			t.Errorf("%s: %q was taken", name, text)
		} else if !strings.Contains(err.Error(), "thresholds[0]") {
			t.Errorf("%s: the error does not name the table: %v", name, err)
		}
	}
}

func TestSpinIsSeenWithinTwentySecondsAndOrdinaryLoadIsNot(t *testing.T) {
	b := newBench(t, "")
	b.samples("web", demandSignal, repeat(5, 60)...)
	b.wantOpen(b.samples("web", demandSignal, repeat(60, 60)...)) // below the floor
	b.samples("web", demandSignal, repeat(5, 60)...)
	b.wantOpen(b.samples("web", demandSignal, append(repeat(150, 8), 5)...)) // too short
	found := b.samples("web", demandSignal, repeat(150, 12)...)
	b.wantOpen(found, keySpin)
	b.wantOpen(b.samples("web", demandSignal, repeat(5, 2)...))
}

func TestComponentThatIsAlwaysBusyIsNoSpin(t *testing.T) {
	b := newBench(t, "")
	b.wantOpen(b.samples("web", demandSignal, repeat(180, 600)...))
	b.wantOpen(b.samples("web", demandSignal, repeat(190, 60)...))
}

// TestEveryAnomalyIsEndedBeforeItIsOpenedAgain feeds random values and gaps:
// of each key the reports must alternate between open and ended, and with the
// value back for good nothing stays open.
func TestEveryAnomalyIsEndedBeforeItIsOpenedAgain(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := newBench(t, errorsLimit)
		isOpen := false
		for range rapid.IntRange(1, 200).Draw(rt, "windows") {
			var found []sdk.Anomaly
			if rapid.Bool().Draw(rt, "gap") {
				found = b.window(nil)
			} else {
				found = b.samples("web", "log_errors_per_second", rapid.Float64Range(0, 10).Draw(rt, "value"))
			}
			if slices.Contains(ended(found), "threshold/log_errors_per_second") && !isOpen {
				rt.Fatal("ended though it was not open")
			}
			before := isOpen
			isOpen = len(open(found)) > 0
			if before && !isOpen && len(ended(found)) == 0 {
				rt.Fatal("vanished without an end")
			}
		}
		if left := open(b.samples("web", "log_errors_per_second", 0)); len(left) > 0 {
			rt.Fatalf("%v stayed open", left)
		}
	})
}
