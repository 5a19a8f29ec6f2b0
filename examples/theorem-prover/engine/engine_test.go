package engine

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/examples/shop/service"
	"github.com/homeostat/homeostat/examples/theorem-prover/eprover"
	"github.com/homeostat/homeostat/examples/theorem-prover/problem"
	"github.com/homeostat/homeostat/examples/theorem-prover/theorem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func TestFiguresAreOfTheLastSecondsAndUnknownAtFirst(t *testing.T) {
	f := newFigures(noon)
	if s := f.summarize(noon); s != (summary{unknown, unknown, unknown, unknown}) {
		t.Errorf("at the start: got %+v, want nothing known", s)
	}
	at := noon.Add(5 * time.Second)
	for _, v := range []eprover.Verdict{eprover.Proved, eprover.Proved, eprover.TimedOut, eprover.OutOfMemory} {
		f.ended(at, v)
	}
	f.asked(at, 3*time.Second)
	f.asked(at, time.Second)
	// Two proofs in five seconds, a quarter each of the four runs.
	if s := f.summarize(at); s != (summary{24, 25, 25, 2}) {
		t.Errorf("after four runs: got %+v", s)
	}
	if s := f.summarize(at.Add(window + time.Second)); s != (summary{0, 25, 25, unknown}) {
		t.Errorf("after the window: got %+v", s)
	}
	if s := f.summarize(at.Add(span + time.Second)); s != (summary{0, unknown, unknown, unknown}) {
		t.Errorf("after the span: got %+v", s)
	}
}

func TestUnknownFiguresAreLeftOutOfTheMetrics(t *testing.T) {
	f := newFigures(time.Now())
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(f)
	const rate = "prover_proofs_per_minute"
	if names := gather(t, registry); slices.Contains(names, rate) || !slices.Contains(names, "prover_runs_total") {
		t.Errorf("a young engine shows %v, want no %s", names, rate)
	}
	f.begun = time.Now().Add(-time.Minute)
	if names := gather(t, registry); !slices.Contains(names, rate) {
		t.Errorf("an old engine shows %v, want %s", names, rate)
	}
}

// gather returns the names of what is shown.
func gather(t *testing.T, r prometheus.Gatherer) (names []string) {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		names = append(names, f.GetName())
	}
	return names
}

func example(name string) theorem.Theorem {
	return theorem.Theorem{Hash: strings.Repeat("ab", 32), Name: name, Status: "Theorem", Heuristic: "auto", Seconds: 1}
}

func TestProofsWaitOnTheShelfUntilTheStoreTakesThem(t *testing.T) {
	kept, err := theorem.Open(filepath.Join(t.TempDir(), "theorems.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	var open atomic.Bool // the link to the store is
	pages := theorem.Pages(kept, hclog.NewNullLogger())
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if open.Load() {
			http.Error(w, "link is open", http.StatusServiceUnavailable)
			return
		}
		pages.ServeHTTP(w, r)
	}))
	defer store.Close()
	s := openShelf(Store{URL: store.URL, Timeout: service.Duration{Duration: time.Minute}, Shelf: 2}, hclog.NewNullLogger(), newFigures(noon))
	open.Store(true)
	for _, name := range []string{"first", "second", "third"} {
		s.put(t.Context(), example(name))
	}
	s.offer(t.Context())
	if !s.full() || s.lost != 1 || kept.Count() != 0 {
		t.Errorf("with the store away: full %v, %d lost, %d kept; want a full shelf, one lost, none kept", s.full(), s.lost, kept.Count())
	}
	open.Store(false)
	s.offer(t.Context())
	if _, left := s.take(); left || kept.Count() != 1 {
		t.Errorf("with the store back: %d kept, left on the shelf: %v", kept.Count(), left)
	}
	if _, found := s.find(t.Context(), example("").Hash); !found {
		t.Error("the theorem is not found")
	}
	bad := example("")
	s.put(t.Context(), bad)
	if _, left := s.take(); left {
		t.Error("a theorem that the store refused is on the shelf")
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
}

// resting is an engine without workers.
func resting(t *testing.T, file string) *Engine {
	t.Helper()
	e := &Engine{
		problems:   []problem.Problem{{Name: "a-1", Family: "a"}, {Name: "b-1", Family: "b"}},
		log:        hclog.NewNullLogger(),
		demandFile: file,
	}
	if err := e.loadDemand(map[string]int{"a": 1}); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestDemandIsKeptAndWrongOnesAreRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "demand.json")
	pages := Pages(resting(t, file))
	for _, c := range []struct {
		body string
		want int
	}{
		{`{"b": 3}`, http.StatusOK},
		{`{"c": 3}`, http.StatusBadRequest},
		{`{"a": "3"}`, http.StatusBadRequest},
		{`{"a": 3} {"b": 1}`, http.StatusBadRequest},
		{`{`, http.StatusBadRequest},
		{`{"a": 1` + strings.Repeat(" ", maxDemand) + `}`, http.StatusBadRequest},
	} {
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/demand", strings.NewReader(c.body)))
		if w.Code != c.want {
			t.Errorf("%.40s: got status %d (%s), want %d", c.body, w.Code, w.Body, c.want)
		}
	}
	if d := resting(t, file).Demand(); len(d) != 1 || d["b"] != 3 {
		t.Errorf("the next run begins with %v, want the demand for 3 of b", d)
	}
}

func TestWrongSettingsAreRefusedByKey(t *testing.T) {
	for key, spoil := range map[string]func(*Settings){
		"prove.heuristic":    func(s *Settings) { s.Prove.Heuristic = "guess" },
		"prove.time_limit":   func(s *Settings) { s.Prove.TimeLimit = 0 },
		"prove.memory_limit": func(s *Settings) { s.Prove.MemoryLimit = 1 },
		"prove.workers":      func(s *Settings) { s.Prove.Workers = 65 },
		"store.url":          func(s *Settings) { s.Store.URL = "127.0.0.1:9310" },
		"store.timeout":      func(s *Settings) { s.Store.Timeout.Duration = 0 },
		"store.shelf":        func(s *Settings) { s.Store.Shelf = 0 },
		"problems":           func(s *Settings) { s.Problems.Dir = "" },
	} {
		p := NewProgram()
		if err := p.Check(); err != nil {
			t.Fatalf("defaults: %v", err)
		}
		spoil(&p.settings)
		if err := p.Check(); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("settings with a wrong %s: got %v", key, err)
		}
	}
}
