// Package supervisor keeps one plugin running.
//
// It owns the life of the plugin over all its processes: start, configuration,
// health, restarts with back-off, quarantine, saving of state, the deadline of
// every call and the end. It does not choose programs (the store does) nor
// judge answers (package plugin does).
//
// One goroutine owns the life; calls come from any goroutine and take turns.
package supervisor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/sdk/wire"
)

// State is where a plugin stands.
type State string

// The states of a plugin.
const (
	Starting    State = "starting"
	Ready       State = "ready"
	Waiting     State = "waiting"     // ended, and will be started again
	Quarantined State = "quarantined" // ended too often; the next try is far off
	Refused     State = "refused"     // cannot work as it is configured; no further try
	Stopped     State = "stopped"
)

// Refusal is an error that another start will not cure.
type Refusal struct{ Err error }

// Error returns the reason.
func (r *Refusal) Error() string { return r.Err.Error() }

// Unwrap returns the reason as an error.
func (r *Refusal) Unwrap() error { return r.Err }

// States keeps what plugins save.
type States interface {
	// LoadState returns nil where there is nothing.
	LoadState(name string) ([]byte, error)
	SaveState(name string, state []byte) error
	// SetAside renames a state that cannot be used and returns its new path.
	SetAside(name string) (string, error)
	// Damaged reports whether an error of LoadState means a damaged file.
	Damaged(err error) bool
}

// Options are everything that a Supervisor needs; all are required.
type Options struct {
	Launch       Launch
	Kind         wire.PluginKind
	TOML         []byte
	Seed         uint64
	StartTimeout time.Duration
	CallTimeout  time.Duration
	Timing       Timing
	States       States
	Log          hclog.Logger
	// Changed is told, by the goroutine of the life, when the plugin becomes able
	// to answer and when it stops being so other than by order. It must return
	// soon.
	Changed func(Change)
}

// Change is a turn in the life of a plugin.
type Change struct {
	At     time.Time
	Seeing bool
	PID    int
	Why    string
}

// Supervisor keeps one plugin running. New is the only way to one.
type Supervisor struct {
	o      Options
	cancel context.CancelFunc
	done   chan struct{}
	// first gets the outcome of the first start.
	first chan error
	// turn holds one token: the call that has it is the only one.
	turn chan struct{}
	// saving holds one token: of two savings at once the older state could be
	// written last.
	saving chan struct{}
	// dirty holds a token while a state waits to be saved by the life's goroutine.
	dirty chan struct{}

	mu          sync.Mutex
	state       State
	since       time.Time
	current     *instance
	description wire.Description
	lookBack    time.Duration
	generation  uint64
	restarts    int
	lastError   string
	nextTry     time.Time
	keepState   bool
}

// New makes a supervisor that is not started.
func New(o Options) *Supervisor {
	return &Supervisor{
		o: o, done: make(chan struct{}), first: make(chan error, 1), turn: make(chan struct{}, 1),
		saving: make(chan struct{}, 1), dirty: make(chan struct{}, 1),
		state: Stopped, since: time.Now(), keepState: true,
	}
}

// Start begins the life and waits for the outcome of the first start. After an
// error the life goes on, with further tries, unless the error is a *Refusal.
// Stop ends it in every case.
func (s *Supervisor) Start(ctx context.Context) error {
	life, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go s.live(life)
	select {
	case err := <-s.first:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stop saves the plugin's state, ends its process and waits for the life's end.
// It does nothing before Start.
func (s *Supervisor) Stop() {
	if s.cancel == nil {
		return
	}
	s.cancel()
	<-s.done
}

// Replace ends the plugin without saving: a successor has its state already.
func (s *Supervisor) Replace() {
	s.mu.Lock()
	s.keepState = false
	s.mu.Unlock()
	s.Stop()
}

// live is the goroutine of the life; it ends by the context of Start.
func (s *Supervisor) live(ctx context.Context) {
	defer close(s.done)
	past := history{timing: s.o.Timing}
	for {
		err := s.oneRun(ctx)
		if ctx.Err() != nil {
			s.enter(Stopped, nil, time.Time{})
			s.outcome(ctx.Err())
			return
		}
		var refusal *Refusal
		if errors.As(err, &refusal) {
			s.refuse(ctx, err)
			return
		}
		if !s.rest(ctx, past.fail(time.Now()), err) {
			return
		}
	}
}

// outcome tells Start how the first start went; later outcomes have no reader.
func (s *Supervisor) outcome(err error) {
	select {
	case s.first <- err:
	default:
	}
}

func (s *Supervisor) refuse(ctx context.Context, err error) {
	s.enter(Refused, err, time.Time{})
	s.o.Log.Error("plugin is refused and stays off until its configuration changes", "error", err)
	s.change(Change{Why: "refused: " + err.Error()})
	s.outcome(err)
	<-ctx.Done()
	s.enter(Stopped, nil, time.Time{})
}

// rest waits before the next start; false means that the life is over.
func (s *Supervisor) rest(ctx context.Context, p pause, err error) bool {
	state := Waiting
	if p.quarantined {
		state = Quarantined
	}
	s.enter(state, err, p.until)
	s.o.Log.Warn("plugin gives no answers", "error", err, "state", state, "next_try", p.until.Format(time.TimeOnly))
	s.change(Change{Why: fmt.Sprintf("%s: %v", state, err)})
	s.outcome(err)
	timer := time.NewTimer(time.Until(p.until))
	defer timer.Stop()
	select {
	case <-timer.C:
		s.mu.Lock()
		s.restarts++
		s.mu.Unlock()
		return true
	case <-ctx.Done():
		s.enter(Stopped, nil, time.Time{})
		return false
	}
}

// oneRun is the life of one process. It returns why it ended.
func (s *Supervisor) oneRun(ctx context.Context) error {
	s.enter(Starting, nil, time.Time{})
	s.o.Launch.Output.Forget()
	i, err := launch(ctx, s.o)
	if err != nil {
		return err
	}
	s.adopt(i)
	s.outcome(nil)
	why := s.watch(ctx, i)
	if ctx.Err() != nil && s.keeps() {
		s.save(i)
	}
	s.mu.Lock()
	s.current = nil
	s.mu.Unlock()
	return errors.Join(why, i.end(s.o.Timing.StopGrace))
}

func (s *Supervisor) adopt(i *instance) {
	s.mu.Lock()
	s.generation++
	i.generation = s.generation
	s.current, s.description, s.lookBack = i, i.description, i.lookBack
	s.state, s.since, s.nextTry = Ready, time.Now(), time.Time{}
	s.mu.Unlock()
	s.o.Log.Info("plugin is ready", "version", i.description.Version, "pid", i.process.PID(),
		"took", time.Since(i.started).Round(time.Millisecond))
	s.change(Change{Seeing: true, PID: i.process.PID()})
}

// watch returns when the process has ended, hangs, or is to stop.
func (s *Supervisor) watch(ctx context.Context, i *instance) error {
	health := time.NewTicker(s.o.Timing.HealthEvery)
	defer health.Stop()
	saving := time.NewTicker(s.o.Timing.SaveEvery)
	defer saving.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-i.process.Done():
			return fmt.Errorf("ended by itself: %s%s", i.process.Exit(), lastWords(s.o.Launch.Output))
		case <-i.hung:
			return fmt.Errorf("hangs: %d calls in a row without an answer in time", s.o.Timing.Misses)
		case <-health.C:
			s.checkHealth(ctx, i)
		case <-saving.C:
			s.save(i)
		case <-s.dirty:
			s.save(i)
		}
	}
}

func (s *Supervisor) checkHealth(ctx context.Context, i *instance) {
	ctx, cancel := context.WithTimeout(ctx, s.o.Timing.HealthDeadline)
	defer cancel()
	if err := i.healthy(ctx); err == nil {
		i.pulses.answered()
	} else if i.pulses.miss(s.o.Timing.Misses) {
		i.giveUp()
	}
}

func (s *Supervisor) keeps() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keepState
}

func (s *Supervisor) enter(state State, err error, next time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state, s.since, s.nextTry = state, time.Now(), next
	if err != nil {
		s.lastError = err.Error()
	}
}

func (s *Supervisor) change(c Change) {
	c.At = time.Now()
	s.o.Changed(c)
}
