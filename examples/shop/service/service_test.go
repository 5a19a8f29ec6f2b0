package service

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/examples/shop/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen, on any machine.
const patience = 2 * time.Minute

func example(t *testing.T) Settings {
	folder := t.TempDir()
	return Settings{
		Folder: folder,
		Server: Server{
			Listen: "127.0.0.1:0", Admin: "127.0.0.1:0", Workers: 2,
			Patience: Duration{time.Second}, Drain: Duration{time.Second},
		},
		Log:   Log{File: "test.log", Level: "info"},
		Fault: Fault{Enabled: true, File: "fault.json"},
	}
}

// running is a service under test, with the addresses of its two listeners.
type running struct {
	*Service
	public, admin string
	stop          func() error
}

func start(t *testing.T, s Settings, pages http.Handler) running {
	t.Helper()
	v, err := New("test", s)
	if err != nil {
		t.Fatalf("new: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- v.Run(ctx, pages) }() // ends with stop
	stop := func() error {
		cancel()
		err := <-ended
		ended <- err
		return err
	}
	t.Cleanup(func() { _ = errors.Join(stop(), v.Close()) })
	select {
	case <-v.Ready():
	case <-time.After(patience):
		t.Fatal("the service was not ready in time")
	}
	public, admin := v.Addresses()
	return running{v, "http://" + public, "http://" + admin, stop}
}

// fetch returns status and body of one request on a connection of its own.
func fetch(t *testing.T, method, url string) (int, string) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Close = true
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	a, err := client.Do(q)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	defer func() { _ = a.Body.Close() }()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	return a.StatusCode, string(b)
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

func TestPagesAndMetricsAreServedApart(t *testing.T) {
	v := start(t, example(t), http.HandlerFunc(hello))
	if code, body := fetch(t, http.MethodGet, v.public+"/"); code != http.StatusOK || body != "hello" {
		t.Errorf("public page: got %d %q, want 200 and hello", code, body)
	}
	_, metrics := fetch(t, http.MethodGet, v.admin+"/metrics")
	if want := `shop_requests_total{code="200"} 1`; !strings.Contains(metrics, want) {
		t.Errorf("metrics lack %q:\n%s", want, metrics)
	}
	if err := v.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

func TestFaultSwitchActsOnPages(t *testing.T) {
	v := start(t, example(t), http.HandlerFunc(hello))
	if code, _ := fetch(t, http.MethodPost, v.admin+"/fault/errors"); code != http.StatusAccepted {
		t.Fatalf("switch errors on: got status %d, want 202", code)
	}
	deadline := time.Now().Add(patience)
	for code := 0; code != http.StatusInternalServerError; code, _ = fetch(t, http.MethodGet, v.public+"/") {
		if time.Now().After(deadline) {
			t.Fatal("no page answered 500 after the fault was switched on")
		}
	}
}

func TestFaultSwitchesAreAbsentUnlessEnabled(t *testing.T) {
	s := example(t)
	s.Fault.Enabled = false
	v := start(t, s, http.HandlerFunc(hello))
	if code, _ := fetch(t, http.MethodPost, v.admin+"/fault/errors"); code != http.StatusNotFound {
		t.Errorf("POST /fault/errors: got status %d, want 404", code)
	}
}

func TestRequestWithoutFreeWorkerGets503(t *testing.T) {
	s := example(t)
	s.Server.Workers, s.Server.Patience = 1, Duration{time.Millisecond}
	entered, leave := make(chan struct{}), make(chan struct{})
	v := start(t, s, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/long" {
			close(entered)
			<-leave
		}
	}))
	first := make(chan int)
	go func() { // ends when the request is let go below
		code, _ := fetch(t, http.MethodGet, v.public+"/long")
		first <- code
	}()
	<-entered
	if code, _ := fetch(t, http.MethodGet, v.public+"/"); code != http.StatusServiceUnavailable {
		t.Errorf("second request: got status %d, want 503", code)
	}
	close(leave)
	if code := <-first; code != http.StatusOK {
		t.Errorf("first request: got status %d, want 200", code)
	}
}

func TestRequestsThatWaitForAWorkerAreShown(t *testing.T) {
	s := example(t)
	s.Server.Workers, s.Server.Patience, s.Server.Work = 1, Duration{patience}, Duration{time.Millisecond}
	leave := make(chan struct{})
	v := start(t, s, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-leave }))
	codes := make(chan int)
	for range 3 {
		go func() { // ends when the requests are let go below
			code, _ := fetch(t, http.MethodGet, v.public+"/")
			codes <- code
		}()
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		_, metrics := fetch(t, http.MethodGet, v.admin+"/metrics")
		if strings.Contains(metrics, "shop_requests_waiting 2") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("two of three requests wait for the one worker, and the metrics say\n%s", metrics)
		}
	}
	close(leave)
	for range 3 {
		if code := <-codes; code != http.StatusOK {
			t.Errorf("got status %d, want 200", code)
		}
	}
}

func TestBadSettingShowsLate(t *testing.T) {
	s := example(t)
	s.Fault.ErrorsAfter = Duration{time.Millisecond}
	v := start(t, s, http.HandlerFunc(hello))
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if code, _ := fetch(t, http.MethodGet, v.public+"/"); code == http.StatusInternalServerError {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("no request failed")
		}
	}
}

func TestStopCutsOffRequestsAfterTheDrainTime(t *testing.T) {
	s := example(t)
	s.Server.Drain = Duration{10 * time.Millisecond}
	entered := make(chan struct{})
	v := start(t, s, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
	}))
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	failed := make(chan error)
	go func() { // ends when the server cuts the request off
		a, err := client.Get(v.public + "/")
		if err == nil {
			err = a.Body.Close()
		}
		failed <- err
	}()
	<-entered
	if err := v.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if err := <-failed; err == nil {
		t.Error("the open request was answered, want it cut off")
	}
}

func TestCrashLoopEndsRun(t *testing.T) {
	s := example(t)
	future := `{"crash_until":"2999-01-01T00:00:00Z"}`
	if err := os.WriteFile(s.Path(s.Fault.File), []byte(future), 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := New("test", s)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = v.Close() }()
	if err := v.Run(t.Context(), http.HandlerFunc(hello)); !errors.Is(err, fault.ErrCrashLoop) {
		t.Errorf("run: got %v, want ErrCrashLoop", err)
	}
}

func TestTakenPortIsNamed(t *testing.T) {
	first := start(t, example(t), http.HandlerFunc(hello))
	for _, key := range []string{"server.listen", "server.admin"} {
		s := example(t)
		taken := map[string]*string{"server.listen": &s.Server.Listen, "server.admin": &s.Server.Admin}[key]
		*taken = strings.TrimPrefix(first.public, "http://")
		v, err := New("test", s)
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Run(t.Context(), http.HandlerFunc(hello)); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("run with %s taken: got %v, want an error that names the key", key, err)
		}
		if err := v.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}

func TestLoadWritesDefaultsOnceAndReadsThemBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "shop.toml")
	first := example(t)
	if err := Load(path, &first); err != nil {
		t.Fatalf("first load: %v", err)
	}
	var again Settings
	if err := Load(path, &again); err != nil {
		t.Fatalf("second load: %v", err)
	}
	again.Folder = first.Folder
	if again != first {
		t.Errorf("read back:\n got %+v\nwant %+v", again, first)
	}
}

func TestWrongSettingsAreRefusedByKey(t *testing.T) {
	for content, want := range map[string]string{
		"[server]\nlisten = 9100":                 "listen",
		"[server]\nport = 9100":                   "server.port",
		"[server]\ndrain = 5":                     "drain",
		"[server]\ndrain = \"soon\"":              "soon",
		"[server]\nworkers = 0":                   "server.workers",
		"[server]\nworkers = 1025":                "server.workers",
		"[server]\npatience = \"0s\"":             "server.patience",
		"[server]\nlisten = \"\"\nadmin = \"\"":   "server.admin",
		"[server]\nwork = \"-1s\"":                "server.work",
		"[fault]\nerrors_after = \"-1s\"":         "fault.errors_after",
		"[fault]\nfile = \"\"":                    "fault.file",
		"[log\nfile = \"\"":                       "expected",
		"[server]\nlisten = \"\"\nworkers = -100": "server.workers",
	} {
		path := filepath.Join(t.TempDir(), "shop.toml")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		s := example(t)
		err := Load(path, &s)
		if err == nil {
			err = s.Check()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("settings %q: got error %v, want one with %q", content, err, want)
		}
	}
}
