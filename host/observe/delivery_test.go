package observe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/observe/tape"
	"github.com/homeostat/homeostat/sdk"
)

func TestSlowFeedDelaysNobody(t *testing.T) {
	o := start(t, Options{})
	entered, release := make(chan struct{}, 100), make(chan struct{})
	_, err := o.AddFeed(Feed{Name: "slow", Interval: 10 * time.Millisecond, Deliver: func(ctx context.Context, _ string, _ sdk.Window) error {
		entered <- struct{}{}
		select {
		case <-release:
		case <-ctx.Done():
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	<-entered // the slow feed hangs from here on
	windows := collect(t, o, time.Hour)
	before := samples(o, "web")
	for i := range 20 {
		o.Event(sdk.Event{Time: time.Now(), Component: "web", Type: sdk.EventExited, PID: i})
		w := await(t, windows, func(w sdk.Window) bool { return len(w.Events) > 0 })
		if got := w.Events[len(w.Events)-1].PID; got != i {
			t.Fatalf("got event %d, want %d", got, i)
		}
	}
	waitFor(t, func() bool { return samples(o, "web") > before+1 })
	close(release)
}

// recent returns what is in memory of a component.
func recent(o *Observer, component string) []sdk.Series {
	w, _, _, _ := o.tape.Cut(readClocks(), tape.Request{Component: component, SeriesOnly: true})
	return w.Series
}

// samples counts the samples of a component's processor time in memory.
func samples(o *Observer, component string) int {
	for _, s := range recent(o, component) {
		if s.Name == "cpu_percent" {
			return len(s.Values)
		}
	}
	return 0
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not come true within a minute")
		}
	}
}

func TestRemovedFeedGetsNothingMoreAndCanBeAddedAgain(t *testing.T) {
	o := start(t, Options{})
	calls := make(chan sdk.Window, 10)
	f := Feed{Name: "once", Interval: time.Hour, Deliver: func(_ context.Context, _ string, w sdk.Window) error {
		calls <- w
		return nil
	}}
	remove, err := o.AddFeed(f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.AddFeed(f); err == nil {
		t.Error("a second feed of the same name was accepted")
	}
	remove()
	o.Event(sdk.Event{Time: time.Now(), Component: "web", Type: sdk.EventExited})
	if len(calls) > 0 {
		t.Error("a removed feed got a window")
	}
	remove, err = o.AddFeed(f)
	if err != nil {
		t.Fatal(err)
	}
	defer remove()
	o.Event(sdk.Event{Time: time.Now(), Component: "web", Type: sdk.EventReady})
	if w := await(t, calls, func(sdk.Window) bool { return true }); len(w.Events) != 1 || w.Events[0].Type != sdk.EventReady {
		t.Errorf("got events %v, want what came after the feed was added", w.Events)
	}
}

func TestErrorLinesPushWindowsWithTheirRate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "web.log")
	o := start(t, Options{})
	o.Apply([]Component{{Name: "web", Logs: []string{path}}}, nil)
	windows := collect(t, o, time.Hour)
	var text []byte
	for i := range 300 {
		text = fmt.Appendf(text, "2026-01-02 ERROR cannot reach store, try %d\n", i)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	lines, rate := 0, 0.0
	for lines < 300 || rate == 0 {
		w := await(t, windows, func(w sdk.Window) bool { return w.Component == "web" })
		lines += len(w.Logs)
		if s := find(w, "web", "log_errors_per_second"); s != nil {
			rate = max(rate, slices.Max(s.Values))
		}
		if w.Reason != sdk.ReasonEvent {
			t.Errorf("got reason %s, want a pushed window", w.Reason)
		}
	}
	if lines != 300 {
		t.Errorf("got %d lines, want 300", lines)
	}
}

func TestScrapedMetricsBecomeSignals(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "# TYPE requests_total counter\nrequests_total{code=\"200\"} 7\nthreads 5000\n# TYPE queue_bytes gauge\nqueue_bytes 12\n")
	}))
	defer server.Close()
	o := start(t, Options{})
	o.Apply([]Component{{Name: "web", Scrape: server.URL}}, nil)
	windows := collect(t, o, 50*time.Millisecond)
	w := await(t, windows, func(w sdk.Window) bool { return find(w, "web", "scrape_up") != nil && find(w, "web", "threads") != nil })
	requests, queue := find(w, "web", `requests_total{code="200"}`), find(w, "web", "queue_bytes")
	if requests == nil || requests.Kind != sdk.Counter || requests.Values[0] != 7 || queue == nil || queue.Unit != "bytes" {
		t.Errorf("got %+v and %+v", requests, queue)
	}
	if s := find(w, "web", "threads"); slices.Max(s.Values) >= 5000 {
		t.Error("the page replaced a signal of ours")
	}
	server.Close()
	waitFor(t, func() bool {
		for _, s := range o.Signals("web") {
			if s.Signal.Name == "scrape_up" {
				return s.Value == 0
			}
		}
		return false
	})
}

func TestPageIsReadAsOftenAsTheOperatorWants(t *testing.T) {
	var reads atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reads.Add(1)
		fmt.Fprint(w, "queue 1\n")
	}))
	defer server.Close()
	o := start(t, Options{})
	o.Apply([]Component{{Name: "web", Scrape: server.URL, ScrapeInterval: time.Hour}}, nil)
	waitFor(t, func() bool { return reads.Load() == 1 })
	o.Apply([]Component{{Name: "web", Scrape: server.URL, ScrapeInterval: time.Millisecond}}, nil)
	waitFor(t, func() bool { return reads.Load() > 100 })
}

// memory is a Sink that refuses a number of calls before it takes the rest.
type memory struct {
	mu      sync.Mutex
	refuse  int
	samples map[string][]int64
	events  []sdk.Event
}

func (m *memory) AppendSeries(series []sdk.Series) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuse > 0 {
		m.refuse--
		return errors.New("disk is full")
	}
	for _, s := range series {
		key := s.Component + "/" + s.Name
		m.samples[key] = append(m.samples[key], s.Times[s.Fresh:]...)
	}
	return nil
}

func (m *memory) AppendEvents(events []sdk.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = append(m.events, events...)
	return nil
}

func TestSinkGetsEverySampleOnceAlthoughItRefusesSome(t *testing.T) {
	sink := &memory{refuse: 1, samples: map[string][]int64{}}
	o := start(t, Options{Sink: sink})
	o.Event(sdk.Event{Time: time.Now(), Component: "web", Type: sdk.EventReady})
	waitFor(t, func() bool { return samples(o, "web") >= 8 })
	want := map[string]int{}
	o.Close()
	for _, s := range recent(o, "web") {
		want["web/"+s.Name] = len(s.Times)
	}
	for key, n := range want {
		got := sink.samples[key]
		if len(got) != n || !slices.IsSorted(got) || len(slices.Compact(got)) != n {
			t.Errorf("%s: got %d samples, want %d, each once", key, len(got), n)
		}
	}
	if len(sink.events) != 1 || len(want) < 5 {
		t.Errorf("got %d events and %d signals", len(sink.events), len(want))
	}
}
