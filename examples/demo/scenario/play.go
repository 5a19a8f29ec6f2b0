package scenario

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/homeostat/homeostat/examples/harness/daemon"
)

// Line is what came of one fault.
type Line struct {
	Fault    string    `json:"fault"`
	Shows    string    `json:"shows"`
	Injected time.Time `json:"injected"`
	// SeenAfter is when the daemon's first anomaly was seen; nil for never.
	SeenAfter *time.Duration `json:"seen_after_ns"`
	Seen      string         `json:"seen"`
	// Action is what the daemon did, Strategy who proposed it.
	Action   string `json:"action"`
	Strategy string `json:"strategy"`
	// BackAfter is when the service answered again, as seen from outside; nil
	// for never.
	BackAfter *time.Duration `json:"back_after_ns"`
	// Orders are the restart orders to the victim, Stray those to the services
	// that depend on it, both until the end of the demo.
	Orders int `json:"restart_orders"`
	Stray  int `json:"stray_restart_orders"`
	// Limit holds the bars, without the slack.
	Limit Limit `json:"limit"`
	// Wrong says why the fault does not count as repaired; empty when it does.
	Wrong []string `json:"wrong"`

	orders map[string]int // restart orders before the fault, by component
	broken int            // the process that got the fault
	asked  time.Time      // when the fault was asked for; nothing before counts
}

// Repaired reports that the fault was seen and repaired within its limits.
func (l Line) Repaired() bool { return len(l.Wrong) == 0 }

func (l *Line) blame(format string, args ...any) {
	l.Wrong = append(l.Wrong, fmt.Sprintf(format, args...))
}

// play carries out one fault.
func (s *Stage) play(ctx context.Context, f Fault) Line {
	l := Line{Fault: f.Name, Shows: f.Shows, Limit: f.Limit, Wrong: []string{}, orders: map[string]int{}}
	if err := s.breakIt(ctx, f, &l); err != nil {
		l.blame("it could not be begun: %v", err)
		return l
	}
	s.opt.Say(fmt.Sprintf("%-12s injected: %s", f.Name, f.Shows))
	if f.Calm {
		return l // the rest of the demo shows whether it is left alone
	}
	if f.Isolated {
		s.awaitIsolation(ctx, f, &l)
		return l
	}
	s.awaitRepair(ctx, f, &l)
	s.askDaemon(ctx, f, &l)
	s.opt.Say(fmt.Sprintf("%-12s %s", f.Name, l.summary()))
	return l
}

func (l Line) summary() string {
	if l.BackAfter == nil {
		return "still down"
	}
	return fmt.Sprintf("answers again after %.2f s", l.BackAfter.Seconds())
}

// breakIt waits until all is well, counts the orders so far and injects the
// fault. The victim acts on a step when it has accepted it, so that the fault
// counts from the acceptance of the last one: never too late.
func (s *Stage) breakIt(ctx context.Context, f Fault, l *Line) error {
	v := s.casts[f.Name].victim
	pid, err := s.awaitStart(ctx, s.casts[f.Name])
	if err != nil {
		return err
	}
	for _, name := range s.casts[f.Name].names() {
		c, err := s.daemon.Component(ctx, name)
		if err != nil {
			return err
		}
		l.orders[name] = c.RestartOrders
	}
	l.broken = pid
	for _, step := range f.Steps {
		l.asked = time.Now()
		if err := v.Inject(ctx, step); err != nil {
			return err
		}
		l.Injected = time.Now()
	}
	return nil
}

// awaitStart waits until everyone is well, and the daemon knows it: a fault in
// the moment in between would be a start that failed, which is another story. It
// returns the victim's pid.
func (s *Stage) awaitStart(ctx context.Context, c cast) (pid int, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for _, v := range append(slices.Clone(c.dependents), c.victim) { // the victim last: its pid is returned
		if err := s.daemon.AwaitUp(ctx, v.Name); err != nil {
			return 0, err
		}
		if pid, _, err = v.AwaitHealthy(ctx, 0); err != nil {
			return 0, err
		}
	}
	return pid, nil
}

func (c cast) names() []string {
	names := []string{c.victim.Name}
	for _, d := range c.dependents {
		names = append(names, d.Name)
	}
	return names
}

// awaitRepair looks from outside until another process is well, and everything
// that depends on it.
func (s *Stage) awaitRepair(ctx context.Context, f Fault, l *Line) {
	limit := f.Limit.BackWithin()
	ctx, cancel := context.WithDeadline(ctx, l.Injected.Add(limit+patience))
	defer cancel()
	c := s.casts[f.Name]
	_, since, err := c.victim.AwaitHealthy(ctx, l.broken)
	for _, d := range c.dependents {
		if err == nil {
			_, since, err = d.AwaitHealthy(ctx, 0)
		}
	}
	if err != nil {
		l.blame("not repaired after %s: %v", limit+patience, err)
		return
	}
	back := max(since.Sub(l.Injected), 0)
	l.BackAfter = &back
	if back > limit {
		l.blame("answered again after %s, limit %s", back.Round(time.Millisecond), limit)
	}
}

// askDaemon asks what was seen and done. The daemon books an action after it is
// done, which can be after the service answers.
func (s *Stage) askDaemon(ctx context.Context, f Fault, l *Line) {
	deadline := time.Now().Add(asideTime)
	for {
		err := s.bookings(ctx, f, l)
		if err == nil {
			break
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			l.blame("%v", err)
			return
		}
		sleep(ctx, 50*time.Millisecond)
	}
	if limit := f.Limit.SeenWithin(); *l.SeenAfter > limit {
		l.blame("seen after %s, limit %s", l.SeenAfter.Round(time.Millisecond), limit)
	}
}

func (s *Stage) bookings(ctx context.Context, f Fault, l *Line) error {
	incidents, err := s.daemon.Incidents(ctx, f.Name)
	if err != nil {
		return err
	}
	for _, i := range incidents {
		l.see(i.Anomalies)
	}
	recoveries, err := s.daemon.Recoveries(ctx)
	if err != nil {
		return err
	}
	l.Action, l.Strategy = did(recoveries, f.Name, l.asked)
	switch {
	case l.SeenAfter == nil:
		return fmt.Errorf("homeostat reports no anomaly of %s", f.Name)
	case l.Action == "":
		return fmt.Errorf("homeostat reports no action on %s", f.Name)
	}
	return nil
}

// see notes the first anomaly of the victim after the injection, seeOf that of
// another component.
func (l *Line) see(anomalies []daemon.Anomaly) { l.seeOf(l.Fault, anomalies) }

func (l *Line) seeOf(component string, anomalies []daemon.Anomaly) {
	for _, a := range anomalies {
		if a.Component != component || a.FirstSeen.Before(l.asked) {
			continue
		}
		after := max(a.FirstSeen.Sub(l.Injected), 0)
		if l.SeenAfter == nil || after < *l.SeenAfter {
			l.SeenAfter, l.Seen = &after, a.Kind+": "+a.Summary
		}
	}
}

// did describes the first recovery after the injection that has acted.
func did(recoveries []daemon.Recovery, component string, after time.Time) (action, strategy string) {
	var at time.Time
	for _, r := range recoveries {
		if r.Component != component || r.ActedAt == nil || r.ActedAt.Before(after) {
			continue
		}
		if at.IsZero() || r.ActedAt.Before(at) {
			at, action, strategy = *r.ActedAt, r.Actions(), r.Strategy
		}
	}
	return action, strategy
}

// recount counts the restart orders at the end of the demo, so that a late one
// which did harm is not missed.
func (s *Stage) recount(ctx context.Context, l *Line) {
	for name, before := range l.orders {
		c, err := s.daemon.Component(ctx, name)
		if err != nil {
			l.blame("%v", err)
			return
		}
		if name == l.Fault {
			l.Orders = c.RestartOrders - before
			continue
		}
		l.Stray += c.RestartOrders - before
	}
	if l.Orders > l.Limit.Orders {
		l.blame("%d restart orders, limit %d", l.Orders, l.Limit.Orders)
	}
	if l.Orders == 0 && l.Limit.Orders > 0 {
		l.blame("repaired without a restart order: not by homeostat")
	}
	if l.Stray > 0 {
		l.blame("%d restart orders to services that were not to blame", l.Stray)
	}
}
