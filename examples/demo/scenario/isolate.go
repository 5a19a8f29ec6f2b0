package scenario

import (
	"context"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/examples/harness/victim"
)

const (
	closed = "closed"
	// failsWithin is how long the caller may take to notice that its store is slow.
	failsWithin = 10 * time.Second
	// closesWithin is how long after the end of the spell the link may take to be
	// closed again: the wait for the next trial, and three of them, one with each
	// request of the probe.
	closesWithin = 15 * time.Second
)

// awaitIsolation looks from outside: the caller fails, answers again while its
// store is still slow because the link between them is open, and the link is
// closed again by itself when the store is well.
func (s *Stage) awaitIsolation(ctx context.Context, f Fault, l *Line) {
	caller := s.casts[f.Name].dependents[0]
	if err := s.cutOff(ctx, f, l, caller); err != nil {
		l.blame("%v", err)
		return
	}
	s.opt.Say(fmt.Sprintf("%-12s %s, cut off from its store", f.Name, l.summary()))
	ctx, cancel := context.WithTimeout(ctx, Slack*closesWithin+15*time.Second)
	defer cancel()
	if err := s.awaitLink(ctx, caller.Name, f.Name, func(state string) bool { return state == closed }); err != nil {
		l.blame("the link was not closed again: %v", err)
		return
	}
	if err := caller.Healthy(ctx); err != nil {
		l.blame("the link is closed again, and the caller fails: %v", err)
	}
	s.opt.Say(fmt.Sprintf("%-12s the link is closed again, %.1f s after the injection", f.Name, time.Since(l.Injected).Seconds()))
}

// cutOff waits until the caller fails, and then until it answers again.
func (s *Stage) cutOff(ctx context.Context, f Fault, l *Line, caller *victim.Victim) error {
	limit := f.Limit.BackWithin()
	ctx, cancel := context.WithDeadline(ctx, l.Injected.Add(failsWithin+limit+patience))
	defer cancel()
	for caller.Healthy(ctx) == nil {
		if time.Since(l.Injected) > failsWithin {
			return fmt.Errorf("the caller did not fail within %s", failsWithin)
		}
		sleep(ctx, 10*time.Millisecond)
	}
	_, since, err := caller.AwaitHealthy(ctx, 0)
	if err != nil {
		return fmt.Errorf("the caller was not helped: %w", err)
	}
	back := max(since.Sub(l.Injected), 0)
	l.BackAfter = &back
	if back > limit {
		l.blame("the caller answered again after %s, limit %s", back.Round(time.Millisecond), limit)
	}
	if err := s.awaitLink(ctx, caller.Name, f.Name, func(state string) bool { return state != closed }); err != nil {
		return fmt.Errorf("the link was not open: %w", err)
	}
	return s.awaitBookings(ctx, f, l, caller.Name)
}

// awaitBookings asks what was seen and done; the daemon books an action after it
// is done.
func (s *Stage) awaitBookings(ctx context.Context, f Fault, l *Line, caller string) error {
	for {
		incidents, err := s.daemon.Incidents(ctx, caller)
		if err != nil {
			return err
		}
		for _, i := range incidents {
			l.seeOf(caller, i.Anomalies)
		}
		recoveries, err := s.daemon.Recoveries(ctx)
		if err != nil {
			return err
		}
		l.Action, l.Strategy = did(recoveries, caller, l.asked)
		if l.SeenAfter != nil && l.Action != "" {
			break
		}
		if ctx.Err() != nil {
			return fmt.Errorf("homeostat reports no anomaly of %s, or no action", caller)
		}
		sleep(ctx, 50*time.Millisecond)
	}
	if limit := f.Limit.SeenWithin(); *l.SeenAfter > limit {
		l.blame("seen after %s, limit %s", l.SeenAfter.Round(time.Millisecond), limit)
	}
	if l.Strategy != "isolate" {
		l.blame("helped by %s (%s), want isolate", l.Strategy, l.Action)
	}
	return nil
}

func (s *Stage) awaitLink(ctx context.Context, from, to string, done func(state string) bool) error {
	for {
		link, err := s.daemon.Link(ctx, from, to)
		if err == nil && done(link.State) {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("it is %s: %w", link.State, ctx.Err())
		}
		sleep(ctx, 50*time.Millisecond)
	}
}
