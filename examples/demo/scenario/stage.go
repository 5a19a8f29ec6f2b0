// Package scenario owns the faults of the demo, the bars they are held to, and
// how one is carried out: inject it, look from outside when the service answers
// again, and ask the daemon what it saw and did.
//
// Every fault gets a service of its own, so that no repair is measured against
// the restart limit, the hold time or the learned habits of another one. Faults
// of different lanes run at the same time, each lane in its own goroutine;
// Stage.Run waits for all.
package scenario

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/homeostat/homeostat/examples/harness/daemon"
	"github.com/homeostat/homeostat/examples/harness/victim"
)

const (
	// startTime bounds the start of the daemon, and that of one service.
	startTime = 2 * time.Minute
	// usualTime is for how long the daemon watches healthy services before the
	// first fault; it needs 20 s to know how much CPU a service usually wants.
	usualTime = 25 * time.Second
	// patience is how long after its limit a repair is still waited for, so that
	// a slow one shows how slow it was.
	patience = 45 * time.Second
	// asideTime is how long the daemon may take to book what it did.
	asideTime = 10 * time.Second
)

// Options say what is shown, with which programs, in which scratch folder.
type Options struct {
	Bin, Dir string
	Faults   []Fault
	// Say reports progress. It is called by several goroutines.
	Say func(string)
}

// Stage is a daemon with a service for every fault. Open is the only way to one.
type Stage struct {
	opt    Options
	daemon *daemon.Daemon
	casts  map[string]cast
	opened time.Time
}

// cast is who plays in one fault.
type cast struct {
	victim     *victim.Victim
	dependents []*victim.Victim
}

// Open starts the daemon and, through it, the services.
func Open(ctx context.Context, o Options) (*Stage, error) {
	s := &Stage{opt: o, casts: map[string]cast{}}
	var everyone []*victim.Victim
	for _, f := range o.Faults {
		c, err := s.invite(f)
		if err != nil {
			return nil, err
		}
		s.casts[f.Name] = c
		everyone = append(append(everyone, c.victim), c.dependents...)
	}
	o.Say(fmt.Sprintf("starting homeostat with %d services", len(everyone)))
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if err := s.startAdopted(ctx); err != nil {
		return nil, errors.Join(err, s.killAdopted())
	}
	d, err := daemon.Start(ctx, daemon.Options{Bin: o.Bin, Dir: o.Dir, Victims: everyone})
	if err != nil {
		return nil, errors.Join(err, s.killAdopted())
	}
	s.daemon, s.opened = d, time.Now()
	return s, nil
}

// startAdopted starts the victims that are to be found by homeostat.
func (s *Stage) startAdopted(ctx context.Context) error {
	for _, c := range s.casts {
		if !c.victim.Adopted {
			continue
		}
		if out, err := exec.CommandContext(ctx, "/bin/sh", c.victim.StartScript()).CombinedOutput(); err != nil {
			return fmt.Errorf("start %s: %w: %s", c.victim.Name, err, out)
		}
	}
	return nil
}

// killAdopted ends them: homeostat leaves what it did not start.
func (s *Stage) killAdopted() error {
	var problems []error
	for _, c := range s.casts {
		if c.victim.Adopted {
			problems = append(problems, c.victim.Kill())
		}
	}
	return errors.Join(problems...)
}

func (s *Stage) invite(f Fault) (cast, error) {
	o := victim.Options{
		Name: f.Name, Dir: s.opt.Dir, Program: filepath.Join(s.opt.Bin, "shop-store"), SlowStart: f.SlowStart, Adopted: f.Adopted, Shallow: f.Isolated,
	}
	v, err := victim.New(o)
	c := cast{victim: v}
	if err == nil && f.Isolated {
		w := victim.Options{Name: f.Name + "-web", Dir: s.opt.Dir, Program: filepath.Join(s.opt.Bin, "shop-web"), Store: v, Linked: true}
		var caller *victim.Victim
		caller, err = victim.New(w)
		c.dependents = append(c.dependents, caller)
	}
	for i := range f.Dependents {
		if err != nil {
			break
		}
		w := victim.Options{Name: fmt.Sprintf("web-%d", i+1), Dir: s.opt.Dir, Program: filepath.Join(s.opt.Bin, "shop-web"), Store: v}
		var dependent *victim.Victim
		dependent, err = victim.New(w)
		c.dependents = append(c.dependents, dependent)
	}
	return c, err
}

// Close ends the daemon and the services.
func (s *Stage) Close() error { return errors.Join(s.daemon.Stop(), s.killAdopted()) }

// Run carries out all faults and returns what came of them, in the order of the
// faults. It ends early with ctx.
func (s *Stage) Run(ctx context.Context) []Line {
	if slices.ContainsFunc(s.opt.Faults, func(f Fault) bool { return f.Name == "spin" }) {
		s.opt.Say(fmt.Sprintf("watching healthy services for %s first", usualTime))
		sleep(ctx, time.Until(s.opened.Add(usualTime)))
	}
	lines := make([]Line, len(s.opt.Faults))
	lanes := map[lane][]int{}
	for i, f := range s.opt.Faults {
		lanes[f.Lane] = append(lanes[f.Lane], i)
	}
	var running sync.WaitGroup
	for l, turns := range lanes {
		running.Go(func() {
			if l == looping {
				sleep(ctx, headStart)
			}
			for _, i := range turns {
				lines[i] = s.play(ctx, s.opt.Faults[i])
			}
		})
	}
	running.Wait()
	for i := range lines {
		s.recount(ctx, &lines[i])
	}
	return lines
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
