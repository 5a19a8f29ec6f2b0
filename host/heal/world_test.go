package heal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/fate"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/host/heal/remedy"
	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a host in miniature: components that fail and recover, the
// detector that sees it, the actor that restarts them, the disk.
type world struct {
	t    *testing.T
	heal *Healer
	end  context.CancelFunc
	over chan struct{}
	// lives are the processes whose future is still being played.
	lives sync.WaitGroup

	mu     sync.Mutex
	parts  map[string]*part
	docs   map[string]document
	audits []string
	orders []string
	// dead drops everything from then on: the daemon was killed.
	dead  bool
	kill  int // the step at which it is killed, 0 for never
	steps int
	// slow is how long a look at a component takes.
	slow time.Duration
	// broken is the error of every write.
	broken error
	// cut is the order whose outcome the kill kept from being written down, empty
	// for none; moving is the step at which such an order ended last.
	cut    string
	moving int
	// receipt is what such an order leaves; default receipt.
	receipt string
	// moved is what an order that is no restart does; it holds the lock.
	moved func(a sdk.Action) error
	// arrived are the keys of the orders that were begun.
	arrived map[string]bool
	// keeps reports that the pipeline keeps a change that was cut off; otherwise
	// it takes it back at its start.
	keeps bool
	// forgetful takes the rule out that an order is traced: nobody remembers any.
	forgetful bool
	// actor takes the place of the world's own hand.
	actor Actor
	// promotion is what becomes of strategies that pass the bar.
	promotion Promotion
	// around is what is known beside anomalies, nil for nothing.
	around func(context.Context, sdk.Incident) Surroundings
}

type document struct {
	kind, id string
	data     []byte
	at       time.Time
}

// part is one component. After a restart it does what next says.
type part struct {
	generation uint64
	state      sdk.ComponentState
	verdict    sdk.Verdict
	// next decides how the restart of that number goes.
	next func(generation uint64) future
}

type future struct {
	state   sdk.ComponentState
	verdict sdk.Verdict
	err     error
	// crashAfter ends the new process again; zero for never.
	crashAfter time.Duration
	// readyAfter makes it healthy; zero for at once when the verdict is pass.
	readyAfter time.Duration
}

var (
	fine      = future{state: sdk.StateUp, verdict: sdk.Pass}
	hung      = future{state: sdk.StateUp, verdict: sdk.Fail}
	errKilled = errors.New("the daemon is dead")
)

func newWorld(t *testing.T, names ...string) *world {
	w := &world{t: t, parts: map[string]*part{}, docs: map[string]document{}, arrived: map[string]bool{}}
	for _, name := range names {
		w.parts[name] = &part{generation: 1, state: sdk.StateUp, verdict: sdk.Pass, next: func(uint64) future { return fine }}
	}
	return w
}

// boot starts a daemon on the world's disk.
func (w *world) boot(set Settings, ladder ...Strategy) {
	w.t.Helper()
	h, err := New(w.t.Context(), Options{
		Log: hclog.NewNullLogger(), Settings: set, Strategies: func() []Strategy { return ladder },
		Actor: w.hand(), Prober: w, Store: w, Audit: w.audit, Publish: func(string, any) {}, Surroundings: w.around, Promotion: w.promotion,
	})
	if err != nil {
		w.t.Fatalf("boot: %v", err)
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	w.heal, w.end, w.over = h, cancel, make(chan struct{})
	go func() {
		defer close(w.over)
		if err := h.Run(ctx); err != nil {
			w.t.Errorf("run: %v", err)
		}
	}()
	synctest.Wait()
}

// hand is who carries actions out: the world itself unless a test has another.
func (w *world) hand() Actor {
	if w.actor != nil {
		return w.actor
	}
	return w
}

// halt ends the daemon in an orderly way.
func (w *world) halt() {
	w.end()
	<-w.over
	w.lives.Wait()
}

// tick counts a step of the daemon towards the kill and reports whether it is
// dead.
func (w *world) tick() error {
	w.steps++
	if w.steps == w.kill {
		w.dead = true
	}
	if w.dead {
		return errKilled
	}
	return nil
}

func (w *world) Class(sdk.Proposal) string { return "harmless" }

func (w *world) Cost(sdk.Proposal) time.Duration { return 4 * time.Second }

func (w *world) audit(kind string, _ map[string]any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.tick(); err != nil {
		return err
	}
	w.audits = append(w.audits, kind)
	return w.broken
}

func (w *world) Put(_ context.Context, kind, id string, doc []byte, at time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.tick(); err != nil {
		if w.moving > 0 && w.steps == w.kill && w.steps == w.moving+1 {
			w.cut = w.orders[len(w.orders)-1] // its outcome is not written down
		}
		return err
	}
	if w.broken != nil {
		return w.broken
	}
	w.docs[kind+"/"+id] = document{kind, id, slices.Clone(doc), at}
	return nil
}

func (w *world) List(_ context.Context, kind string, limit int) ([][]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var found []document
	for _, d := range w.docs {
		if d.kind == kind {
			found = append(found, d)
		}
	}
	slices.SortFunc(found, func(a, b document) int { return b.at.Compare(a.at) })
	var out [][]byte
	for _, d := range found[:min(len(found), limit)] {
		out = append(out, d.data)
	}
	return out, nil
}

func (w *world) Get(_ context.Context, kind, id string) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.docs[kind+"/"+id].data), nil
}

func (w *world) Check(sdk.Proposal) error { return nil }

// NeedsPerson wants one for the command that has no undo.
func (w *world) NeedsPerson(p sdk.Proposal) string {
	for _, a := range p.Actions {
		if d, ok := a.(sdk.RunDeclared); ok && d.Name == "purge" {
			return "purge has no undo"
		}
	}
	return ""
}

// Trace knows of an order what the real hand could know.
func (w *world) Trace(_ context.Context, o Order) fate.Fate {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch arrived := w.arrived[o.Key] && !w.forgetful; o.Action.Kind() {
	case sdk.KindReload:
		return fate.Fate{State: fate.Unknown}
	case sdk.KindRunDeclared:
		if w.forgetful {
			return fate.Fate{State: fate.NotDone}
		}
		if w.NeedsPerson(sdk.Proposal{Actions: []sdk.Action{o.Action}}) != "" {
			return fate.Fate{State: fate.Unknown}
		}
		return fate.Fate{State: fate.Unknown, Receipt: "receipt"}
	case sdk.KindWait, sdk.KindHandOver:
		return fate.Fate{State: fate.Done}
	case sdk.KindStart, sdk.KindRestart, sdk.KindRollbackChange:
		if arrived {
			return fate.Fate{State: fate.Done}
		}
	case sdk.KindSetParameters, sdk.KindSubmitChange:
		if arrived && w.keeps {
			return fate.Fate{State: fate.Done, Receipt: "receipt"}
		}
	default:
		if arrived {
			return fate.Fate{State: fate.Done, Receipt: "receipt"}
		}
	}
	return fate.Fate{State: fate.NotDone}
}

func (w *world) Targets(p sdk.Proposal, _ []string) []string { return remedy.Targets(p) }

func (w *world) Confirm(_ context.Context, name string) sdk.Verdict {
	time.Sleep(w.slow)
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.parts[name].verdict
}

func (w *world) Status(name string) (sdk.ComponentStatus, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, ok := w.parts[name]
	if !ok {
		return sdk.ComponentStatus{}, false
	}
	return sdk.ComponentStatus{
		Name: name, State: p.state, Generation: p.generation, PID: 100,
		Probes: []sdk.ProbeResult{{Name: "http/1", Verdict: p.verdict}},
	}, true
}

// Do carries an order out; it counts when it arrives. What is no restart has a
// receipt and does what moved says.
func (w *world) Do(_ context.Context, key string, a sdk.Action, _ string) (text, receipt string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.tick(); err != nil {
		return "", "", err
	}
	w.orders = append(w.orders, fmt.Sprintf("%s %s", a.Kind(), a.Target()))
	w.arrived[key] = true
	if a.Kind() != sdk.KindRestart && a.Kind() != sdk.KindStart {
		err = w.move(a)
		if dead := w.tick(); dead != nil {
			w.cut = w.orders[len(w.orders)-1]
			return "", "", dead
		}
		w.moving = w.steps
		return "moved", cmp.Or(w.receipt, "receipt"), err
	}
	p := w.parts[a.Target()]
	p.generation++
	f := p.next(p.generation)
	p.state, p.verdict = f.state, f.verdict
	generation := p.generation
	w.lives.Go(func() { w.live(a.Target(), generation, f) })
	if err := w.tick(); err != nil {
		return "", "", err
	}
	return "restarted", "", f.err
}

func (w *world) move(a sdk.Action) error {
	if w.moved == nil {
		return nil
	}
	return w.moved(a)
}

// Undo takes an order back; that counts as an order too.
func (w *world) Undo(_ context.Context, a sdk.Action, receipt, _ string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.tick(); err != nil {
		return "", err
	}
	w.orders = append(w.orders, fmt.Sprintf("undo %s %s", a.Kind(), a.Target()))
	if receipt != "receipt" {
		return "", fmt.Errorf("the receipt is %q", receipt)
	}
	return "moved back", w.tick()
}

// live plays the new process's life and what the detector says of it.
func (w *world) live(name string, generation uint64, f future) {
	switch {
	case f.crashAfter > 0:
		time.Sleep(f.crashAfter)
		w.crash(name, generation)
	case f.readyAfter > 0:
		time.Sleep(f.readyAfter)
		w.recover(name, generation)
	case f.verdict == sdk.Pass:
		w.recover(name, generation)
	}
}

// crash ends the process of that generation and reports it.
func (w *world) crash(name string, generation uint64) {
	w.mu.Lock()
	p := w.parts[name]
	if p.generation != generation {
		w.mu.Unlock()
		return
	}
	p.state, p.verdict = sdk.StateDown, sdk.Fail
	w.mu.Unlock()
	w.report(name, sdk.AnomalyExit, sdk.SeverityMedium)
}

// sicken makes the component's probe fail and reports it.
func (w *world) sicken(name string) {
	w.mu.Lock()
	w.parts[name].verdict = sdk.Fail
	w.mu.Unlock()
	w.report(name, sdk.AnomalyProbe, sdk.SeverityMedium)
}

// recover makes the component healthy and ends its anomalies.
func (w *world) recover(name string, generation uint64) {
	w.mu.Lock()
	p := w.parts[name]
	if p.generation != generation {
		w.mu.Unlock()
		return
	}
	p.state, p.verdict = sdk.StateUp, sdk.Pass
	w.mu.Unlock()
	w.observe(sdk.Event{Component: name, Type: sdk.EventReady, Generation: generation, Time: time.Now()})
	w.ended(name, sdk.AnomalyExit)
	w.ended(name, sdk.AnomalyProbe)
}

func (w *world) observe(e sdk.Event) {
	if err := w.heal.Observe(e); err != nil && !errors.Is(err, ErrNotRunning) {
		w.t.Errorf("observe %+v: %v", e, err)
	}
}

func (w *world) report(name, kind string, s sdk.Severity) {
	w.say(sdk.Anomaly{Component: name, Key: keyOf(kind), Kind: kind, Severity: s, Score: 1, Start: time.Now(), TTL: 24 * time.Hour, Summary: name + " " + kind})
}

func (w *world) ended(name, kind string) {
	w.say(sdk.Anomaly{Component: name, Key: keyOf(kind), Kind: kind, Ended: true})
}

func (w *world) say(a sdk.Anomaly) {
	w.mu.Lock()
	var generation uint64
	if p := w.parts[a.Component]; p != nil {
		generation = p.generation
	}
	w.mu.Unlock()
	win := sdk.Window{Component: a.Component, End: time.Now(), Status: sdk.ComponentStatus{Generation: generation}}
	if err := w.heal.Report("health", win, []sdk.Anomaly{a}); err != nil && !errors.Is(err, ErrNotRunning) {
		w.t.Errorf("report %+v: %v", a, err)
	}
}

func keyOf(kind string) string {
	if kind == sdk.AnomalyProbe {
		return "probe/http/1"
	}
	return kind
}

// recoveries are all that were begun, newest first.
func (w *world) recoveries() []record.Recovery {
	w.t.Helper()
	found, err := w.heal.FindRecoveries(w.t.Context(), Search{Limit: 1000})
	if err != nil {
		w.t.Fatalf("find recoveries: %v", err)
	}
	return found
}

// approvals are all questions to people, newest first.
func (w *world) approvals() []record.Approval {
	w.t.Helper()
	found, err := w.heal.FindApprovals(w.t.Context(), Search{Limit: 1000})
	if err != nil {
		w.t.Fatalf("find approvals: %v", err)
	}
	return found
}

func (w *world) ordered() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.orders)
}

// ladder strategies for tests.

// restarter proposes a restart of the cause, after pauses that it is given.
type restarter struct {
	pause   time.Duration
	probing int // proposals are probing from this number of attempts on
	mu      sync.Mutex
	learnt  []sdk.Result
}

func (*restarter) Name() string { return "restart" }

func (r *restarter) Propose(_ context.Context, in sdk.Incident) (sdk.Proposal, error) {
	p := sdk.Proposal{Actions: []sdk.Action{sdk.Restart{Component: in.Component}}, Reason: "it may help"}
	starts := in.Status[0].Starts
	if n := len(starts); n > 0 && r.pause > 0 {
		p.NotBefore = starts[n-1].Add(r.pause)
	}
	p.Probing = r.probing > 0 && len(in.Attempts) >= r.probing
	return p, nil
}

func (r *restarter) Learn(_ context.Context, o sdk.Outcome) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.learnt = append(r.learnt, o.Result)
	return nil
}
