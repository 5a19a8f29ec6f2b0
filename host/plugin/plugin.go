// Package plugin runs the daemon's detector and strategy plugins.
//
// It owns which plugins run and with which configuration, their programs and
// saved states on disk, and the judgement of their answers: what breaks a rule
// of package sdk never leaves this package. It knows nothing of components,
// windows or incidents, does not decide when a plugin is asked, and acts on no
// answer. The packages below it own one thing each: store the programs and
// states, runner one process, logsink its output, supervisor its life, scaffold
// the files of a new plugin.
//
// A Host may be used from several goroutines. Start, Apply and Close take turns.
package plugin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/plugin/runner"
	"github.com/homeostat/homeostat/host/plugin/store"
	"github.com/homeostat/homeostat/host/plugin/supervisor"
	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/wire"
)

// Options are what a Host needs.
type Options struct {
	// StateDir is the daemon's state folder; the host uses "plugins" below it.
	StateDir string
	// SocketDir holds the plugins' sockets. It is made with mode 0711, and
	// emptied: no other daemon may use it. Its path has at most 60 bytes. A
	// temporary folder takes its place where it is empty, or where the plugins'
	// user cannot reach it.
	SocketDir string
	// WriteFile replaces a file durably (host/atomicfile does).
	WriteFile store.WriteFile
	Log       hclog.Logger
	// Sink gets EventPluginBlind and EventPluginSeeing of detectors. It is called
	// from goroutines of the host and must return soon.
	Sink func(sdk.Event)
	// Specs are the plugins to run.
	Specs []Spec
	// User is the user that plugins run as where the daemon is root; empty means
	// "nobody". It is ignored otherwise.
	User string
	// Timing is the zero value for supervisor.DefaultTiming.
	Timing supervisor.Timing
}

// ComponentPrefix begins the component name of events about a plugin; the
// plugin's name follows.
const ComponentPrefix = "plugin/"

// Host runs a set of plugins.
type Host struct {
	options  Options
	store    *store.Store
	identity *runner.Identity
	sockets  string

	// change holds one token: Start, Apply and Close take turns.
	change chan struct{}

	mu      sync.RWMutex
	running []*running
	closed  bool
}

// running is one plugin that the host keeps.
type running struct {
	spec       Spec
	program    store.Program
	supervisor *supervisor.Supervisor
	judge      *judge
}

// New checks the options and prepares the folders. It starts nothing.
func New(o Options) (*Host, error) {
	if o.Timing == (supervisor.Timing{}) {
		o.Timing = supervisor.DefaultTiming()
	}
	if err := checkSpecs(o.Specs); err != nil {
		return nil, err
	}
	identity, err := identityOf(o.User)
	if err != nil {
		return nil, err
	}
	kept, err := store.Open(filepath.Join(o.StateDir, "plugins"), o.WriteFile)
	if err != nil {
		return nil, err
	}
	sockets, err := openSockets(o.SocketDir, identity)
	if err != nil {
		return nil, err
	}
	return &Host{options: o, store: kept, identity: identity, sockets: sockets, change: make(chan struct{}, 1)}, nil
}

// Start starts all plugins at the same time and waits until each one is ready
// or has failed for the first time. It returns an error when a plugin with
// on_start_error = "fail" failed; all are stopped then.
func (h *Host) Start(ctx context.Context) error {
	return h.Apply(ctx, h.options.Specs)
}

// Apply makes the running plugins those of specs: all or nothing. Plugins whose
// spec and program are unchanged run on. The others are started beside the
// present ones, with the state of their predecessors, and take their place when
// all are ready. An error leaves everything as it was. A plugin that fails to
// start only because of what it finds at run time does not stop the others,
// unless its on_start_error is "fail".
func (h *Host) Apply(ctx context.Context, specs []Spec) error {
	if err := checkSpecs(specs); err != nil {
		return err
	}
	release, err := h.exclusive(ctx)
	if err != nil {
		return err
	}
	defer release()
	plan, err := h.plan(specs)
	if err != nil {
		plan.discard()
		h.prune()
		return err
	}
	if err := plan.start(ctx); err != nil {
		plan.discard()
		h.prune()
		return err
	}
	h.mu.Lock()
	h.running = plan.next
	h.mu.Unlock()
	plan.retire()
	h.prune()
	return nil
}

var errClosed = errors.New("the plugin host is closed")

func (h *Host) exclusive(ctx context.Context) (func(), error) {
	select {
	case h.change <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for another change of the plugins: %w", ctx.Err())
	}
	release := func() { <-h.change }
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.closed {
		release()
		return nil, errClosed
	}
	return release, nil
}

// Close saves the states and ends all plugins, at the same time. It returns
// when all processes are gone, or when ctx ends.
func (h *Host) Close(ctx context.Context) error {
	release, err := h.exclusive(ctx)
	if errors.Is(err, errClosed) {
		return nil
	}
	if err != nil {
		return err
	}
	defer release()
	h.mu.Lock()
	h.closed = true
	all := h.running
	h.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		together(all, (*running).stop)
	}()
	select {
	case <-ended:
		return os.RemoveAll(h.sockets)
	case <-ctx.Done():
		return fmt.Errorf("end all plugins: %w", ctx.Err())
	}
}

// together does one thing with all plugins at the same time and waits.
func together(all []*running, do func(*running)) {
	var group sync.WaitGroup
	for _, r := range all {
		group.Go(func() { do(r) })
	}
	group.Wait()
}

func (r *running) stop() {
	r.supervisor.Stop()
	_ = r.program.File.Close()
}

func (h *Host) prune() {
	inUse := map[string]bool{}
	h.mu.RLock()
	for _, r := range h.running {
		inUse[r.program.SHA256] = true
	}
	h.mu.RUnlock()
	if n, err := h.store.Prune(inUse); err != nil || n > 0 {
		h.options.Log.Debug("removed plugin programs that are not in use", "count", n, "error", err)
	}
}

// Status is what is known of one plugin, for people.
type Status struct {
	Name      string           `json:"name"`
	Kind      wire.PluginKind  `json:"kind"`
	Path      string           `json:"path"`
	SHA256    string           `json:"sha256"`
	Pinned    bool             `json:"pinned"`
	Version   string           `json:"version"`
	State     supervisor.State `json:"state"`
	Since     time.Time        `json:"since"`
	PID       int              `json:"pid,omitempty"`
	Restarts  int              `json:"restarts"`
	LastError string           `json:"last_error,omitempty"`
	NextTry   time.Time        `json:"next_try,omitzero"`
	LookBack  time.Duration    `json:"look_back_ns"`
	Features  []string         `json:"features"`
	// Refused counts the answers, or parts of them, that broke the rules.
	Refused uint64 `json:"refused_answers"`
}

// Status returns all plugins in the order of their names.
func (h *Host) Status() []Status {
	h.mu.RLock()
	defer h.mu.RUnlock()
	out := make([]Status, 0, len(h.running))
	for _, r := range h.running {
		s := r.supervisor.Status()
		out = append(out, Status{
			Name: r.spec.Name, Kind: r.spec.Kind, Path: r.spec.Path, SHA256: r.program.SHA256, Pinned: r.spec.SHA256 != "",
			Version: s.Description.Version, State: s.State, Since: s.Since, PID: s.PID, Restarts: s.Restarts,
			LastError: s.LastError, NextTry: s.NextTry, LookBack: s.LookBack, Features: s.Description.Features,
			Refused: r.judge.refused.Load(),
		})
	}
	return out
}

// of returns the running plugins of one kind, in the order of their names.
func (h *Host) of(kind wire.PluginKind) []*running {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return slices.DeleteFunc(slices.Clone(h.running), func(r *running) bool { return r.spec.Kind != kind })
}
