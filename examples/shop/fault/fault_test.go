package fault

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T) *Switches {
	t.Helper()
	s := Open(Options{File: filepath.Join(t.TempDir(), "fault.json"), Log: hclog.NewNullLogger()})
	t.Cleanup(s.Close)
	return s
}

func inject(t *testing.T, s *Switches, o Order) {
	t.Helper()
	if err := s.Inject(o); err != nil {
		t.Fatalf("inject %+v: %v", o, err)
	}
}

// visit sends one request through the gate and returns the status.
func visit(s *Switches) int {
	w := httptest.NewRecorder()
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	s.Gate(page).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/items", nil))
	return w.Code
}

func TestOrderTakesDefaultsOfItsFault(t *testing.T) {
	for _, name := range Names() {
		o, err := Check(Order{Name: name})
		if err != nil {
			t.Errorf("check %q: %v", name, err)
		}
		if want := kinds[name].orDefault; o.For != want.For || o.Rate != want.Rate {
			t.Errorf("check %q: got for %s and rate %g, want %s and %g", name, o.For, o.Rate, want.For, want.Rate)
		}
	}
}

func TestWrongOrdersAreRefused(t *testing.T) {
	for _, o := range []Order{
		{Name: "earthquake"},
		{Name: Slow, For: -time.Second},
		{Name: Spin, Rate: -1},
		{Name: LogBurst, Rate: maxRate + 1},
		{Name: LogBurst, Rate: math.NaN()},
		{Name: LogBurst, Rate: math.Inf(1)},
	} {
		if err := open(t).Inject(o); err == nil {
			t.Errorf("inject %+v: got no error", o)
		}
	}
}

func TestErrorsAnswers500(t *testing.T) {
	s := open(t)
	if got := visit(s); got != http.StatusOK {
		t.Fatalf("before the fault: got status %d, want 200", got)
	}
	inject(t, s, Order{Name: Errors})
	if got := visit(s); got != http.StatusInternalServerError {
		t.Errorf("with the fault: got status %d, want 500", got)
	}
}

func TestSlowDelaysEachAnswerByItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		inject(t, s, Order{Name: Slow, For: 7 * time.Second})
		for range 2 {
			begun := time.Now()
			visit(s)
			if got := time.Since(begun); got != 7*time.Second {
				t.Errorf("answer after %s, want 7s", got)
			}
		}
	})
}

func TestDeadlockHoldsRequestsUntilClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		inject(t, s, Order{Name: Deadlock})
		var answered atomic.Bool
		done := make(chan struct{})
		go func() {
			defer close(done)
			visit(s)
			answered.Store(true)
		}()
		time.Sleep(time.Hour)
		if answered.Load() {
			t.Error("a request was answered within an hour, want none")
		}
		s.Close()
		<-done
	})
}

func TestLogBurstWritesItsRateOfErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		s := Open(Options{File: filepath.Join(t.TempDir(), "f"), Log: hclog.New(&hclog.LoggerOptions{Output: &log})})
		inject(t, s, Order{Name: LogBurst, Rate: 30})
		time.Sleep(10*time.Second + time.Millisecond)
		s.Close()
		if got := strings.Count(log.String(), "[ERROR]"); got < 299 || got > 300 {
			t.Errorf("got %d error lines in 10 s, want 300 at 30 a second", got)
		}
	})
}

func TestLeaksGrowAtTheirRateAndEndWithClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		inject(t, s, Order{Name: LeakMemory, Rate: 20})
		inject(t, s, Order{Name: LeakFiles, Rate: 10})
		time.Sleep(time.Second + time.Millisecond)
		s.mu.Lock()
		memory, files := len(s.held.memory), len(s.held.files)
		s.mu.Unlock()
		if memory < 19 || memory > 20 {
			t.Errorf("got %d MiB after 1 s, want 20", memory)
		}
		if files < 10 || files > 11 {
			t.Errorf("got %d files after 1 s, want 11", files)
		}
		s.Close()
		if s.held.memory != nil || s.held.files != nil {
			t.Error("close kept what had leaked")
		}
	})
}

func TestSlowStartDelaysTheNextStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		inject(t, s, Order{Name: SlowStart})
		begun := time.Now()
		if err := s.Begin(t.Context()); err != nil {
			t.Fatalf("begin: %v", err)
		}
		if got := time.Since(begun); got != 40*time.Second {
			t.Errorf("begin took %s, want the default of 40s", got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Begin(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("begin with a second to live: got %v, want the deadline", err)
		}
	})
}

func TestCrashLoopRefusesStartsUntilItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		if err := s.remember(func(m *memory) { m.CrashUntil = time.Now().Add(time.Minute) }); err != nil {
			t.Fatal(err)
		}
		if err := s.Begin(t.Context()); !errors.Is(err, ErrCrashLoop) {
			t.Errorf("begin in the loop: got %v, want ErrCrashLoop", err)
		}
		time.Sleep(time.Minute)
		if err := s.Begin(t.Context()); err != nil {
			t.Errorf("begin after the loop: %v", err)
		}
	})
}

func TestClearForgetsWhatOutlivesARestart(t *testing.T) {
	s := open(t)
	inject(t, s, Order{Name: SlowStart, For: time.Hour})
	for range 2 {
		if err := s.Clear(); err != nil {
			t.Fatalf("clear: %v", err)
		}
	}
	if err := s.Begin(t.Context()); err != nil {
		t.Errorf("begin after clear: %v", err)
	}
}

func TestUnreadableFaultFileStopsTheStart(t *testing.T) {
	for _, content := range []string{"{", `{"slow_start":"soon"}`, `{"crash_until":3}`} {
		s := open(t)
		if err := os.WriteFile(s.file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.Begin(t.Context()); err == nil || !strings.Contains(err.Error(), s.file) {
			t.Errorf("begin with %s: got %v, want an error that names the file", content, err)
		}
	}
}

func TestHandlerSwitchesFaultsOn(t *testing.T) {
	s := open(t)
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{http.MethodPost, "/fault/slow?for=5s", http.StatusAccepted},
		{http.MethodPost, "/fault/slow?for=5", http.StatusBadRequest},
		{http.MethodPost, "/fault/log-burst?rate=many", http.StatusBadRequest},
		{http.MethodPost, "/fault/earthquake", http.StatusBadRequest},
		{http.MethodGet, "/fault/slow", http.StatusMethodNotAllowed},
		{http.MethodDelete, "/fault", http.StatusNoContent},
		{http.MethodGet, "/fault", http.StatusOK},
	} {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
		if w.Code != c.want {
			t.Errorf("%s %s: got status %d, want %d", c.method, c.path, w.Code, c.want)
		}
	}
	if got := time.Duration(s.delay.Load()); got != 5*time.Second {
		t.Errorf("delay after the request: got %s, want 5s", got)
	}
	if on := s.On(); len(on) != 1 || on[0] != Slow {
		t.Errorf("faults on: got %v, want slow alone", on)
	}
}

func FuzzFaultFileNeverPanics(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"slow_start":"1ns"}`, `{"crash_until":"2026-01-02T03:04:05Z"}`, "[1]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		s := open(t)
		if err := os.WriteFile(s.file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // a slow start of any length ends at once
		if err := s.Begin(ctx); err == nil && strings.Contains(content, "[") {
			t.Errorf("begin took a list for a fault file: %q", content)
		}
	})
}
