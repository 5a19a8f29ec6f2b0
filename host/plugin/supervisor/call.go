package supervisor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/wire"
)

// NotReadyError says that a plugin cannot be asked now.
type NotReadyError struct {
	State     State
	NextTry   time.Time
	LastError string
}

// Error says the state, the last error, and when the next try is.
func (e *NotReadyError) Error() string {
	text := "the plugin is " + string(e.State)
	if e.LastError != "" {
		text += ": " + e.LastError
	}
	if !e.NextTry.IsZero() {
		text += "; next try at " + e.NextTry.Format(time.TimeOnly)
	}
	return text
}

// ErrStale means that the process which answered is no longer the one that was
// asked; its answer is dropped.
var ErrStale = errors.New("the plugin was restarted during the call, its answer is dropped")

// Call asks the plugin under the call timeout, one call at a time. Calls that
// got no answer in time count towards a hang.
func (s *Supervisor) Call(ctx context.Context, ask func(context.Context, *wire.Client) error) error {
	return s.CallWithin(ctx, s.o.CallTimeout, ask)
}

// CallWithin is Call with a timeout of its own, for calls that are known to take
// long. Other calls wait meanwhile.
func (s *Supervisor) CallWithin(ctx context.Context, timeout time.Duration, ask func(context.Context, *wire.Client) error) error {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return fmt.Errorf("wait for the plugin's turn: %w", ctx.Err())
	}
	i, err := s.ready()
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err = ask(limited, i.wire)
	s.judge(ctx, i, err)
	if s.stale(i) {
		return errors.Join(ErrStale, err)
	}
	return err
}

// judge counts a miss only when the plugin had its whole time: a caller that
// gave up says nothing about the plugin.
func (s *Supervisor) judge(ctx context.Context, i *instance, err error) {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		if ctx.Err() == nil && i.calls.miss(s.o.Timing.Misses) {
			i.giveUp()
		}
	case !errors.Is(err, wire.ErrGone) && !errors.Is(err, context.Canceled):
		i.calls.answered()
	}
}

func (s *Supervisor) ready() (*instance, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		return nil, &NotReadyError{State: s.state, NextTry: s.nextTry, LastError: s.lastError}
	}
	return s.current, nil
}

func (s *Supervisor) stale(i *instance) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.generation != i.generation
}

// SaveNow saves the plugin's state where it has one, and returns when it is
// durable. A plugin that was replaced has no say any more.
func (s *Supervisor) SaveNow() {
	if i, err := s.ready(); err == nil && s.keeps() {
		s.save(i)
	}
}

// SaveSoon has the state saved by another goroutine, soon: for what changed it
// while somebody waits for more than its durability.
func (s *Supervisor) SaveSoon() {
	select {
	case s.dirty <- struct{}{}:
	default: // it will be saved anyway
	}
}

func (s *Supervisor) save(i *instance) {
	if !i.description.Has(wire.FeatureState) {
		return
	}
	s.saving <- struct{}{}
	defer func() { <-s.saving }()
	ctx, cancel := context.WithTimeout(context.Background(), s.o.CallTimeout)
	defer cancel()
	state, err := i.wire.SaveState(ctx)
	if err == nil {
		err = s.o.States.SaveState(s.o.Launch.Name, state)
	}
	if err != nil {
		s.o.Log.Warn("plugin state was not saved, the last one stays", "error", err, "limit", sdk.MaxState)
	}
}

// Status is what is known of a plugin.
type Status struct {
	State       State
	Since       time.Time
	PID         int
	Restarts    int
	LastError   string
	NextTry     time.Time
	LookBack    time.Duration
	Description wire.Description
}

// Status returns the present status.
func (s *Supervisor) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Status{
		State: s.state, Since: s.since, Restarts: s.restarts, LastError: s.lastError, NextTry: s.nextTry,
		LookBack: s.lookBack, Description: s.description,
	}
	if s.current != nil {
		out.PID = s.current.process.PID()
	}
	return out
}
