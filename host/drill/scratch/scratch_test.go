package scratch

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestServiceBehavesAsItsFileSays(t *testing.T) {
	for _, c := range []struct {
		settings Settings
		want     int
	}{
		{Settings{Conduct: Well}, http.StatusOK},
		{Settings{Conduct: Fails}, http.StatusInternalServerError},
		{Settings{Conduct: Later, AfterMillis: 60_000}, http.StatusOK},
		{Settings{Conduct: Later, AfterMillis: -1}, http.StatusInternalServerError},
	} {
		s := &service{Settings: c.settings, conduct: c.settings.Conduct, started: time.Now()}
		w := httptest.NewRecorder()
		s.handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/health", nil))
		if w.Code != c.want {
			t.Errorf("%+v: got %d, want %d", c.settings, w.Code, c.want)
		}
	}
}

func TestServiceIsBrokenWhileItRuns(t *testing.T) {
	s := &service{conduct: Well, shown: Shown{Version: "old", PID: 7}}
	h := s.handler()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/health", nil))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/become/fails", nil))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/health", nil))
	if w.Code != http.StatusInternalServerError {
		t.Errorf("got %d, want an error", w.Code)
	}
	w = httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/shown", nil))
	var shown Shown
	if err := json.Unmarshal(w.Body.Bytes(), &shown); err != nil || shown != (Shown{Version: "old", PID: 7, Answered: 1}) {
		t.Errorf("got %+v, %v, want version old with one healthy answer", shown, err)
	}
}

func TestServiceEndsWhenNobodyHoldsItsPipe(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	holder, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := os.Open(pipe) // while it is held, so that opening does not wait
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- untilClosed(reader) }()
	if err := holder.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-over; err != nil {
		t.Error(err)
	}
}

func TestServiceRefusesWhatIsNotTheLoopback(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, File), []byte(Settings{Conduct: Well}.Encode()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := serve(dir, "0.0.0.0:0", "unused"); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("got %v, want a refusal", err)
	}
}
