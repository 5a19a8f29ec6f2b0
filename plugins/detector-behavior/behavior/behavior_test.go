package behavior

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/plugintest"
	"github.com/homeostat/homeostat/sdk/serve"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const every = 30 * time.Second

// world makes windows of web, which calls store: the signals of both follow the
// same load. The changes take effect from row number from on.
type world struct {
	from   int
	change func(values map[signal]float64)
}

// noise is a repeatable value from -1 to 1.
func noise(i, j int) float64 { return math.Sin(float64(i*7919+j*104729) * 12.9898) }

// values are the signals of both components in row i.
func (x world) values(i int) map[signal]float64 {
	load := 50 + 20*math.Sin(float64(i)/40) + 2*noise(i, 0)
	out := map[signal]float64{
		{"web", "cpu_percent"}:     load + noise(i, 1),
		{"web", "requests"}:        10*load + 8*noise(i, 2),
		{"web", "latency_seconds"}: load/1000 + 0.002*noise(i, 3),
		{"store", "cpu_percent"}:   load/2 + noise(i, 4),
		{"store", "fds"}:           20 + load/10 + noise(i, 5),
	}
	if x.change != nil && i >= x.from {
		x.change(out)
	}
	return out
}

func (x world) window(component string, i int) sdk.Window {
	end := plugintest.Epoch.Add(time.Duration(i) * every)
	w := sdk.Window{
		Component: component, Reason: sdk.ReasonInterval, Start: end.Add(-every), End: end,
		Status: sdk.ComponentStatus{Name: component, Kind: "command", State: sdk.StateUp, Generation: 1},
		Links:  []sdk.Link{{From: "web", To: "store", Depends: true}},
	}
	values := x.values(i)
	for _, id := range []signal{{"store", "cpu_percent"}, {"store", "fds"}, {"web", "cpu_percent"}, {"web", "latency_seconds"}, {"web", "requests"}} {
		w.Series = append(w.Series, sdk.Series{
			Component: id.Component, Name: id.Name, Unit: "u", Kind: sdk.Gauge, Times: []int64{end.UnixMilli()}, Values: []float64{values[id]},
		})
	}
	return w
}

func config(c Config) Config {
	c.Step, c.Warmup, c.Memory, c.Settle, c.For = every, 30*time.Minute, 168*time.Hour, 2*time.Minute, time.Minute
	c.Accept, c.Sensitivity, c.Neighbours, c.Severity = 6*time.Hour, 1, true, sdk.SeverityLow
	return c
}

func detector(t *testing.T) *Detector {
	t.Helper()
	d, err := New(config(Config{}), sdk.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return d.(*Detector)
}

// run shows the rows of a stretch to the detector and returns what it reported of
// each component, the last report of each state.
func run(t *testing.T, d *Detector, x world, rows [2]int) (begun, ended []sdk.Anomaly) {
	t.Helper()
	open := map[string]bool{}
	for i := rows[0]; i < rows[1]; i++ {
		for _, component := range []string{"web", "store"} {
			found, err := d.Detect(context.Background(), x.window(component, i))
			if err != nil && !errors.Is(err, sdk.ErrNotReady) {
				t.Fatalf("row %d of %s: %v", i, component, err)
			}
			for _, a := range found {
				if err := a.Validate(); err != nil {
					t.Fatalf("row %d of %s: %v", i, component, err)
				}
				switch {
				case a.Ended:
					ended = append(ended, a)
					delete(open, a.ID())
				case !open[a.ID()]:
					begun = append(begun, a)
					open[a.ID()] = true
				}
			}
		}
	}
	return begun, ended
}

// lazy: web's latency no longer follows the load, though it stays within
// or near its usual range.
func lazy(v map[signal]float64) {
	id := signal{"web", "latency_seconds"}
	if v[id] < 0.05 {
		v[id] += 0.04
	} else {
		v[id] -= 0.04
	}
}

func TestABrokenRelationIsReportedWithItsSignalAndEndsWhenItIsBack(t *testing.T) {
	d := detector(t)
	if begun, _ := run(t, d, world{}, [2]int{0, 1000}); len(begun) > 0 {
		t.Fatalf("usual behavior: got %+v, want none", begun)
	}
	begun, _ := run(t, d, world{from: 1000, change: lazy}, [2]int{1000, 1030})
	if len(begun) != 1 || begun[0].Component != "web" || begun[0].Signal != "latency_seconds" {
		t.Fatalf("got %+v, want one anomaly of web's latency", begun)
	}
	a := begun[0]
	if !strings.Contains(a.Summary, "latency_seconds") || !strings.Contains(a.Summary, "times worse") || len(a.Evidence) == 0 {
		t.Errorf("the anomaly does not explain itself: %q, %v", a.Summary, a.Evidence)
	}
	_, ended := run(t, d, world{}, [2]int{1030, 1080})
	if len(ended) == 0 || ended[0].ID() != a.ID() {
		t.Errorf("got the ends %+v, want that of %s", ended, a.ID())
	}
}

func TestALinkedComponentIsNamedAsTheCause(t *testing.T) {
	d := detector(t)
	run(t, d, world{}, [2]int{0, 1000})
	broken := func(v map[signal]float64) {
		v[signal{"store", "cpu_percent"}] = 95
		v[signal{"web", "latency_seconds"}] += 0.05
	}
	run(t, d, world{from: 1000, change: broken}, [2]int{1000, 1020})
	evidence := d.suspects(plugintest.Epoch.Add(1000 * every))
	if len(evidence) == 0 || evidence[0].Component != "store" || evidence[0].Signal != "cpu_percent" {
		t.Errorf("got the suspects %+v, want the processor of store first", evidence)
	}
}

func TestARestartIsNoAlarm(t *testing.T) {
	d := detector(t)
	run(t, d, world{}, [2]int{0, 500})
	cold := func(v map[signal]float64) { v[signal{"web", "latency_seconds"}], v[signal{"web", "requests"}] = 0.3, 1 }
	x := world{from: 500, change: cold}
	for i := 500; i < 504; i++ {
		w := x.window("web", i)
		w.Status.Generation = 2
		if i == 500 {
			w.Events = []sdk.Event{{Time: w.End, Component: "web", Type: sdk.EventStarted, Generation: 2}}
		}
		if found, err := d.Detect(t.Context(), w); err != nil || len(found) > 0 {
			t.Errorf("%d s after the restart: got %+v, %v", (i-500)*30, found, err)
		}
	}
}

func TestASingleWildRowIsNoAlarm(t *testing.T) {
	d := detector(t)
	run(t, d, world{}, [2]int{0, 1000})
	wild := func(v map[signal]float64) { v[signal{"web", "cpu_percent"}] = 5000 }
	first, _ := run(t, d, world{from: 1000, change: wild}, [2]int{1000, 1001})
	after, _ := run(t, d, world{}, [2]int{1001, 1100})
	if len(first)+len(after) > 0 {
		t.Errorf("got %+v %+v, want none", first, after)
	}
}

func TestMissingDataNeitherBeginsNorEndsAnAnomaly(t *testing.T) {
	d := detector(t)
	run(t, d, world{}, [2]int{0, 1000})
	run(t, d, world{from: 1000, change: lazy}, [2]int{1000, 1030})
	w := world{}.window("web", 1030)
	w.Series = nil
	found, err := d.Detect(t.Context(), w)
	if err != nil || len(found) != 1 || found[0].Ended {
		t.Errorf("got %+v, %v, want the open anomaly again", found, err)
	}
}

func TestWarmUpIsSaid(t *testing.T) {
	d := detector(t)
	_, err := d.Detect(t.Context(), world{}.window("web", 0))
	if !errors.Is(err, sdk.ErrNotReady) {
		t.Errorf("got %v, want ErrNotReady", err)
	}
	run(t, d, world{}, [2]int{1, 21})
	text, err := d.Explain(t.Context(), "web")
	if err != nil || !strings.Contains(text, "learning web, 10m0s of 30m0s") {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestMarksMoveTheThresholdThereAndBack(t *testing.T) {
	d := detector(t)
	run(t, d, world{}, [2]int{0, 1000})
	begun, _ := run(t, d, world{from: 1000, change: lazy}, [2]int{1000, 1010})
	if len(begun) != 1 {
		t.Fatalf("got %d anomalies, want 1", len(begun))
	}
	before := d.profiles["web"].threshold(d.config)
	mark := sdk.Mark{Anomaly: begun[0]}
	if err := d.Feedback(t.Context(), mark); err != nil {
		t.Fatal(err)
	}
	if got := d.profiles["web"].threshold(d.config); math.Abs(got-markStep*before) > 1e-9 {
		t.Errorf("threshold %v after a false alarm, want %v", got, markStep*before)
	}
	if text, _ := d.Explain(t.Context(), "web"); !strings.Contains(text, "latency_seconds is allowed 1.50 times") {
		t.Errorf("the mark is not visible in %q", text)
	}
	mark.Right = true
	if err := d.Feedback(t.Context(), mark); err != nil {
		t.Fatal(err)
	}
	if got := d.profiles["web"].threshold(d.config); math.Abs(got-before) > 1e-9 {
		t.Errorf("threshold %v after the mark was undone, want %v", got, before)
	}
	if err := d.Feedback(t.Context(), sdk.Mark{Anomaly: sdk.Anomaly{Component: "nobody", Kind: kindBehavior}}); err == nil {
		t.Error("a mark of an unknown component was taken")
	}
}

func TestChangedBehaviorBecomesUsualInTheEnd(t *testing.T) {
	d := detector(t)
	run(t, d, world{}, [2]int{0, 1000})
	_, ended := run(t, d, world{from: 1000, change: lazy}, [2]int{1000, 1000 + int(7*time.Hour/every)})
	if len(ended) == 0 || !strings.Contains(ended[0].Summary, "taken as usual") {
		t.Errorf("got the ends %+v, want one that accepts the new behavior", ended)
	}
}

func TestDetectorKeepsTheContract(t *testing.T) {
	var windows []sdk.Window
	x := world{from: 220, change: lazy}
	for i := range 240 {
		windows = append(windows, x.window("web", i), x.window("store", i))
	}
	plugintest.Detector(t, serve.NewDetector("behavior", "0.1.0", New), plugintest.Case{Config: "warmup = \"30m\"", Windows: windows})
}

func TestDamagedStatesAreRefused(t *testing.T) {
	d := detector(t)
	run(t, d, world{}, [2]int{0, 100})
	state, err := d.SaveState()
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{
		"cut": state[:len(state)/2], "flipped": append(append([]byte{}, state[:len(state)-1]...), state[len(state)-1]^1), "other version": []byte("behavior 0\n0000"),
	} {
		if err := d.LoadState(bad); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if err := d.LoadState(state); err != nil {
		t.Error(err)
	}
}

func TestStateStaysWithinItsBound(t *testing.T) {
	d := detector(t)
	for c := range 120 {
		p := d.profile("component-" + strings.Repeat("x", c))
		for i := range 64 {
			p.samples(sdk.Series{Component: p.Component, Name: strings.Repeat("s", i+1), Values: []float64{math.Pi * float64(i*c)}, Times: []int64{1}})
		}
		for i := range 70 {
			values := make([]float64, 64)
			for j := range values {
				values[j] = noise(i, j) * math.E
			}
			p.learn(values, plugintest.Epoch.Add(time.Duration(c*100+i)*every))
		}
	}
	state, err := d.SaveState()
	if err != nil || len(state) > sdk.MaxState {
		t.Fatalf("%d bytes, %v; at most %d are allowed", len(state), err, sdk.MaxState)
	}
	heir := detector(t)
	if err := heir.LoadState(state); err != nil {
		t.Fatal(err)
	}
	if _, kept := heir.profiles["component-"+strings.Repeat("x", 119)]; !kept {
		t.Error("the component that was seen last is not in the state")
	}
}

func TestRankingOfOneWindowAgainstTheTraining(t *testing.T) {
	c := config(Config{Rank: true})
	d, err := New(c, sdk.Env{})
	if err != nil {
		t.Fatal(err)
	}
	column := func(component string, level float64) sdk.Series {
		s := sdk.Series{Component: component, Name: "cpu"}
		for i := range 50 {
			s.Times, s.Values = append(s.Times, int64(i)), append(s.Values, level+noise(i, len(component)))
		}
		return s
	}
	train := sdk.Window{Component: sdk.HostComponent, Series: []sdk.Series{column("web", 10), column("store", 10)}}
	if err := d.(*Detector).Train(t.Context(), []sdk.Window{train}); err != nil {
		t.Fatal(err)
	}
	found, err := d.Detect(t.Context(), sdk.Window{Component: sdk.HostComponent, Series: []sdk.Series{column("web", 12), column("store", 40)}})
	if err != nil || len(found) != 2 || found[0].Component != "store" || found[0].Score <= found[1].Score {
		t.Errorf("got %+v, %v, want store before web", found, err)
	}
}
