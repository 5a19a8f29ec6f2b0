package component

import (
	"context"
	"fmt"

	"github.com/homeostat/homeostat/host/component/member"
)

// Start starts a component that does not run. From now on it is wanted. It returns when the process exists; whether the
// service answers is told by the event Ready, or by Confirm.
func (s *Set) Start(ctx context.Context, name string, o Order) (Result, error) {
	return s.order(ctx, name, o, (*member.Member).Start)
}

// Stop stops a component, with all its processes, and proves it. From now on it is not wanted, also by the next daemon.
// When something remains it returns ErrCouldNotStop.
func (s *Set) Stop(ctx context.Context, name string, o Order) (Result, error) {
	return s.order(ctx, name, o, (*member.Member).Stop)
}

// Restart stops a component if it runs, with proof, and starts it. When something remains it starts nothing and returns
// ErrCouldNotStop. From now on the component is wanted.
func (s *Set) Restart(ctx context.Context, name string, o Order) (Result, error) {
	return s.order(ctx, name, o, (*member.Member).Restart)
}

// Reload tells a running component to read its configuration again: by its own command, else by SIGHUP to its main
// process. It returns ErrNoWay when there is no such command and the process does not handle SIGHUP.
func (s *Set) Reload(ctx context.Context, name string, o Order) (Result, error) {
	return s.order(ctx, name, o, (*member.Member).Reload)
}

// Await returns when the orders of a component that were given before are over, and those that an earlier daemon had
// begun. What is left to do for a first start is none of them.
func (s *Set) Await(ctx context.Context, name string) error {
	_, err := s.order(ctx, name, Order{}, (*member.Member).Await)
	return err
}

func (s *Set) order(ctx context.Context, name string, o Order, carryOut func(*member.Member, context.Context, Order) (Result, error)) (Result, error) {
	m, err := s.known(name)
	if err != nil {
		return Result{}, err
	}
	return carryOut(m, ctx, o)
}

// Confirm asks all probes of a component now, each up to three times in a burst, and returns what they say together. A
// component that does not run fails. A failure within the start grace is inconclusive. The schedule of the probes goes on
// beside it.
func (s *Set) Confirm(ctx context.Context, name string) (Verdict, error) {
	m, err := s.known(name)
	if err != nil {
		return Verdict{}, err
	}
	return m.Confirm(ctx)
}

// Doubt makes the probes of a component ask now, in a burst, because somebody has noticed something. It does not block.
func (s *Set) Doubt(name string) error {
	m, err := s.known(name)
	if err != nil {
		return err
	}
	m.Doubt()
	return nil
}

// Processes returns the numbers of the living processes of a component, the main one first, or nil when none runs. It
// costs a few microseconds a process. A process that has lost its parent is not among them, though a stop ends it.
func (s *Set) Processes(name string) []int {
	m, ok := s.member(name)
	if !ok {
		return nil
	}
	return m.Processes()
}

func (s *Set) known(name string) (*member.Member, error) {
	m, ok := s.member(name)
	if !ok {
		return nil, fmt.Errorf("component %q: %w", name, ErrUnknown)
	}
	return m, nil
}
