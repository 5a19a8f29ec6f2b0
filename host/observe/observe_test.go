package observe

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// self is a Source that takes this test's own process for every component.
type self struct{}

func (self) Processes(string) []int { return []int{os.Getpid()} }

func (self) Status(name string) (sdk.ComponentStatus, bool) {
	return sdk.ComponentStatus{Name: name, Kind: "command", State: sdk.StateUp, PID: os.Getpid(), Generation: 3}, true
}

// start runs an Observer of two components. The test runs beside others,
// because all of them wait for samples in real time.
func start(t *testing.T, opts Options) *Observer {
	t.Helper()
	t.Parallel()
	opts.Log = hclog.NewNullLogger()
	if opts.Source == nil {
		opts.Source = self{}
	}
	o := New(opts)
	t.Cleanup(o.Close)
	o.Apply([]Component{{Name: "web"}, {Name: "store"}}, []sdk.Link{{From: "web", To: "store", Depends: true}})
	o.Start()
	return o
}

// collect adds a feed that hands its windows to a channel.
func collect(t *testing.T, o *Observer, interval time.Duration) <-chan sdk.Window {
	t.Helper()
	windows := make(chan sdk.Window, 100)
	_, err := o.AddFeed(Feed{Name: "test", Interval: interval, Lookback: time.Minute,
		Deliver: func(ctx context.Context, _ string, w sdk.Window) error {
			select {
			case windows <- w:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	return windows
}

// await reads windows until one fits.
func await(t *testing.T, windows <-chan sdk.Window, fits func(sdk.Window) bool) sdk.Window {
	t.Helper()
	limit := time.After(time.Minute)
	for {
		select {
		case w := <-windows:
			if fits(w) {
				return w
			}
		case <-limit:
			t.Fatal("no such window came within a minute")
		}
	}
}

func find(w sdk.Window, component, name string) *sdk.Series {
	for i, s := range w.Series {
		if s.Component == component && s.Name == name {
			return &w.Series[i]
		}
	}
	return nil
}

func TestWindowsCarryTheProcessTheNeighbourAndTheHost(t *testing.T) {
	o := start(t, Options{})
	windows := collect(t, o, 50*time.Millisecond)
	w := await(t, windows, func(w sdk.Window) bool {
		return w.Component == "web" && find(w, "web", "cpu_demand_percent") != nil && find(w, sdk.HostComponent, "cpu_percent") != nil
	})
	for _, name := range []string{"cpu_percent", "rss_bytes", "threads", "fds", "processes", "restarts"} {
		own, neighbour := find(w, "web", name), find(w, "store", name)
		if own == nil || neighbour == nil {
			t.Errorf("%s: missing in the window of web: own %v, neighbour %v", name, own, neighbour)
			continue
		}
		if last := own.Values[len(own.Values)-1]; last < 0 || name != "cpu_percent" && last == 0 {
			t.Errorf("%s: got %v", name, last)
		}
	}
	if find(w, sdk.HostComponent, "memory_available_percent") == nil {
		t.Error("no memory of the host")
	}
	if len(w.Links) != 1 || w.Status.State != sdk.StateUp {
		t.Errorf("got links %v and status %v", w.Links, w.Status)
	}
}

func TestProbeVerdictIsPushedOnceAndEveryAnswerIsASample(t *testing.T) {
	o := start(t, Options{})
	windows := collect(t, o, time.Hour)
	answer := func(v sdk.Verdict, latency time.Duration) {
		o.Event(sdk.Event{Time: time.Now(), Component: "web", Type: sdk.EventProbe, Generation: 1,
			Probe: &sdk.ProbeResult{Name: "http/1", Verdict: v, Latency: latency}})
	}
	answer(sdk.Pass, time.Millisecond)
	await(t, windows, func(w sdk.Window) bool { return len(w.Events) == 1 })
	answer(sdk.Pass, 2*time.Millisecond)
	answer(sdk.Inconclusive, 0)
	answer(sdk.Fail, 3*time.Millisecond)
	var events []sdk.Event
	var latencies []float64
	for len(events) < 2 {
		w := await(t, windows, func(sdk.Window) bool { return true })
		events = append(events, w.Events...)
		if s := find(w, "web", "probe_latency_seconds/http/1"); s != nil {
			latencies = append(latencies, s.Values[s.Fresh:]...)
		}
		if w.Reason != sdk.ReasonEvent {
			t.Errorf("got reason %s, want event", w.Reason)
		}
	}
	if events[0].Probe.Verdict != sdk.Inconclusive || events[1].Probe.Verdict != sdk.Fail {
		t.Errorf("got %v and %v, want the two changes of verdict", events[0].Probe, events[1].Probe)
	}
	if len(latencies) != 2 || latencies[0] != 0.002 || latencies[1] != 0.003 {
		t.Errorf("got latencies %v, want those of the two conclusive answers", latencies)
	}
}

func TestRefusedWindowIsDeliveredAgain(t *testing.T) {
	o := start(t, Options{})
	calls := make(chan sdk.Window, 10)
	refusals := 1
	_, err := o.AddFeed(Feed{Name: "blind", Interval: time.Hour, Deliver: func(_ context.Context, _ string, w sdk.Window) error {
		calls <- w
		if refusals > 0 {
			refusals--
			return errors.New("not now")
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	o.Event(sdk.Event{Time: time.Now(), Component: "store", Type: sdk.EventExited})
	for i := range 2 {
		w := await(t, calls, func(sdk.Window) bool { return true })
		if len(w.Events) != 1 || w.Events[0].Type != sdk.EventExited {
			t.Fatalf("delivery %d: got events %v, want the exit", i+1, w.Events)
		}
	}
	o.Resume("blind")
	if w := await(t, calls, func(w sdk.Window) bool { return w.Component == "store" }); len(w.Events) != 0 {
		t.Errorf("got events %v after the exit was taken, want none", w.Events)
	}
}

func TestFeedsWithWrongSettingsAreRefused(t *testing.T) {
	o := start(t, Options{})
	for name, f := range map[string]Feed{
		"no interval":       {Name: "a"},
		"long look-back":    {Name: "b", Interval: time.Second, Lookback: 2 * MaxLookback},
		"negative lookback": {Name: "c", Interval: time.Second, Lookback: -1},
	} {
		if _, err := o.AddFeed(f); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
