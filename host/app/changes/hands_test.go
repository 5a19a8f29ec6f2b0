package changes_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/app/changes"
	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/backup"
	"github.com/homeostat/homeostat/host/breaker"
	"github.com/homeostat/homeostat/host/change"
	"github.com/homeostat/homeostat/host/change/gate"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/txn"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/host/health"
	"github.com/homeostat/homeostat/host/ratelimit"
	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// engine runs transactions in this process.
type engine struct{ txn.Engine }

func (e engine) Apply(_ context.Context, c txn.Change) (txn.Result, error) { return e.Engine.Apply(c) }
func (e engine) Confirm(_ context.Context, id string) (txn.Result, error) {
	return e.Engine.Confirm(id)
}
func (e engine) Rollback(_ context.Context, id string) (txn.Result, error) {
	return e.Engine.Rollback(id)
}
func (e engine) Recover(_ context.Context, roots []string) ([]txn.Result, error) {
	return e.Engine.Recover(roots)
}

// sickHost is a world on which no person may change anything; its component is
// well and notes when it is told to read its files.
type sickHost struct {
	mu   sync.Mutex
	told []string
}

func (s *sickHost) Activate(_ context.Context, component string, how change.Activation, _ string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, string(how)+" "+component)
	return "did it", nil
}

func (s *sickHost) Look(context.Context, string) (record.Verdict, string) { return record.Pass, "well" }
func (s *sickHost) AnswerWithin(string) time.Duration                     { return time.Minute }
func (s *sickHost) Ills() map[string]int                                  { return nil }
func (s *sickHost) Anomalies() map[string]bool                            { return nil }
func (s *sickHost) Health(context.Context) health.Report {
	m, err := health.New(health.DefaultConfig())
	if err != nil {
		panic(err)
	}
	return m.Observe(time.Now(), health.Reading{CPU: health.Known(100), MemoryAvailable: health.Known(1), Disk: health.Known(100)})
}

func (s *sickHost) orders() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.told, ", ")
}

// documents keeps records in memory.
type documents struct {
	mu   sync.Mutex
	docs map[string][]byte
}

func (d *documents) Put(_ context.Context, kind, id string, doc []byte, _ time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.docs[kind+"/"+id] = doc
	return nil
}

func (d *documents) Get(_ context.Context, kind, id string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.docs[kind+"/"+id], nil
}

func (d *documents) List(_ context.Context, kind string, _ int) ([][]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out [][]byte
	for key, doc := range d.docs {
		if strings.HasPrefix(key, kind+"/") {
			out = append(out, doc)
		}
	}
	return out, nil
}

const hostConfig = `
[[component]]
name = "web"
command = ["./web"]
dir = %[1]q
[[component.parameter]]
name = "workers"
type = "int"
min = 1
max = 64
default = 8
max_step = 8
file = "web.json"
key = "pool.workers"
[[root]]
name = "site"
path = %[1]q
component = "web"
activate = "reload"
watch = "1h"
`

const before = `{"pool": {"workers": 8, "queue": 5}}` + "\n"

// house is a root with a real pipeline over it, whose gates let nobody through.
type house struct {
	changes.Hands
	world *sickHost
	file  string
}

func newHouse(t *testing.T) house {
	t.Helper()
	dir := t.TempDir()
	site := filepath.Join(dir, "site")
	for _, name := range []string{"site", "state", "journals", "backups"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	h := house{world: &sickHost{}, file: filepath.Join(site, "web.json")}
	if err := os.WriteFile(h.file, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	settings, err := config.Parse(fmt.Appendf(nil, hostConfig, site), filepath.Join(dir, "config.toml"), config.Host{Root: true})
	if err != nil {
		t.Fatal(err)
	}
	store, err := backup.Open(filepath.Join(dir, "backups"), atomicfile.Ops{})
	if err != nil {
		t.Fatal(err)
	}
	pipeline, err := change.New(t.Context(), change.Options{
		Log: hclog.NewNullLogger(), Settings: func() change.Settings { return changes.Settings(settings) },
		Dir: filepath.Join(dir, "state"), Files: engine{txn.Engine{Journals: filepath.Join(dir, "journals")}}, Backups: store,
		World: h.world, Store: &documents{docs: map[string][]byte{}},
		Gate:  gate.Config{Breaker: breaker.DefaultConfig(), Rate: ratelimit.Config{Max: 1, PerAuthor: 1, PerComponent: 1, Window: time.Hour}},
		Audit: func(string, string, map[string]any) error { return nil }, Changed: func(record.Record) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		pipeline.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	h.Hands = changes.Hands{Pipeline: func() *change.Pipeline { return pipeline }, Settings: func() *config.Settings { return settings }}
	return h
}

func (h house) holds(t *testing.T, want string) {
	t.Helper()
	got, err := os.ReadFile(h.file)
	if err != nil || string(got) != want {
		t.Errorf("the file holds %q, %v, want %q", got, err, want)
	}
}

func workers(n float64) sdk.SetParameters {
	return sdk.SetParameters{Component: "web", Values: map[string]sdk.Value{"workers": {Number: n}}}
}

func TestParametersAreSetOnASickHostAsOftenAsNeededAndUndone(t *testing.T) {
	h := newHouse(t)
	for n := range 3 { // the rate limit lets one through, and health none
		id, err := h.SetParameters(t.Context(), "rec_1/0", workers(16), "requests wait")
		if err != nil {
			t.Fatalf("move %d: %v", n+1, err)
		}
		h.holds(t, `{"pool": {"workers": 16, "queue": 5}}`+"\n")
		if _, err := h.RollbackChange(t.Context(), sdk.RollbackChange{Change: id}, "it did not help"); err != nil {
			t.Fatalf("undo %d: %v", n+1, err)
		}
		h.holds(t, before)
	}
	if got := h.world.orders(); strings.Count(got, "reload web") != 6 {
		t.Errorf("the owner was told %q, want six reloads: for each move and each way back", got)
	}
}

func TestSetParametersThatAreNotAllowedTouchNothing(t *testing.T) {
	h := newHouse(t)
	for want, s := range map[string]sdk.SetParameters{
		"outside 1 to 64":    workers(65),
		"more than the step": workers(17),
		"not declared":       {Component: "web", Values: map[string]sdk.Value{"queue": {Number: 1}}},
		"no component":       {Component: "wob", Values: map[string]sdk.Value{"workers": {Number: 9}}},
	} {
		if err := h.CheckParameters(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("check: got %v, want %q", err, want)
		}
		if _, err := h.SetParameters(t.Context(), "rec_1/0", s, "why"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("set: got %v, want %q", err, want)
		}
	}
	h.holds(t, before)
	if got := h.world.orders(); got != "" {
		t.Errorf("the owner was told %q, want nothing", got)
	}
}

func TestSecondMoveDuringTheWatchIsRefusedAndTheFirstStays(t *testing.T) {
	h := newHouse(t)
	if _, err := h.SetParameters(t.Context(), "rec_1/0", workers(16), "requests wait"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.SetParameters(t.Context(), "rec_1/0", workers(20), "still"); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("got %v, want that the root is taken", err)
	}
	h.holds(t, `{"pool": {"workers": 16, "queue": 5}}`+"\n")
}

func TestRollbackThatCameTooLateIsDoneAlready(t *testing.T) {
	h := newHouse(t)
	id, err := h.SetParameters(t.Context(), "rec_1/0", workers(16), "requests wait")
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 {
		if text, err := h.RollbackChange(t.Context(), sdk.RollbackChange{Change: id}, "again"); err != nil || text == "" {
			t.Errorf("time %d: got %q, %v", n+1, text, err)
		}
	}
	if err := h.CheckRollback(sdk.RollbackChange{Change: id}); !errors.Is(err, change.ErrState) {
		t.Errorf("check afterwards: got %v, want that there is nothing to undo", err)
	}
	h.holds(t, before)
}
