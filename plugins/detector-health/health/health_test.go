package health

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/serve/settings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var begin = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// bench feeds one detector with windows of the web.
type bench struct {
	t   testing.TB
	d   *Detector
	now time.Time
}

func newBench(t testing.TB, config string) *bench {
	t.Helper()
	var c Config
	if problems := settings.Decode([]byte(config), &c); len(problems) > 0 {
		t.Fatalf("config %q: %v", config, problems)
	}
	d, err := New(c, sdk.Env{})
	if err != nil {
		t.Fatalf("new: %v", err)
	}
	return &bench{t: t, d: d.(*Detector), now: begin}
}

// window lets a second pass and judges a window of the web, as changed by f.
func (b *bench) window(f func(*sdk.Window)) []sdk.Anomaly {
	b.t.Helper()
	w := sdk.Window{Component: "web", Start: b.now, Status: sdk.ComponentStatus{Name: "web", State: sdk.StateUp}}
	b.now = b.now.Add(time.Second)
	w.End = b.now
	if f != nil {
		f(&w)
	}
	found, err := b.d.Detect(b.t.Context(), w)
	if err != nil {
		b.t.Fatalf("detect: %v", err)
	}
	for _, a := range found {
		if err := a.Validate(); err != nil {
			b.t.Fatalf("not a valid anomaly: %v", err)
		}
	}
	return found
}

func (b *bench) event(e sdk.Event) func(*sdk.Window) {
	return func(w *sdk.Window) {
		e.Component, e.Time = "web", w.End.Add(-time.Millisecond)
		w.Events = append(w.Events, e)
		if e.Type == sdk.EventExited {
			w.Status.State = sdk.StateDown
		}
	}
}

// samples delivers one value of a signal in each of several windows and
// returns the last answer.
func (b *bench) samples(component, signal string, values ...float64) []sdk.Anomaly {
	b.t.Helper()
	var found []sdk.Anomaly
	for _, v := range values {
		found = b.window(func(w *sdk.Window) {
			w.Component = component
			w.Series = []sdk.Series{{Component: component, Name: signal, Unit: "u", Kind: sdk.Gauge,
				Times: []int64{w.End.UnixMilli()}, Values: []float64{v}}}
		})
	}
	return found
}

func repeat(v float64, n int) []float64 { return slices.Repeat([]float64{v}, n) }

func open(found []sdk.Anomaly) []string {
	var keys []string
	for _, a := range found {
		if !a.Ended {
			keys = append(keys, a.Key)
		}
	}
	return keys
}

func ended(found []sdk.Anomaly) []string {
	var keys []string
	for _, a := range found {
		if a.Ended {
			keys = append(keys, a.Key)
		}
	}
	return keys
}

func (b *bench) wantOpen(found []sdk.Anomaly, want ...string) {
	b.t.Helper()
	if got := open(found); !slices.Equal(got, want) {
		b.t.Errorf("open are %v, want %v", got, want)
	}
}

func TestExitIsAnAnomalyUntilTheComponentAnswers(t *testing.T) {
	for name, exit := range map[string]*sdk.Exit{
		"a crash": {Code: -1, Signal: "SIGSEGV"}, "a clean exit": {Code: 0}, "an unknown code": {Code: -1}, "nothing known": nil,
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, "")
			found := b.window(b.event(sdk.Event{Type: sdk.EventExited, Exit: exit}))
			b.wantOpen(found, "exit")
			if a := found[0]; a.Severity != sdk.SeverityMedium || a.Kind != sdk.AnomalyExit || !strings.Contains(a.Summary, "web") {
				t.Errorf("got %+v, want a medium exit of the web", a)
			}
			b.wantOpen(b.window(func(w *sdk.Window) { w.Status.State = sdk.StateStarting }), "exit")
			found = b.window(b.event(sdk.Event{Type: sdk.EventReady}))
			if got := ended(found); !slices.Equal(got, []string{"exit"}) {
				t.Errorf("ended are %v after the healthy answer, want the exit", got)
			}
			b.wantOpen(b.window(nil))
		})
	}
}

func TestExitThatWasOrderedIsNone(t *testing.T) {
	b := newBench(t, "")
	found := b.window(func(w *sdk.Window) {
		b.event(sdk.Event{Type: sdk.EventExited, Exit: &sdk.Exit{Expected: true}})(w)
		w.Status.State = sdk.StateStarting
	})
	b.wantOpen(found)
}

func TestSecondExitHasALaterStart(t *testing.T) {
	b := newBench(t, "")
	first := b.window(b.event(sdk.Event{Type: sdk.EventExited}))
	second := b.window(b.event(sdk.Event{Type: sdk.EventExited}))
	if !second[0].Start.After(first[0].Start) || !second[0].Start.After(first[0].End) {
		t.Errorf("the second exit starts at %v, the first was seen until %v", second[0].Start, first[0].End)
	}
}

func TestComponentThatIsFoundDownIsGoneThoughNoEventSaidSo(t *testing.T) {
	b := newBench(t, "")
	b.wantOpen(b.window(func(w *sdk.Window) { w.Status.State = sdk.StateDown }), "exit")
}

func TestStoppedOnPurposeEndsEverything(t *testing.T) {
	b := newBench(t, "")
	b.window(b.event(sdk.Event{Type: sdk.EventExited}))
	b.wantOpen(b.window(func(w *sdk.Window) { w.Status.State = sdk.StateStopped }))
	b.wantOpen(b.window(nil))
}

func TestCouldNotStopIsHigh(t *testing.T) {
	b := newBench(t, "")
	found := b.window(b.event(sdk.Event{Type: sdk.EventCouldNotStop, Text: "process 7 is in state D"}))
	b.wantOpen(found, "could_not_stop")
	if found[0].Severity != sdk.SeverityHigh || !strings.Contains(found[0].Summary, "state D") {
		t.Errorf("got %+v, want high with the reason", found[0])
	}
}

func probed(v sdk.Verdict) func(*sdk.Window) {
	return func(w *sdk.Window) {
		p := sdk.ProbeResult{Name: "http/1", Verdict: v, Text: "timeout", Since: w.End.Add(-700 * time.Millisecond)}
		w.Status.Probes = []sdk.ProbeResult{p}
		w.Events = []sdk.Event{{Component: "web", Type: sdk.EventProbe, Time: w.End, Probe: &p}}
	}
}

func TestProbeVerdictsOpenAndEndAndInconclusiveDoesNeither(t *testing.T) {
	b := newBench(t, "")
	b.wantOpen(b.window(probed(sdk.Inconclusive)))
	found := b.window(probed(sdk.Fail))
	b.wantOpen(found, "probe/http/1")
	if a := found[0]; a.Severity != sdk.SeverityMedium || a.Kind != sdk.AnomalyProbe || !a.Start.Equal(b.now.Add(-700*time.Millisecond)) {
		t.Errorf("got %+v, want a medium probe anomaly from when the verdict was reached", a)
	}
	b.wantOpen(b.window(probed(sdk.Inconclusive)), "probe/http/1")
	b.wantOpen(b.window(probed(sdk.Pass)))
}

func TestProbeVerdictInTheStatusMakesUpForALostEvent(t *testing.T) {
	b := newBench(t, "")
	quiet := func(v sdk.Verdict) func(*sdk.Window) {
		return func(w *sdk.Window) { probed(v)(w); w.Events = nil }
	}
	b.wantOpen(b.window(quiet(sdk.Fail)), "probe/http/1")
	b.wantOpen(b.window(quiet(sdk.Pass)))
}

func TestProbeThatIsNoLongerConfiguredEnds(t *testing.T) {
	b := newBench(t, "")
	b.window(probed(sdk.Fail))
	b.wantOpen(b.window(nil))
}

func TestForgottenOrWrongStateIsRefusedAndKeptStateGoesOn(t *testing.T) {
	b := newBench(t, "")
	b.window(b.event(sdk.Event{Type: sdk.EventExited}))
	state, err := b.d.SaveState()
	if err != nil {
		t.Fatal(err)
	}
	next := newBench(t, "")
	if err := next.d.LoadState(state); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(next.d.memory, b.d.memory) {
		t.Errorf("got %+v, want %+v", next.d.memory, b.d.memory)
	}
	for _, bad := range []string{"", "{", "[]", "{}", `{"open":null}`} {
		if err := next.d.LoadState([]byte(bad)); err == nil {
			t.Errorf("state %q was taken", bad)
		}
	}
	if !reflect.DeepEqual(next.d.memory, b.d.memory) {
		t.Error("a refused state changed the memory")
	}
}

func FuzzLoadState(f *testing.F) {
	f.Add([]byte(`{"open":{"web":{"exit":{"component":"web","kind":"exit"}}},"limits":{},"usual":{"web":{"mean":1}}}`))
	f.Add([]byte(`{"open":{},"limits":{"a":{"since":-1}},"usual":{}}`))
	f.Fuzz(func(t *testing.T, state []byte) {
		b := newBench(t, "")
		if b.d.LoadState(state) != nil {
			return
		}
		_, _ = b.d.Detect(t.Context(), sdk.Window{Component: "web", End: begin, Series: []sdk.Series{
			{Component: "web", Name: demandSignal, Times: []int64{1, 2}, Values: []float64{1, 900}},
			{Component: "web", Name: "log_errors_per_second", Times: []int64{1, 2}, Values: []float64{9, 9}},
		}})
		if _, err := json.Marshal(b.d.memory); err != nil {
			t.Errorf("a memory that was loaded cannot be saved: %v", err)
		}
	})
}

func BenchmarkDetect(b *testing.B) {
	bn := newBench(b, "")
	w := sdk.Window{Component: "web", Status: sdk.ComponentStatus{Name: "web", State: sdk.StateUp}}
	for n := range 20 {
		s := sdk.Series{Component: "web", Name: fmt.Sprintf("signal_%d", n), Kind: sdk.Gauge}
		for i := range 30 {
			s.Times, s.Values = append(s.Times, int64(i)*1000), append(s.Values, float64(i))
		}
		w.Series = append(w.Series, s)
	}
	w.Series[0].Name, w.Series[1].Name = demandSignal, "log_errors_per_second"
	for b.Loop() {
		if _, err := bn.d.Detect(b.Context(), w); err != nil {
			b.Fatal(err)
		}
	}
}
