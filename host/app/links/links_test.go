package links

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/breaker"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/host/history"
	"github.com/homeostat/homeostat/host/proxy"
	"github.com/homeostat/homeostat/host/proxy/control"
	"github.com/homeostat/homeostat/host/proxy/spec"
	"github.com/homeostat/homeostat/host/proxy/stats"
	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// book is a Memory.
type book map[string][]byte

// Setting returns what was set.
func (b book) Setting(_ context.Context, key string) ([]byte, error) {
	if v, ok := b[key]; ok {
		return v, nil
	}
	return nil, history.ErrNotFound
}

// Set keeps a value.
func (b book) Set(_ context.Context, key string, value []byte) error {
	b[key] = value
	return nil
}

// world is Links over a folder in which commands leave their traces.
func world(t *testing.T, memory book, audit func(string, string, map[string]any) error) (*Links, string) {
	t.Helper()
	dir := t.TempDir()
	settings := &config.Settings{File: filepath.Join(dir, "config.toml"), Links: []config.Link{
		{From: "web", To: "store", OpenCommand: []string{"touch", "off"}, CloseCommand: []string{"rm", "off"}},
		{From: "web", To: "cache"},
		{From: "web", To: "deaf", OpenCommand: []string{"false"}, CloseCommand: []string{"false"}},
		{From: "web", To: "mail", Listen: "127.0.0.1:1", Target: "127.0.0.1:2", Type: "tcp"},
	}}
	set, err := proxy.New(proxy.Options{Dir: dir, Log: hclog.NewNullLogger(), Tell: func(proxy.Event) {}, Measured: func(control.Status) {}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	l, err := New(t.Context(), Options{Proxies: set, Settings: func() *config.Settings { return settings }, Memory: memory, Audit: audit})
	if err != nil {
		t.Fatal(err)
	}
	return l, filepath.Join(dir, "off")
}

func noAudit(string, string, map[string]any) error { return nil }

func TestCommandsOpenAndCloseALinkAndThatIsRemembered(t *testing.T) {
	memory := book{}
	l, trace := world(t, memory, noAudit)
	if _, changed, err := l.OpenLink(t.Context(), "web", "store", "slow"); err != nil || !changed {
		t.Fatalf("open: changed %v, %v", changed, err)
	}
	if _, err := os.Stat(trace); err != nil {
		t.Errorf("the command did not run: %v", err)
	}
	if _, changed, err := l.OpenLink(t.Context(), "web", "store", "slow"); err != nil || changed {
		t.Errorf("open again: changed %v, %v; want nothing done", changed, err)
	}
	heir, _ := world(t, memory, noAudit)
	if c := heir.circuit("web", "store"); c == nil || c.State != sdk.CircuitOpen || c.Measured {
		t.Errorf("the next daemon sees %+v, want an open link that nothing measures", c)
	}
	if _, err := l.ReleaseLink(t.Context(), "web", "store", "undo"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(trace); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the trace after closing: %v, want none", err)
	}
	if v, err := (Service{l}).Link("web", "store"); err != nil || v.State != "closed" || v.Control != "command" {
		t.Errorf("shown: %+v (%v), want closed, by command", v, err)
	}
}

func TestLinkThatAPersonHoldsIsLeftToThem(t *testing.T) {
	l, _ := world(t, book{}, noAudit)
	if _, err := (Service{l}).OpenLink(t.Context(), "web", "store", api.LinkOrder{Reason: "mine"}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.CloseLink(t.Context(), "web", "store", "heal"); err == nil || !strings.Contains(err.Error(), "held open by a person") {
		t.Errorf("close: got %v, want a refusal", err)
	}
	if text, err := l.ReleaseLink(t.Context(), "web", "store", "undo"); err != nil || !strings.Contains(text, "stays so") {
		t.Errorf("undo: got %q, %v; want it left open", text, err)
	}
	if c := l.circuit("web", "store"); !c.Hold || c.State != sdk.CircuitOpen {
		t.Errorf("got %+v, want it held open", c)
	}
	if _, err := (Service{l}).CloseLink(t.Context(), "web", "store", api.LinkOrder{}); err != nil {
		t.Errorf("the person's own order: %v", err)
	}
}

func TestWhatCannotBeOpenedIsSaid(t *testing.T) {
	l, _ := world(t, book{}, noAudit)
	for to, want := range map[string]string{"nobody": "not declared", "cache": "neither listen nor open_command", "mail": "no such link with a proxy", "deaf": "exit status 1"} {
		if _, changed, err := l.OpenLink(t.Context(), "web", to, ""); changed || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("open web->%s: got %v, want an error with %q", to, err, want)
		}
	}
	var p *api.Problem
	if _, err := (Service{l}).OpenLink(t.Context(), "web", "nobody", api.LinkOrder{}); !errors.As(err, &p) || p.Status != 404 {
		t.Errorf("an unknown link over the API: got %v, want 404", err)
	}
}

func TestOrderThatCannotBeAuditedIsNotDone(t *testing.T) {
	l, trace := world(t, book{}, func(string, string, map[string]any) error { return errors.New("disk full") })
	if _, err := (Service{l}).OpenLink(t.Context(), "web", "store", api.LinkOrder{}); err == nil || !strings.Contains(err.Error(), "nothing was done") {
		t.Errorf("got %v, want a refusal", err)
	}
	if _, err := os.Stat(trace); err == nil {
		t.Error("the command ran all the same")
	}
}

func TestSamplesSayNothingOfLatencyWhileNothingPasses(t *testing.T) {
	s := control.Status{Spec: spec.Spec{From: "web", To: "store"}}
	names := func() string {
		var out []string
		for _, x := range Samples(s) {
			out = append(out, x.Signal.Name)
		}
		return strings.Join(out, " ")
	}
	if got := names(); strings.Contains(got, "latency") || !strings.Contains(got, "link_requests/store") {
		t.Errorf("without requests: %s", got)
	}
	s.Stats = stats.Stats{Recent: stats.Recent{Requests: 2, Bad: 1, P50: 1, P99: 2}}
	if got := names(); !strings.Contains(got, "link_latency_p99/store") || !strings.Contains(got, "link_bad_ratio/store") {
		t.Errorf("with requests: %s", got)
	}
	s.Circuit.State = breaker.Open
	healing := isolation(s.Circuit)
	s.Circuit.Hold = true
	if person := isolation(s.Circuit); healing != 1 || person != 0 {
		t.Errorf("isolated: %v by healing, %v by a person; want 1 and 0", healing, person)
	}
}

// forgetful fails every write but the first: a kill comes after that.
type forgetful struct {
	book
	writes int
}

func (f *forgetful) Set(ctx context.Context, key string, value []byte) error {
	if f.writes++; f.writes > 1 {
		return errors.New("killed")
	}
	return f.book.Set(ctx, key, value)
}

func TestAnOpenLinkIsNotForgottenByAKillDuringItsCommand(t *testing.T) {
	disk := book{}
	first, _ := world(t, disk, noAudit)
	first.opt.Memory = &forgetful{book: disk}
	if _, _, err := first.OpenLink(t.Context(), "web", "store", "rec_7 (inc_1): slow"); err == nil {
		t.Fatal("the write after the command was to fail")
	}
	l, trace := world(t, disk, noAudit)
	if got := l.TraceLink("web", "store", "rec_7"); !got.Open || !got.Ours || !got.Unsure {
		t.Errorf("the next daemon knows %+v, want an open link, by this recovery, unsure", got)
	}
	if got := l.TraceLink("web", "store", "rec_70"); got.Ours {
		t.Error("another recovery takes it for its own")
	}
	if _, _, err := l.OpenLink(t.Context(), "web", "store", "rec_8 (inc_1): slow"); err != nil {
		t.Errorf("open what may be open: %v", err)
	}
	if err := os.WriteFile(trace, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := l.ReleaseLink(t.Context(), "web", "store", "undo"); err != nil {
		t.Errorf("take it back: %v", err)
	}
	if got := l.TraceLink("web", "store", "rec_7"); got.Open || got.Unsure {
		t.Errorf("after it was closed it is %+v", got)
	}
}

func TestACommandThatHasFailedLeavesTheLinkClosed(t *testing.T) {
	l, _ := world(t, book{}, noAudit)
	if got := l.TraceLink("web", "store", "rec_1"); got.Open || got.Err != nil {
		t.Errorf("a link of commands that nobody opened is %+v", got)
	}
	if _, _, err := l.OpenLink(t.Context(), "web", "deaf", "rec_1 (inc_1): slow"); err == nil {
		t.Fatal("the command was to fail")
	}
	if got := l.TraceLink("web", "deaf", "rec_1"); got.Open {
		t.Errorf("a command that has failed leaves %+v, want a closed link", got)
	}
}
