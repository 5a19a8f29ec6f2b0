// Package trial kills a real daemon in the middle of real recoveries and sees what
// the next one makes of them.
//
// Each round has a service of the shop for itself: a fault is put into it, the
// daemon is killed at a moment of the recovery that follows, and is started again.
// Then all must be well: the service answers, as one process; it was started once
// since the fault, by its own count; every incident is resolved and every recovery
// that began has ended, each once, by the audit log, whose chain holds. The last
// round is a control: what the daemon had written down of its incidents is deleted
// between kill and start, and the same judgement must notice.
//
// It owns rounds and judgement. Rounds follow one another in one goroutine.
package trial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/homeostat/homeostat/examples/harness/daemon"
)

// patience is how long one round may take before that is a fault of its own.
const patience = 2 * time.Minute

// Options say what is tried, with which programs, in which scratch folder.
type Options struct {
	Bin, Dir string
	// Rounds is how often each fault is tried.
	Rounds int
	// Say reports progress.
	Say func(format string, args ...any)
}

// Results are what came of it.
type Results struct {
	Rounds []Round `json:"rounds"`
	// Cut is how many kills fell between an action and its receipt.
	Cut int `json:"cut_in_an_action"`
	// Control is what the judgement said of the control.
	Control []string `json:"control"`
}

// Round is one fault and one kill.
type Round struct {
	Fault string `json:"fault"`
	// Moment says when the daemon was killed, AfterFault how long after the fault.
	Moment     string        `json:"moment"`
	AfterFault time.Duration `json:"after_fault_ns"`
	// Starts of the service since the fault, by its own count.
	Starts     int           `json:"starts"`
	Recoveries int           `json:"recoveries"`
	Cut        bool          `json:"cut_in_an_action"`
	Well       time.Duration `json:"well_after_kill_ns"`
	Wrong      []string      `json:"wrong"`
}

// trial is one daemon after the other over one state folder.
type trial struct {
	opt    Options
	daemon *daemon.Daemon
	shops  []*shop
}

// Run tries everything. The results are good as far as they go when there is an
// error.
func Run(ctx context.Context, o Options) (r Results, err error) {
	t := &trial{opt: o}
	if err := t.furnish(); err != nil {
		return r, err
	}
	if err := t.start(ctx); err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, t.daemon.Stop()) }()
	for _, s := range t.shops[:len(t.shops)-1] {
		round, err := t.round(ctx, s, nil)
		r.Rounds = append(r.Rounds, round)
		if round.Cut {
			r.Cut++
		}
		o.Say("%-12s killed %-34s %d recoveries, %d starts, well %s after the kill%s", s.name, round.Moment, round.Recoveries, round.Starts,
			round.Well.Round(10*time.Millisecond), complaint(round.Wrong))
		if err != nil {
			return r, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	control, err := t.round(ctx, t.shops[len(t.shops)-1], t.forget)
	r.Control = control.Wrong
	o.Say("%-12s what was written down was deleted%s", "control", complaint(control.Wrong))
	return r, err
}

func complaint(wrong []string) string {
	if len(wrong) == 0 {
		return ""
	}
	return "; WRONG: " + strings.Join(wrong, "; ")
}

// furnish makes the shops: Rounds of each fault, and one for the control.
func (t *trial) furnish() error {
	for _, f := range faults() {
		for n := range t.opt.Rounds {
			s, err := open(t.opt, f, fmt.Sprintf("%s-%02d", f.name, n+1))
			if err != nil {
				return err
			}
			s.moment = f.moments[n%len(f.moments)]
			t.shops = append(t.shops, s)
		}
	}
	control, err := open(t.opt, faults()[0], "control")
	if err != nil {
		return err
	}
	control.moment = moment{after: acted, wait: 100 * time.Millisecond}
	t.shops = append(t.shops, control)
	return nil
}

// start starts a daemon over the state that there is.
func (t *trial) start(ctx context.Context) (err error) {
	var b strings.Builder
	fmt.Fprintf(&b, settings, filepath.Join(t.opt.Bin, "plugins"), t.state(), filepath.Join(t.opt.Dir, "homeostat.sock"))
	for _, s := range t.shops {
		s.declare(&b)
	}
	t.daemon, err = daemon.Start(ctx, daemon.Options{Bin: t.opt.Bin, Dir: t.opt.Dir, Config: b.String()})
	return err
}

func (t *trial) state() string { return filepath.Join(t.opt.Dir, "state") }

// forget deletes what the daemon has written down of its incidents.
func (t *trial) forget() error {
	files, err := filepath.Glob(filepath.Join(t.state(), "records.db*"))
	if err == nil && len(files) == 0 {
		err = errors.New("there are no records to delete")
	}
	for _, f := range files {
		err = errors.Join(err, os.Remove(f))
	}
	return err
}

// round breaks a shop, kills the daemon, has meddle do what it wants, and judges
// what the next daemon makes of it.
func (t *trial) round(ctx context.Context, s *shop, meddle func() error) (Round, error) {
	r := Round{Fault: s.fault.name, Moment: s.moment.String(), Wrong: []string{}}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := t.daemon.AwaitUp(ctx, s.name); err != nil {
		return r, err
	}
	broken, err := s.fault.inject(ctx, t, s)
	if err != nil {
		return r, err
	}
	before, err := s.starts()
	if err != nil {
		return r, err
	}
	began := time.Now()
	if err := t.await(ctx, s); err != nil {
		return r, err
	}
	if err := t.daemon.Kill(); err != nil {
		return r, err
	}
	killed := time.Now()
	r.AfterFault = killed.Sub(began)
	if meddle != nil {
		if err := meddle(); err != nil {
			return r, err
		}
	}
	if err := t.start(ctx); err != nil {
		return r, err
	}
	_, since, err := s.victim.AwaitHealthy(ctx, broken)
	if err != nil {
		return r, err
	}
	r.Well = since.Sub(killed)
	return r, t.judge(ctx, s, &r, before)
}

// await waits until the shop's moment to kill has come.
func (t *trial) await(ctx context.Context, s *shop) error {
	for s.moment.after != "" {
		seen, err := logged(filepath.Join(t.state(), "audit"), s.moment.after, s.name)
		if err != nil {
			return err
		}
		if seen {
			break
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("wait for %s of %s in the audit log: %w", s.moment.after, s.name, err)
		}
		time.Sleep(time.Millisecond)
	}
	time.Sleep(s.moment.wait)
	return nil
}

// judge waits until the daemon has nothing left to do about the shop, and says what
// is wrong then.
func (t *trial) judge(ctx context.Context, s *shop, r *Round, before int) error {
	if err := t.quiet(ctx, s); err != nil {
		r.Wrong = append(r.Wrong, err.Error())
	}
	log, err := audit(ctx, t.daemon)
	if err != nil {
		return err
	}
	a, wrong := balance(log, s.name)
	r.Recoveries, r.Cut, r.Wrong = a.Recoveries, a.Cut > 0, append(r.Wrong, wrong...)
	after, err := s.starts()
	if err != nil {
		return err
	}
	if r.Starts = after - before; r.Starts != 1 {
		r.Wrong = append(r.Wrong, fmt.Sprintf("%d starts since the fault, want 1", r.Starts))
	}
	if n, err := s.processes(); err != nil || n != 1 {
		r.Wrong = append(r.Wrong, fmt.Sprintf("%d processes of the service (%v), want 1", n, err))
	}
	if err := s.victim.Healthy(ctx); err != nil {
		r.Wrong = append(r.Wrong, err.Error())
	}
	return nil
}

// quiet waits until no incident of the shop is open and the daemon holds it to be up.
func (t *trial) quiet(ctx context.Context, s *shop) error {
	if err := t.daemon.AwaitUp(ctx, s.name); err != nil {
		return err
	}
	for {
		list, err := t.daemon.Incidents(ctx, s.name)
		open := 0
		for _, i := range list {
			if i.State != "resolved" {
				open++
			}
		}
		if err == nil && open == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%d incidents are still open", open), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
