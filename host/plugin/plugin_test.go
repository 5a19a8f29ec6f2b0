package plugin

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/plugin/supervisor"
	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/wire"
)

// TestMain turns the test binary into one of the beasts of the zoo when a host
// under test starts it as a plugin: the plugin's name, which is its first
// argument, says which.
func TestMain(m *testing.M) {
	if os.Getenv(wire.Handshake.MagicCookieKey) != "" {
		runBeast(os.Args[0])
		return
	}
	if dir := os.Getenv(hostRole); dir != "" {
		runHost(dir)
		return
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(examplesDir)
		os.Exit(code)
	}))
}

// patience bounds every wait of these tests. It is far above what is expected,
// for the machine may be loaded; no test depends on being near it.
const patience = 2 * time.Minute

// quick is a timing that lets a test see in seconds what takes minutes.
func quick() supervisor.Timing {
	return supervisor.Timing{
		HealthEvery: 200 * time.Millisecond, HealthDeadline: 500 * time.Millisecond, Misses: 3,
		BackoffMin: 20 * time.Millisecond, BackoffMax: 100 * time.Millisecond,
		FailureWindow: time.Hour, FailureLimit: 5, Quarantine: time.Hour,
		SaveEvery: time.Hour, StopGrace: 500 * time.Millisecond,
	}
}

// fixture is a host under test and what it reported.
type fixture struct {
	*Host
	state string
	log   *syncBuffer

	mu     sync.Mutex
	events []sdk.Event
	news   chan struct{}
}

func (f *fixture) sink(e sdk.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, e)
	select {
	case f.news <- struct{}{}:
	default:
	}
}

// await waits until an event of the type was reported and returns it.
func (f *fixture) await(t *testing.T, kind sdk.EventType) sdk.Event {
	t.Helper()
	deadline := time.After(patience)
	for {
		f.mu.Lock()
		for i, e := range f.events {
			if e.Type == kind {
				f.events = f.events[i+1:]
				f.mu.Unlock()
				return e
			}
		}
		f.mu.Unlock()
		select {
		case <-f.news:
		case <-deadline:
			t.Fatalf("no event %s within %v; log:\n%s", kind, patience, f.log)
		}
	}
}

// newFixture makes a host that is not started; the test's end closes it.
func newFixture(t *testing.T, change func(*Options), specs ...Spec) *fixture {
	t.Helper()
	f := &fixture{state: t.TempDir(), log: &syncBuffer{}, news: make(chan struct{}, 1)}
	o := Options{
		StateDir: f.state, WriteFile: writeFile, Sink: f.sink, Specs: specs, Timing: quick(),
		Log: hclog.New(&hclog.LoggerOptions{Level: hclog.Debug, Output: f.log}),
	}
	if change != nil {
		change(&o)
	}
	h, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	f.Host = h
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := h.Close(ctx); err != nil {
			t.Errorf("close: %v; log:\n%s", err, f.log)
		}
	})
	return f
}

func started(t *testing.T, specs ...Spec) *fixture {
	t.Helper()
	f := newFixture(t, nil, specs...)
	if err := f.Start(t.Context()); err != nil {
		t.Fatalf("start: %v; log:\n%s", err, f.log)
	}
	return f
}

// beast is the spec of the test binary in one of its roles.
func beast(name string) Spec {
	return Spec{Name: name, Kind: wire.KindDetector, Path: testBinary(), Unpinned: true, StartTimeout: patience, CallTimeout: patience, Memory: beastMemory}
}

func testBinary() string {
	path, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return path
}

// writeFile replaces a file by rename; durability is not what is tested here.
func writeFile(path string, data []byte, mode fs.FileMode) error {
	if err := os.WriteFile(path+".new", data, mode); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// examplesDir is empty until an example was asked for; the end of the run
// removes it.
var examplesDir string

// examples builds the example plugins once and returns their folder.
var examples = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "homeostat-examples-")
	if err != nil {
		return "", err
	}
	examplesDir = dir
	build := exec.Command("go", "build", "-o", dir, "../../examples/detector-ceiling", "../../examples/strategy-restart-once")
	if out, err := build.CombinedOutput(); err != nil {
		return dir, fmt.Errorf("%w: %s", err, out)
	}
	return dir, nil
})

func example(t *testing.T, name string) string {
	t.Helper()
	dir, err := examples()
	if err != nil {
		t.Fatalf("build the examples: %v", err)
	}
	return filepath.Join(dir, name)
}

func window(values ...float64) sdk.Window {
	end := time.Unix(1_700_000_000, 0).UTC()
	times := make([]int64, len(values))
	for i := range times {
		times[i] = end.UnixMilli() - int64(len(values)-1-i)*1000
	}
	return sdk.Window{Component: "web", Reason: sdk.ReasonInterval, End: end, Series: []sdk.Series{
		{Component: "web", Name: "cpu_percent", Unit: "percent", Kind: sdk.Gauge, Times: times, Values: values},
	}}
}

func TestExampleDetectorReportsWhatIsAboveItsCeiling(t *testing.T) {
	f := started(t, Spec{
		Name: "ceiling", Kind: wire.KindDetector, Path: example(t, "detector-ceiling"), Unpinned: true,
		ConfigTOML: []byte("signal = \"cpu_percent\"\nceiling = 50"),
	})
	d := f.Detectors()[0]
	found, err := d.Detect(t.Context(), window(10, 99))
	if err != nil {
		t.Fatalf("%v; log:\n%s", err, f.log)
	}
	if len(found) != 1 || found[0].Ended || found[0].Component != "web" || found[0].Start.IsZero() {
		t.Errorf("got %+v, want one open anomaly of web with its start filled in", found)
	}
	found, err = d.Detect(t.Context(), window(99, 10))
	if err != nil || len(found) != 1 || !found[0].Ended {
		t.Errorf("got %+v, %v, want the anomaly ended", found, err)
	}
}

func TestExampleStrategyRestartsOnceAndThenHandsOver(t *testing.T) {
	f := started(t, Spec{Name: "once", Kind: wire.KindStrategy, Path: example(t, "strategy-restart-once"), Unpinned: true})
	s := f.Strategies()[0]
	p, err := s.Propose(t.Context(), sdk.Incident{ID: "1", Component: "web"})
	if err != nil || len(p.Actions) != 1 || p.Actions[0] != (sdk.Restart{Component: "web"}) {
		t.Fatalf("got %+v, %v, want a restart of web", p, err)
	}
	p, err = s.Propose(t.Context(), sdk.Incident{ID: "1", Component: "web", Attempts: []sdk.Attempt{{Strategy: "once"}}})
	if err != nil || len(p.Actions) != 1 || p.Actions[0].Kind() != sdk.KindHandOver {
		t.Errorf("got %+v, %v, want a hand-over", p, err)
	}
}
