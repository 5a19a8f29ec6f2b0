package story

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/examples/demo/scenario"
	"github.com/homeostat/homeostat/examples/harness/daemon"
)

// play tells one story and judges what came of it.
func (t *teller) play(ctx context.Context, s Story) scenario.Line {
	l := scenario.Line{Fault: s.Name, Shows: s.Shows, Limit: s.Limit, Wrong: []string{}}
	ctx, cancel := context.WithTimeout(ctx, s.Limit.SeenWithin()+s.Limit.BackWithin()+2*patience)
	defer cancel()
	before, err := t.begin(ctx)
	if err == nil {
		err = s.tell(ctx, t, &l)
	}
	if err == nil {
		err = t.book(ctx, s, &l)
	}
	if err != nil {
		blame(&l, "%v", err)
		return l
	}
	t.judge(ctx, s, &l, before)
	return l
}

func blame(l *scenario.Line, format string, args ...any) {
	l.Wrong = append(l.Wrong, fmt.Sprintf(format, args...))
}

// begin waits until all is well and returns the restart orders so far.
func (t *teller) begin(ctx context.Context) (orders int, err error) {
	if err := t.daemon.AwaitUp(ctx, t.victim.Name); err != nil {
		return 0, err
	}
	if _, _, err := t.victim.AwaitHealthy(ctx, 0); err != nil {
		return 0, err
	}
	return t.orders(ctx)
}

func (t *teller) orders(ctx context.Context) (int, error) {
	c, err := t.daemon.Component(ctx, t.victim.Name)
	return c.RestartOrders, err
}

// until looks again and again until something holds.
func until(ctx context.Context, what string, holds func() (bool, error)) error {
	for {
		ok, err := holds()
		if ok && err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("wait until %s: %w", what, ctx.Err()), err)
		case <-time.After(pause):
		}
	}
}

// book asks the daemon what it saw and did.
func (t *teller) book(ctx context.Context, s Story, l *scenario.Line) error {
	incidents, err := t.daemon.Incidents(ctx, s.Name)
	if err != nil {
		return err
	}
	for _, i := range incidents {
		for _, a := range i.Anomalies {
			t.see(l, a)
		}
	}
	recovery, err := t.recovery(ctx, func(r daemon.Recovery) bool { return r.ActedAt != nil || r.Result == "recorded" })
	if err != nil {
		return err
	}
	l.Action, l.Strategy = recovery.Actions(), recovery.Strategy
	return nil
}

// see notes the first anomaly.
func (t *teller) see(l *scenario.Line, a daemon.Anomaly) {
	after := max(a.FirstSeen.Sub(l.Injected), 0)
	if a.Component == t.victim.Name && (l.SeenAfter == nil || after < *l.SeenAfter) {
		l.SeenAfter, l.Seen = &after, a.Kind+": "+a.Summary
	}
}

// recovery waits for the first one of the story's service that is as wanted.
func (t *teller) recovery(ctx context.Context, is func(daemon.Recovery) bool) (found daemon.Recovery, err error) {
	err = until(ctx, "homeostat tells of a recovery", func() (bool, error) {
		list, err := t.daemon.Recoveries(ctx)
		for i := len(list) - 1; i >= 0; i-- { // the newest comes first
			if list[i].Component == t.victim.Name && is(list[i]) {
				found = list[i]
				return true, err
			}
		}
		return false, err
	})
	return found, err
}

// judge holds what came of the story to its limits.
func (t *teller) judge(ctx context.Context, s Story, l *scenario.Line, before int) {
	after, err := t.orders(ctx)
	if err != nil {
		blame(l, "%v", err)
	}
	l.Orders = after - before
	if l.Orders > s.Limit.Orders {
		blame(l, "%d restart orders, limit %d", l.Orders, s.Limit.Orders)
	}
	if l.Strategy != s.strategy {
		blame(l, "%q acted (%s), want %s", l.Strategy, l.Action, s.strategy)
	}
	switch {
	case l.SeenAfter == nil:
		blame(l, "homeostat reports no anomaly")
	case *l.SeenAfter > s.Limit.SeenWithin():
		blame(l, "seen after %s, limit %s", l.SeenAfter.Round(time.Millisecond), s.Limit.SeenWithin())
	}
	switch {
	case s.Limit.Back == 0:
	case l.BackAfter == nil:
		blame(l, "it did not recover")
	case *l.BackAfter > s.Limit.BackWithin():
		blame(l, "answered again after %s, limit %s", l.BackAfter.Round(time.Millisecond), s.Limit.BackWithin())
	}
}
