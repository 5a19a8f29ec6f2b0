package change_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/backup"
	"github.com/homeostat/homeostat/host/breaker"
	"github.com/homeostat/homeostat/host/change"
	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/gate"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/txn"
	"github.com/homeostat/homeostat/host/health"
	"github.com/homeostat/homeostat/host/ratelimit"
	"github.com/homeostat/homeostat/host/screen"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen; it decides nothing.
const patience = 2 * time.Minute

// house is a place for changes: real files, a real backup store and real transactions, around a component that is played.
type house struct {
	t       testing.TB
	dir     string
	root    change.Root
	more    []change.Root
	limits  screen.Limits
	keepMax int
	world   *world
	store   *memory
	files   *engine
	options func(*change.Options)
	// early replaces the telling of owners after a start.
	early func(*change.Pipeline)
	p     *change.Pipeline

	mu    sync.Mutex
	audit []string
}

// newHouse makes a house with one root, "site", owned by "web", in which web.conf says "old". Set what differs, then
// call open.
func newHouse(t testing.TB) *house {
	h := &house{t: t, dir: t.TempDir(), world: newWorld(), store: newMemory(), keepMax: 50}
	for _, sub := range []string{"site", "state", "journals", "backups"} {
		if err := os.Mkdir(filepath.Join(h.dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	h.root = change.Root{
		Name: "site", Path: filepath.Join(h.dir, "site"), Component: "web", Activate: change.ActivateRestart,
		Watch: time.Hour, Health: true,
	}
	h.files = &engine{Engine: txn.Engine{Journals: filepath.Join(h.dir, "journals")}}
	h.write("web.conf", "old")
	h.world.serves = func() string { return h.read("web.conf") }
	return h
}

// open opens a pipeline, as a daemon that starts does.
func (h *house) open() *house {
	h.t.Helper()
	backups, err := backup.Open(filepath.Join(h.dir, "backups"), atomicfile.Ops{})
	if err != nil {
		h.t.Fatal(err)
	}
	opt := change.Options{
		Log: hclog.NewNullLogger(), Dir: filepath.Join(h.dir, "state"), Files: h.files, Backups: backups, World: h.world, Store: h.store,
		Settings: func() change.Settings {
			return change.Settings{Roots: append([]change.Root{h.root}, h.more...), Limits: h.limits, ApprovalExpiry: time.Hour, KeepBackup: time.Hour, KeepMax: h.keepMax}
		},
		Gate:    gate.Config{Breaker: breaker.DefaultConfig(), Rate: ratelimit.Config{Max: 1000, PerAuthor: 1000, PerComponent: 1000, Window: time.Minute}},
		Audit:   h.record,
		Changed: func(record.Record) {},
		Timing:  change.Timing{Settle: time.Millisecond, LookEvery: time.Millisecond, LookTimeout: 5 * time.Second, Retry: time.Millisecond},
	}
	if h.options != nil {
		h.options(&opt)
	}
	if h.p, err = change.New(context.Background(), opt); err != nil {
		h.t.Fatal(err)
	}
	if err := h.p.Recover(context.Background()); err != nil {
		h.t.Fatal(err)
	}
	if h.early != nil {
		h.early(h.p)
	} else if err := h.p.Reactivate(context.Background()); err != nil {
		h.t.Fatal(err)
	}
	p := h.p
	h.t.Cleanup(func() {
		p.Close()
		if err := backups.Close(); err != nil {
			h.t.Error(err)
		}
	})
	return h
}

// restart ends the daemon, and starts another.
func (h *house) restart() {
	h.t.Helper()
	h.p.Close()
	h.open()
}

func (h *house) record(actor, kind string, _ map[string]any) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.audit = append(h.audit, actor+" "+kind)
	return nil
}

func (h *house) audited(kind string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.ContainsFunc(h.audit, func(line string) bool { return strings.HasSuffix(line, " "+kind) })
}

func (h *house) write(name, content string) {
	h.t.Helper()
	path := filepath.Join(h.dir, "site", name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o640); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) read(name string) string {
	data, err := os.ReadFile(filepath.Join(h.dir, "site", name))
	if err != nil {
		return "(" + filepath.Base(err.Error()) + ")"
	}
	return string(data)
}

func (h *house) wants(name, content string) {
	h.t.Helper()
	if got := h.read(name); got != content {
		h.t.Errorf("%s: got %q, want %q", name, got, content)
	}
}

// edit is a candidate that writes web.conf.
func edit(content string) candidate.Candidate {
	return candidate.Single("site", "web.conf", []byte(content))
}

// propose submits a change.
func (h *house) propose(c candidate.Candidate) record.Record {
	h.t.Helper()
	r, err := h.p.Submit(context.Background(), change.Submission{Candidate: c, By: "uid:0", Origin: record.FromPerson})
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

// submit submits a change and starts it.
func (h *house) submit(c candidate.Candidate) string {
	h.t.Helper()
	r := h.propose(c)
	if err := h.p.Apply(context.Background(), r.ID); err != nil {
		h.t.Fatal(err)
	}
	return r.ID
}

// until waits for a change to be as wanted.
func (h *house) until(id, what string, is func(record.Record) bool) record.Record {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, err := h.p.Wait(ctx, id, is)
	if err != nil || !is(r) {
		h.t.Fatalf("%s: want %s, got state %s (%s), %v; steps %+v", id, what, r.State, r.Why, err, r.Steps)
	}
	return r
}

// ended waits for the end of a change, and wants it to be in a state.
func (h *house) ended(id string, want record.State) record.Record {
	h.t.Helper()
	r := h.until(id, "an end", func(r record.Record) bool { return r.State.Ended() && r.Ended != nil })
	if r.State != want {
		h.t.Fatalf("%s ended as %s (%s), want %s; steps %+v", id, r.State, r.Why, want, r.Steps)
	}
	return r
}

func (h *house) watching(id string) record.Record {
	h.t.Helper()
	return h.until(id, "watching", func(r record.Record) bool { return r.State == record.Watching })
}

func (h *house) confirm(id string) {
	h.t.Helper()
	if err := h.p.Confirm(context.Background(), id, "alice"); err != nil {
		h.t.Fatal(err)
	}
}

// noTransaction wants no journal to be left: nothing is armed.
func (h *house) noTransaction() {
	h.t.Helper()
	left, err := filepath.Glob(filepath.Join(h.dir, "journals", "*.journal"))
	if err != nil || len(left) > 0 {
		h.t.Errorf("journals are left: %v, %v", left, err)
	}
}

// engine runs transactions in this process. Spoil, if set, may fail one before it begins.
type engine struct {
	txn.Engine
	spoil func(what string) error
	calls []string
}

func (e *engine) spoiled(what string) error {
	e.calls = append(e.calls, what)
	if e.spoil == nil {
		return nil
	}
	return e.spoil(what)
}

func (e *engine) Apply(_ context.Context, c txn.Change) (txn.Result, error) {
	if err := e.spoiled("apply"); err != nil {
		return txn.Result{}, err
	}
	return e.Engine.Apply(c)
}

func (e *engine) Confirm(_ context.Context, id string) (txn.Result, error) {
	if err := e.spoiled("confirm"); err != nil {
		return txn.Result{}, err
	}
	return e.Engine.Confirm(id)
}

func (e *engine) Rollback(_ context.Context, id string) (txn.Result, error) {
	if err := e.spoiled("rollback"); err != nil {
		return txn.Result{}, err
	}
	return e.Engine.Rollback(id)
}

func (e *engine) Recover(_ context.Context, roots []string) ([]txn.Result, error) {
	if err := e.spoiled("recover"); err != nil {
		return nil, err
	}
	return e.Engine.Recover(roots)
}

// world plays a component that reads web.conf when it is activated, and is healthy unless that says "bad".
type world struct {
	serves func() string

	mu        sync.Mutex
	running   string // what it has read
	activated []string
	verdict   func(running string) record.Verdict
	ills      map[string]int
	known     map[string]bool
	score     health.Report
	fail      error
	answer    time.Duration
}

func newWorld() *world {
	m, err := health.New(health.DefaultConfig())
	if err != nil {
		panic(err)
	}
	w := &world{running: "old", ills: map[string]int{"web": 0, "store": 0}, known: map[string]bool{}, answer: patience}
	w.score = m.Observe(time.Now(), health.Reading{CPU: health.Known(10), MemoryAvailable: health.Known(90), Disk: health.Known(10)})
	w.verdict = func(running string) record.Verdict {
		if running == "bad" {
			return record.Fail
		}
		return record.Pass
	}
	return w
}

func (w *world) set(change func(*world)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(w)
}

func (w *world) Activate(_ context.Context, component string, how change.Activation, _ string) (string, error) {
	now := w.serves()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running = now
	w.activated = append(w.activated, fmt.Sprintf("%s %s with %s", how, component, now))
	return "did it", w.fail
}

func (w *world) Look(_ context.Context, component string) (record.Verdict, string) {
	w.mu.Lock()
	verdict, running := w.verdict, w.running
	w.mu.Unlock()
	return verdict(running), component + " serves " + running
}

func (w *world) AnswerWithin(string) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.answer
}

func (w *world) Ills() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.ills)
}

func (w *world) Anomalies() map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.known)
}

func (w *world) Health(context.Context) health.Report {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.score
}

func (w *world) orders() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.activated)
}

// memory keeps documents as a durable store does: it outlives the pipeline.
type memory struct {
	mu   sync.Mutex
	docs map[string]doc
	fail error
}

type doc struct {
	body []byte
	at   time.Time
	seq  int
}

func newMemory() *memory { return &memory{docs: map[string]doc{}} }

func (m *memory) Put(_ context.Context, kind, id string, body []byte, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	if !json.Valid(body) {
		return fmt.Errorf("%s is no JSON", id)
	}
	m.docs[kind+"/"+id] = doc{slices.Clone(body), at, len(m.docs)}
	return nil
}

func (m *memory) Get(_ context.Context, kind, id string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.docs[kind+"/"+id].body, nil
}

func (m *memory) List(_ context.Context, kind string, limit int) ([][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []doc
	for key, d := range m.docs {
		if strings.HasPrefix(key, kind+"/") {
			found = append(found, d)
		}
	}
	slices.SortFunc(found, func(a, b doc) int { return b.at.Compare(a.at) })
	var out [][]byte
	for _, d := range found[:min(len(found), limit)] {
		out = append(out, d.body)
	}
	return out, nil
}
