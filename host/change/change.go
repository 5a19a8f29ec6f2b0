// Package change owns the pipeline through which every file of a root is changed: preflight, backup, validate, sandbox,
// approval, apply, watch, and then keep or roll back.
//
// It owns the order of the stages, each with its undo, the records of all changes, the durable decisions, and recovery
// at the start of the daemon. It does not own how files are exchanged (package txn), what a gate thinks (package gate),
// when a watched change is kept (package watch), how checks run, or what a component is: those come in as interfaces.
//
// A Pipeline may be used from several goroutines. Each change that is under way has one goroutine, which alone writes its
// record; Close ends them and waits. At most one change is under way in a root.
package change

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/backup"
	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/confined"
	"github.com/homeostat/homeostat/host/change/gate"
	"github.com/homeostat/homeostat/host/change/look"
	"github.com/homeostat/homeostat/host/change/own"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/txn"
	"github.com/homeostat/homeostat/host/health"
	"github.com/homeostat/homeostat/host/screen"
	"github.com/homeostat/homeostat/sandbox"
)

// Activation says what makes the owner of a root read its files.
type Activation string

// The activations.
const (
	ActivateNone    Activation = "none"
	ActivateReload  Activation = "reload"
	ActivateRestart Activation = "restart"
)

// Root is a folder in which changes may be made.
type Root struct {
	Name, Path string
	// Component is the owner, whose health decides the watch; empty for none.
	Component string
	Activate  Activation
	// Watch is how long a change can be undone by what is seen.
	Watch time.Duration
	// Health and Person say what must confirm a change.
	Health, Person bool
	// Deny are patterns of paths that checks do not see.
	Deny []string
	// Native are commands that judge the candidate; "{view}" stands for the root with the change applied.
	Native [][]string
	// Checks are WASM programs that judge the candidate.
	Checks []sandbox.Program
	// Own says which part of homeostat itself the root is; the zero value for every other root.
	Own own.Part
}

// Settings are the operator's. They are asked for at each change, because a reload changes them.
type Settings struct {
	Roots []Root
	// Own are the parts of homeostat itself, named by own.RootOf.
	Own []Root
	// Limits raise the risk of a change. They never refuse.
	Limits         screen.Limits
	ApprovalExpiry time.Duration
	// KeepBackup is how long a backup is kept, KeepMax how many are.
	KeepBackup time.Duration
	KeepMax    int
	Sandbox    sandbox.Limits
}

// Transactor applies and undoes file operations; package txn/worker has the one of the daemon.
type Transactor interface {
	// Check says what Apply would refuse now. It only reads.
	Check(c txn.Change) error
	Apply(ctx context.Context, c txn.Change) (txn.Result, error)
	Confirm(ctx context.Context, id string) (txn.Result, error)
	Rollback(ctx context.Context, id string) (txn.Result, error)
	Recover(ctx context.Context, roots []string) ([]txn.Result, error)
}

// Rehearser runs WASM checks; *sandbox.Sandbox is the one of the daemon.
type Rehearser interface {
	Compare(ctx context.Context, p sandbox.Program, l sandbox.Limits, v sandbox.View) (sandbox.Comparison, error)
}

// Native runs validators of the system, confined, over a view of the root; package confined has the one of the daemon.
type Native interface {
	// Run says pass, fail or inconclusive, and why. It bounds its own time.
	Run(ctx context.Context, j confined.Job) (record.Verdict, string)
}

// World is what the pipeline sees of components, and does to them.
type World interface {
	// Activate makes the component read its files. The answer says what was done.
	Activate(ctx context.Context, component string, how Activation, reason string) (string, error)
	// Look asks a component's probes now.
	Look(ctx context.Context, component string) (record.Verdict, string)
	// AnswerWithin is how long a component may take from its activation to the first healthy answer.
	AnswerWithin(component string) time.Duration
	// Ills tells how ill each component is, 0 for well.
	Ills() map[string]int
	// Anomalies are the ids of the anomalies that are open now.
	Anomalies() map[string]bool
	// Health judges the host.
	Health(ctx context.Context) health.Report
}

// Store keeps the records durably.
type Store interface {
	// Put replaces the document of that kind and id. It returns when the document is durable.
	Put(ctx context.Context, kind, id string, doc []byte, at time.Time) error
	// Get returns a document, nil when there is none.
	Get(ctx context.Context, kind, id string) ([]byte, error)
	// List returns the newest documents of a kind, newest first.
	List(ctx context.Context, kind string, limit int) ([][]byte, error)
}

// Options are what a Pipeline needs. Rehearser and Native may be nil: then a check that needs them is inconclusive.
type Options struct {
	Log      hclog.Logger
	Settings func() Settings
	// Dir is a folder of the pipeline's own, with mode 0700.
	Dir     string
	Files   Transactor
	Backups *backup.Store
	World   World
	Store   Store
	// Gate is what the gates are made of; its Save is set by the pipeline.
	Gate      gate.Config
	Rehearser Rehearser
	Native    Native
	// GoTests may be nil too: then the tests of changed Go packages are inconclusive.
	GoTests GoTester
	// Audit appends to the audit log and returns when the record is durable.
	Audit func(actor, kind string, fields map[string]any) error
	// Guard is the process above the daemon; nil for none.
	Guard own.Guard
	// OwnIlls tells how ill the parts of the daemon are, 0 for well, in the manner of World.Ills; nil for unknown.
	OwnIlls func() map[string]int
	// Changed tells listeners of each new state. It must not block, nor call the pipeline.
	Changed func(record.Record)
	// Timing is for tests; the zero value is right for the daemon.
	Timing Timing
}

// Timing are spans that no operator needs to set.
type Timing struct {
	// Settle is how long a breach undoes a confirmed change; default half the watch, at most 30 s.
	Settle time.Duration
	// LookEvery is the time between looks at an owner that has not answered yet; default 500 ms.
	LookEvery time.Duration
	// LookTimeout bounds one look; default 10 s.
	LookTimeout time.Duration
	// Retry is the time before a failed undoing is tried again; default 1 s.
	Retry time.Duration
}

// Pipeline changes files. Make it with New.
type Pipeline struct {
	opt   Options
	gates *gate.Gate

	files sync.Mutex // held during a call of opt.Files, which serves one at a time, and guards the next
	// unfinished names, by the path of a root, the change that left its files half old and half new.
	unfinished map[string]string

	life    context.Context
	end     context.CancelFunc
	running sync.WaitGroup
	looks   look.Asker
	shelf   candidate.Shelf

	mu      sync.Mutex // guards what follows
	open    map[string]*run
	busy    map[string]string // root name → change that is under way
	news    chan struct{}     // closed and replaced when a record changes
	pending []string          // rolled back at the start, their owners not told yet
	trial   *run              // a change of homeostat itself that this daemon was started to try
	closed  bool
}

// Kinds of documents in the store.
const (
	kindChange = "change"
	kindGate   = "change-gate"
	idGate     = "state"
)

// storeTimeout bounds the writing of a record. It does not hang on the life of a request.
const storeTimeout = 10 * time.Second

// New opens a pipeline. It changes nothing before Recover.
func New(ctx context.Context, opt Options) (*Pipeline, error) {
	p := &Pipeline{opt: opt.withDefaults(), shelf: candidate.Shelf(opt.Dir), open: map[string]*run{}, busy: map[string]string{}, unfinished: map[string]string{}, news: make(chan struct{})}
	p.looks.Ask, p.looks.Timeout = opt.World.Look, p.opt.Timing.LookTimeout
	p.life, p.end = context.WithCancel(context.WithoutCancel(ctx))
	var state gate.State
	if err := p.load(ctx, kindGate, idGate, &state); err != nil && !errors.Is(err, ErrUnknown) {
		return nil, fmt.Errorf("open the change pipeline: %w", err)
	}
	config := opt.Gate
	config.Save = func(s gate.State) error { return p.store(kindGate, idGate, s) }
	var err error
	if p.gates, err = gate.Open(config, state); err != nil {
		return nil, fmt.Errorf("open the change pipeline: %w", err)
	}
	if _, err := atomicfile.RemoveLeftovers(opt.Dir); err != nil {
		return nil, fmt.Errorf("open the change pipeline: %w", err)
	}
	return p, nil
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		span  *time.Duration
		value time.Duration
	}{
		{&o.Timing.LookEvery, 500 * time.Millisecond}, {&o.Timing.LookTimeout, 10 * time.Second}, {&o.Timing.Retry, time.Second},
	} {
		if *d.span <= 0 {
			*d.span = d.value
		}
	}
	return o
}

// Gate gives access to the gates, for status and switches.
func (p *Pipeline) Gate() *gate.Gate { return p.gates }

// Close ends what is under way and waits. A change whose watch is open stays applied and undecided: the next Recover
// rolls it back.
func (p *Pipeline) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.end()
	p.running.Wait()
	p.looks.Wait()
}

// root finds a declared root by name; empty stands for the only one.
func (p *Pipeline) root(name string) (Root, error) {
	roots := p.opt.Settings().Roots
	if name == "" && len(roots) == 1 {
		return roots[0], nil
	}
	names := make([]string, len(roots))
	for i, r := range roots {
		if r.Name == name {
			return r, nil
		}
		names[i] = r.Name
	}
	if own.IsRoot(name) {
		return p.ownRoot(name)
	}
	if name == "" {
		return Root{}, invalid("root.missing", fmt.Sprintf("the change names no root, and %d are declared: %v", len(roots), names), "name one, with --root or root in change.toml")
	}
	return Root{}, invalid("root.unknown", fmt.Sprintf("root %q is not declared; there are %v", name, names), "declare it as [[root]] in the configuration, or correct the name")
}

// Invalid is the error of a change that is wrong in itself, whatever the state of the host.
type Invalid = candidate.Invalid

func invalid(rule, text, hint string) error { return &Invalid{Rule: rule, Text: text, Hint: hint} }

// Errors that callers decide upon.
var (
	// ErrUnknown: there is no change of that id.
	ErrUnknown = errors.New("no such change")
	// ErrState: the change is not in a state in which that can be done.
	ErrState = errors.New("the state of the change does not allow that")
	// ErrClosed: the pipeline was closed.
	ErrClosed = errors.New("the change pipeline is closed")
)
