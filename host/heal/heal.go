// Package heal brings components back: it turns what detectors report into
// incidents, asks strategies what to do, has it done, and checks that it
// helped.
//
// It owns the loop around the pure core in heal/machine: carrying effects out,
// keeping incidents durable, journalling before an action. It decides nothing
// itself, starts no process and touches no component: actions are for the
// Actor, verdicts for the Prober, remedies for the strategies.
//
// A Healer may be used from several goroutines. Run owns all goroutines; they
// end with it. No lock is held during a call out.
package heal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/fate"
	"github.com/homeostat/homeostat/host/heal/catalog"
	"github.com/homeostat/homeostat/host/heal/choice"
	"github.com/homeostat/homeostat/host/heal/effect"
	"github.com/homeostat/homeostat/host/heal/machine"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/host/heal/score"
	"github.com/homeostat/homeostat/host/heal/trials"
	"github.com/homeostat/homeostat/sdk"
)

// Settings are the operator's; see machine.Settings for defaults.
type Settings = machine.Settings

// Component is what healing has to know of a component.
type Component = machine.Component

// Strategy is one rung of the ladder.
type Strategy interface {
	Name() string
	Propose(ctx context.Context, in sdk.Incident) (sdk.Proposal, error)
	// Learn tells how a recovery ended. Strategies that do not care return nil.
	Learn(ctx context.Context, o sdk.Outcome) error
}

// Actor carries actions out.
type Actor interface {
	// Check reports why a proposal as a whole cannot or must not be carried
	// out on this host.
	Check(p sdk.Proposal) error
	// NeedsPerson says why a person has to agree in every mode, for example
	// because an action has no undo; empty when none has to.
	NeedsPerson(p sdk.Proposal) string
	// Class names how invasive a proposal is as a whole, by how it can be taken back.
	Class(p sdk.Proposal) string
	// Cost estimates how long the component does not serve because of a proposal.
	Cost(p sdk.Proposal) time.Duration
	// Targets lists the components that a proposal is done to: the owners of
	// what it changes, an end of each link, one of those given where it can be.
	// Empty for one that is done to none.
	Targets(p sdk.Proposal, hit []string) []string
	// Do carries one action out and says what was done. The receipt is what Undo
	// needs to take it back, empty where nothing does; it may come with an error
	// when something was done all the same.
	// The key names the order, for Trace.
	Do(ctx context.Context, key string, a sdk.Action, reason string) (text, receipt string, err error)
	// Trace finds out what became of an action that Do had begun, in an earlier
	// life of the daemon, for the order of that key and time.
	Trace(ctx context.Context, order Order) fate.Fate
	// Undo takes an action back that was carried out, and says what was done. To
	// take back what is taken back already is no error.
	Undo(ctx context.Context, a sdk.Action, receipt, reason string) (string, error)
}

// Order is an action that was ordered, of which nobody knows the outcome.
type Order struct {
	Key    string
	Action sdk.Action
	Since  time.Time
}

// Chooser orders the rungs of the ladder.
type Chooser interface {
	// Order returns the names of the strategies to ask, in order. It is called
	// from several goroutines and must not block.
	Order(q choice.Question) []string
}

// Prober knows the components.
type Prober interface {
	// Confirm probes a component now and returns the verdict.
	Confirm(ctx context.Context, component string) sdk.Verdict
	// Status returns what is known of a component, false when there is none.
	Status(component string) (sdk.ComponentStatus, bool)
}

// Store keeps documents durably.
type Store interface {
	// Put replaces the document of that kind and id. It returns when the
	// document is durable.
	Put(ctx context.Context, kind, id string, doc []byte, at time.Time) error
	// List returns the newest documents of a kind by their time, newest first.
	List(ctx context.Context, kind string, limit int) ([][]byte, error)
	// Get returns one document, nil where there is none.
	Get(ctx context.Context, kind, id string) ([]byte, error)
}

// Surroundings are what the host alone knows around an incident.
type Surroundings struct {
	// Changes are the recent ones, newest first.
	Changes []sdk.ChangeRef
	// Logs are the last lines of the cause, oldest first.
	Logs       []sdk.LogLine
	Readings   []sdk.Reading
	Parameters []sdk.Parameter
	// Forbidden are the combinations of parameters that are never applied.
	Forbidden []sdk.Forbidden
	// Links are the declared ones with what is known of their circuits; nil
	// leaves those of the settings.
	Links []sdk.Link
}

// Options are what a Healer needs. All fields without a default are required.
type Options struct {
	Log      hclog.Logger
	Settings Settings
	// Strategies returns those that are ready. It is called for each question,
	// because plugins come and go.
	Strategies func() []Strategy
	// Chooser decides in which order they are asked; default choice.Fixed.
	Chooser Chooser
	// Promotion says what becomes of strategies that pass the bar; default
	// suggest.
	Promotion Promotion
	Actor     Actor
	Prober    Prober
	Store     Store
	// Audit appends to the audit log and returns when the record is durable.
	Audit func(kind string, fields map[string]any) error
	// Publish tells listeners; it must not block. Topics are anomaly, incident,
	// recovery, approval, mode and maintenance.
	Publish func(topic string, item any)
	// Surroundings returns what is known around an incident beside its
	// anomalies. It is called before strategies are asked, with a deadline of
	// LookTimeout. Nil for nothing.
	Surroundings func(ctx context.Context, in sdk.Incident) Surroundings
	// LookTimeout bounds one look at the surroundings; default 1 s.
	LookTimeout time.Duration
	// ConfirmTimeout bounds one look at a component; default 3 s.
	ConfirmTimeout time.Duration
	// ProposeTimeout bounds one strategy's answer; default 5 s.
	ProposeTimeout time.Duration
	// ActTimeout bounds one action; default 3 min.
	ActTimeout time.Duration
	// DrainTimeout is how long the end of Run waits for actions that are under
	// way before it cancels them; default 10 s.
	DrainTimeout time.Duration
}

// Documents in the store.
const (
	kindIncident = "incident"
	kindState    = "healing"
	idState      = "state"
	loadLimit    = 500
)

// ErrNotRunning is returned by orders that come before or after Run.
var ErrNotRunning = errors.New("healing is not running")

// Healer is the coordinator. Use New, then Run.
type Healer struct {
	opt  Options
	poke chan struct{}
	// playing holds a token while a replay is played.
	playing chan struct{}
	work    *writer
	turns   turns
	// scores, kept and trials have locks of their own.
	scores board
	kept   shelf
	trials *trials.Keeper

	learned learned

	mu      sync.Mutex // guards what follows
	core    *machine.Machine
	first   []effect.Effect // what taking up saved incidents asked for
	life    context.Context // ends when what is under way has to; nil before Run
	closing bool
	promote Promotion
	// settings are those in force.
	settings Settings
}

// New loads what was saved and returns a Healer that has not begun yet.
func New(ctx context.Context, opt Options) (*Healer, error) {
	opt = opt.withDefaults()
	h := &Healer{opt: opt, poke: make(chan struct{}, 1), playing: make(chan struct{}, 1), settings: opt.Settings, work: newWriter(), core: machine.New(opt.Settings), promote: opt.Promotion}
	h.kept.book = catalog.New(score.MaxIncidents)
	h.trials = trials.New(opt.Log, opt.Store, opt.Audit)
	saved, err := h.load(ctx)
	if err != nil {
		return nil, err
	}
	if err := h.loadOdds(ctx); err != nil {
		return nil, err
	}
	if err := h.trials.Load(ctx); err != nil {
		return nil, err
	}
	h.trials.Configure(ctx, opt.Settings.Experiment, time.Now())
	if h.first, err = h.core.Step(time.Now(), saved); err != nil {
		return nil, fmt.Errorf("take up saved incidents: %w", err)
	}
	return h, nil
}

func (o Options) withDefaults() Options {
	defaults := []struct {
		span  *time.Duration
		value time.Duration
	}{
		{&o.ConfirmTimeout, 3 * time.Second}, {&o.ProposeTimeout, 5 * time.Second},
		{&o.ActTimeout, 3 * time.Minute}, {&o.DrainTimeout, 10 * time.Second}, {&o.LookTimeout, time.Second},
	}
	for _, d := range defaults {
		if *d.span <= 0 {
			*d.span = d.value
		}
	}
	if o.Promotion == "" {
		o.Promotion = PromotionSuggest
	}
	if o.Chooser == nil {
		o.Chooser = choice.Fixed{}
	}
	return o
}

func (h *Healer) load(ctx context.Context) (machine.Restore, error) {
	var saved machine.Restore
	states, err := h.opt.Store.List(ctx, kindState, 1)
	if err != nil {
		return saved, fmt.Errorf("load the healing mode: %w", err)
	}
	for _, doc := range states {
		if err := json.Unmarshal(doc, &saved.State); err != nil {
			return saved, fmt.Errorf("read the saved healing mode: %w", err)
		}
	}
	docs, err := h.opt.Store.List(ctx, kindIncident, score.MaxIncidents)
	if err != nil {
		return saved, fmt.Errorf("load incidents: %w", err)
	}
	for n, doc := range slices.Backward(docs) {
		var inc record.Incident
		if err := json.Unmarshal(doc, &inc); err != nil {
			return saved, fmt.Errorf("read a saved incident: %w", err)
		}
		h.scores.put(inc)
		h.kept.put(inc)
		h.trials.Put(inc)
		if n < loadLimit {
			saved.Incidents = append(saved.Incidents, inc)
		}
	}
	return saved, nil
}

// Run heals until the context ends, then waits for actions that are under way
// and for everything to be saved. It is called once.
func (h *Healer) Run(ctx context.Context) error {
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	written := make(chan struct{})
	go func() {
		defer close(written)
		h.work.run(func(batch []effect.Effect) { h.carry(life, batch) })
	}()
	h.mu.Lock()
	h.life = life
	h.dispatch(h.first)
	h.first = nil
	h.mu.Unlock()
	h.keepTime(ctx)
	h.drain(cancel)
	h.work.close()
	<-written
	return nil
}

// keepTime steps the core whenever something is due.
func (h *Healer) keepTime(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.poke:
		case <-timer.C:
			_ = h.step(nil) // time alone is never refused
		}
		timer.Stop()
		if next := h.next(); !next.IsZero() {
			timer.Reset(max(time.Until(next), 0))
		}
	}
}

func (h *Healer) next() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.core.Next()
}

// drain waits for what is under way, at most DrainTimeout, then cancels it.
func (h *Healer) drain(cancel context.CancelFunc) {
	stop := time.AfterFunc(h.opt.DrainTimeout, cancel)
	defer stop.Stop()
	h.mu.Lock()
	h.closing = true
	h.mu.Unlock()
	h.work.idle()
}

// step gives the core one input and sets what it asks for on its way. While
// Run is ending, only the outcome of an action is still taken in.
func (h *Healer) step(in machine.Input) error {
	if err := h.stepLocked(in); err != nil {
		return err
	}
	select {
	case h.poke <- struct{}{}:
	default:
	}
	return nil
}

func (h *Healer) stepLocked(in machine.Input) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, outcome := in.(machine.Acted); h.life == nil || h.closing && !outcome {
		return ErrNotRunning
	}
	effects, err := h.core.Step(time.Now(), in)
	h.dispatch(effects)
	return err
}
