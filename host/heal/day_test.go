package heal

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/plugins/detector-behavior/behavior"
	"github.com/homeostat/homeostat/plugins/detector-health/health"
	"github.com/homeostat/homeostat/plugins/detector-logs/logs"
	"github.com/homeostat/homeostat/plugins/detector-timeseries/timeseries"
	"github.com/homeostat/homeostat/plugins/strategy-restart/restart"
	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/serve/settings"
)

// window is the detection interval.
const window = 30 * time.Second

// built makes a plugin with its default settings.
func built[C, P any](t *testing.T, make func(C, sdk.Env) (P, error)) P {
	t.Helper()
	var c C
	if problems := settings.Decode(nil, &c); len(problems) > 0 {
		t.Fatalf("%T: %v", c, problems)
	}
	p, err := make(c, sdk.Env{Log: hclog.NewNullLogger()})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// adapter is a plugin's algorithm as healing sees it.
type adapter struct {
	sdk.Strategy
	name string
}

func (a adapter) Name() string { return a.name }

func (adapter) Learn(context.Context, sdk.Outcome) error { return nil }

// day plays a healthy and noisy host: load that follows the hours, collections
// of garbage that hold a second, an hourly job, a nightly backup with its
// rotation of logs, a slow growth of the disk, an error now and then.
type day struct {
	t         *testing.T
	w         *world
	detectors map[string]sdk.Detector
	rng       *rand.Rand
	// skew is how far the host's clock is from the one that began.
	skew   time.Duration
	found  map[string]int
	worst  sdk.Severity
	events []sdk.Event
}

func (d *day) now() time.Time { return time.Now().Add(d.skew) }

// load is how busy the host is, from 0 to 1.
func (d *day) load(at time.Time) float64 {
	hour := float64(at.Unix()%86400) / 3600
	return 0.5 - 0.4*math.Cos(2*math.Pi*hour/24)
}

func (d *day) backup(at time.Time) bool { return at.Hour() == 3 && at.Minute() < 20 }
func (d *day) cron(at time.Time) bool   { return at.Minute() == 5 && at.Second() < 40 }

// column gathers one signal of a window.
func (d *day) column(name, unit string, at []time.Time, value func(time.Time) float64) sdk.Series {
	s := sdk.Series{Name: name, Unit: unit, Kind: sdk.Gauge}
	if unit == "percent" {
		s.Range = &sdk.Range{Min: 0, Max: 100}
	}
	for _, when := range at {
		v := value(when)
		if s.Range != nil {
			v = min(max(v, 0), 100)
		}
		s.Times, s.Values = append(s.Times, when.UnixMilli()), append(s.Values, max(v, 0))
	}
	return s
}

func when(yes bool, v float64) float64 {
	if yes {
		return v
	}
	return 0
}

// signals are those of a service, or of the machine.
func (d *day) signals(component string, at []time.Time) []sdk.Series {
	n := d.rng.NormFloat64
	gc := func() bool { return d.rng.IntN(150) == 0 }
	var out []sdk.Series
	if component == sdk.HostComponent {
		out = []sdk.Series{
			d.column("cpu_percent", "percent", at, func(x time.Time) float64 {
				return 10 + 45*d.load(x) + 4*n() + when(d.cron(x), 30) + when(d.backup(x), 15)
			}),
			d.column("load1", "tasks", at, func(x time.Time) float64 { return 1 + d.load(x) + 0.2*n() + when(d.cron(x) || d.backup(x), 1.5) }),
			d.column("memory_available_percent", "percent", at, func(x time.Time) float64 { return 55 - 10*d.load(x) + n() - when(d.backup(x), 12) }),
			d.column("psi_cpu_some", "percent", at, func(x time.Time) float64 { return 4*d.load(x) + math.Abs(n()) + when(d.cron(x), 15) }),
			d.column("psi_io_some", "percent", at, func(x time.Time) float64 { return 1 + math.Abs(n()) + when(d.backup(x), 25) }),
			d.column("disk_used_percent//", "percent", at, func(x time.Time) float64 { return 52 + 3*float64((x.Unix()-4*3600)%86400)/86400 + 0.02*n() }),
		}
	} else {
		out = []sdk.Series{
			d.column("cpu_percent", "", at, func(x time.Time) float64 { return 8 + 40*d.load(x) + 3*n() + when(gc(), 120) }),
			d.column("rss_bytes", "bytes", at, func(x time.Time) float64 { return 4e8 + 5e7*d.load(x) + 4e7*float64(x.Unix()%300)/300 + 4e6*n() }),
			d.column("threads", "threads", at, func(time.Time) float64 { return float64(20 + d.rng.IntN(4)) }),
			d.column("fds", "descriptors", at, func(x time.Time) float64 { return math.Round(40 + 30*d.load(x) + 3*n()) }),
			d.column("io_write_bytes_per_second", "bytes per second", at, func(x time.Time) float64 { return 2e4 + 5e3*n() + when(d.backup(x), 2e7) }),
			d.column("log_lines_per_second", "lines per second", at, func(x time.Time) float64 { return 1 + 3*d.load(x) + 0.3*n() }),
			d.column("log_errors_per_second", "lines per second", at, func(time.Time) float64 { return when(d.rng.IntN(60) == 0, 1) }),
			d.column("request_seconds", "seconds", at, func(x time.Time) float64 { return 0.03 + 0.02*d.load(x) + math.Abs(0.004*n()) + when(gc(), 0.4) }),
		}
	}
	for i := range out {
		out[i].Component = component
	}
	return out
}

func (d *day) lines(component string, at time.Time) []sdk.LogLine {
	if component == sdk.HostComponent {
		return nil
	}
	var out []sdk.LogLine
	say := func(format string, args ...any) {
		out = append(out, sdk.LogLine{Time: at, Component: component, Source: component + ".log", Text: at.Format(time.DateTime) + " " + fmt.Sprintf(format, args...)})
	}
	for range 2 + int(8*d.load(at)) {
		say("INFO served /item/%d in %d ms to 10.0.%d.%d", d.rng.IntN(5000), 5+d.rng.IntN(40), d.rng.IntN(4), d.rng.IntN(250))
	}
	if d.rng.IntN(2) == 0 {
		say("ERROR client 10.0.1.%d went away after %d bytes", d.rng.IntN(250), d.rng.IntN(9000))
	}
	if d.rng.IntN(10) == 0 {
		say("WARN garbage collection took %d ms", 100+d.rng.IntN(900))
	}
	if d.backup(at) {
		say("INFO backup: copied segment %d", d.rng.IntN(999))
	}
	return out
}

// pass lets one detection interval go by.
func (d *day) pass() {
	time.Sleep(window)
	end := d.now()
	var at []time.Time
	for second := range int(window.Seconds()) {
		at = append(at, end.Add(time.Duration(second+1)*time.Second-window))
	}
	machine := d.signals(sdk.HostComponent, at)
	for _, name := range []string{"web", "store", sdk.HostComponent} {
		win := sdk.Window{Component: name, Reason: sdk.ReasonInterval, Start: end.Add(-window), End: end, Logs: d.lines(name, end), Events: d.events}
		win.Series = machine
		if name != sdk.HostComponent {
			win.Series = append(d.signals(name, at), machine...)
			win.Status, _ = d.w.Status(name)
		}
		for detector, algorithm := range d.detectors {
			d.judge(detector, algorithm, win)
		}
	}
	d.events = nil
	synctest.Wait()
}

func (d *day) judge(name string, algorithm sdk.Detector, win sdk.Window) {
	found, err := algorithm.Detect(d.t.Context(), win)
	if err != nil && !errors.Is(err, sdk.ErrNotReady) {
		d.t.Fatalf("%s: %v", name, err)
	}
	for i, a := range found {
		found[i] = a.WithDefaults(win)
		if !a.Ended {
			d.found[name]++
			d.worst = max(d.worst, found[i].Severity)
		}
	}
	if err := d.w.heal.Report(name, win, found); err != nil {
		d.t.Fatal(err)
	}
}

// TestTwoHealthyNoisyDaysGetNoAction plays two days, the first of which the
// detectors learn from, through the shipped detectors, the coordinator and the
// restart strategy, all with their defaults and in mode automated. The clock
// steps twice and the services are restarted by a person once. In the end a
// real crash shows that the test would have seen an action.
func TestTwoHealthyNoisyDaysGetNoAction(t *testing.T) {
	if raceDetector {
		t.Skip("two days take too long under the race detector; the part healthy-days of make test runs it without")
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web", "store")
		set := shop()
		set.DetectionInterval = window
		w.boot(set, adapter{built(t, restart.New), "restart"})
		defer w.halt()
		d := &day{t: t, w: w, rng: rand.New(rand.NewPCG(7, 8)), found: map[string]int{}, detectors: map[string]sdk.Detector{
			"health": built(t, health.New), "timeseries": built(t, timeseries.New), "logs": built(t, logs.New), "behavior": built(t, behavior.New),
		}}
		for n := range int(48 * time.Hour / window) {
			switch at := time.Duration(n) * window; at {
			case 30 * time.Hour: // the clock is set forward, and back six hours later
				d.step(90 * time.Second)
			case 36 * time.Hour:
				d.step(-90 * time.Second)
			case 40 * time.Hour:
				w.observe(sdk.Event{Component: "web", Type: sdk.EventStopping, Time: time.Now()})
				w.observe(sdk.Event{Component: "web", Type: sdk.EventReady, Time: time.Now()})
			}
			d.pass()
		}
		t.Logf("anomalies reported: %v, worst %s, incidents: %d", d.found, d.worst, len(w.heal.Incidents()))
		w.wantOrders()
		if got := len(w.approvals()); got > 0 {
			t.Errorf("%d questions to a person in two healthy days", got)
		}
		w.crash("web", 1)
		synctest.Wait()
		w.wantOrders("restart web")
	})
}

// step moves the host's clock, as the observer tells of it.
func (d *day) step(by time.Duration) {
	d.skew += by
	for _, name := range []string{"web", "store", sdk.HostComponent} {
		d.events = append(d.events, sdk.Event{Time: d.now(), Component: name, Type: sdk.EventClockStep, Text: fmt.Sprintf("moved by %v", by)})
	}
}

// TestTheSameLoadWithABrokenThresholdGetsActions is the control of the two days: a
// limit of a careless operator, far below what is usual, has the web restarted.
func TestTheSameLoadWithABrokenThresholdGetsActions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web", "store")
		set := shop()
		set.DetectionInterval = window
		w.boot(set, adapter{built(t, restart.New), "restart"})
		defer w.halt()
		careless, err := health.New(health.Config{Thresholds: []health.Threshold{{
			Component: "web", Signal: "cpu_percent", Above: 5, Below: -1e300, For: 30 * time.Second, Clear: 1e300, Severity: sdk.SeverityMedium, Kind: sdk.AnomalyThreshold,
		}}}, sdk.Env{})
		if err != nil {
			t.Fatal(err)
		}
		d := &day{t: t, w: w, rng: rand.New(rand.NewPCG(7, 8)), found: map[string]int{}, detectors: map[string]sdk.Detector{"health": careless}}
		for range int(time.Hour / window) {
			d.pass()
		}
		if got := w.ordered(); len(got) == 0 {
			t.Errorf("no action in an hour above the limit; anomalies: %v", d.found)
		}
	})
}
