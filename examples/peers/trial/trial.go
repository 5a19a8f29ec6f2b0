// Package trial measures a supervisor: how much it costs while all is well, and
// how long a victim is down after each fault. The victims answer for the truth,
// from outside; nothing that a supervisor says of itself counts.
//
// One trial runs in one goroutine and leaves nothing running.
package trial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/homeostat/homeostat/examples/harness/victim"
	"github.com/homeostat/homeostat/examples/peers/supervisor"
)

const (
	// startTime bounds the start of a supervisor and of one victim.
	startTime = 2 * time.Minute
	// restTime is how long all is left alone before anything is measured.
	restTime = 3 * time.Second
	// idleTime is for how long the cost of a healthy day is measured.
	idleTime = 10 * time.Second
)

// Fault is one way to break a victim.
type Fault struct {
	Name  string
	Shows string
	// Steps are injected one after the other.
	Steps []string
	// Times is how often it is measured, each time on a fresh victim.
	Times int
	// Bound is how long a repair is waited for.
	Bound time.Duration
	// Own is the part of the downtime that nobody could save.
	Own time.Duration
	// SlowStart is how long every start of the victim takes.
	SlowStart time.Duration
	// Quiet faults leave the process alive: only who looks at answers sees them.
	Quiet bool
}

// Faults are those that every supervisor is tried with. With no more than three
// values the median is the middle one, and p90 the worst.
var Faults = []Fault{
	{Name: "crash", Shows: "SIGKILL", Steps: []string{"crash"}, Times: 5, Bound: 15 * time.Second},
	{Name: "hang", Shows: "SIGSTOP", Steps: []string{"hang"}, Times: 3, Bound: 20 * time.Second, Quiet: true},
	{Name: "deaf", Shows: "deadlock, SIGTERM ignored", Steps: []string{"ignore-term", "deadlock"}, Times: 2, Bound: 20 * time.Second, Quiet: true},
}

// Long are those that take minutes.
var Long = []Fault{
	{Name: "crash-loop", Shows: "every start fails for 60 s", Steps: []string{"crash-loop?for=60s"}, Times: 1,
		Bound: 150 * time.Second, Own: 60 * time.Second},
	{Name: "slow-start", Shows: "hang of a service that needs 40 s to start", Steps: []string{"hang"}, Times: 1,
		Bound: 150 * time.Second, Own: 40 * time.Second, SlowStart: 40 * time.Second, Quiet: true},
}

// Result is what came of one supervisor.
type Result struct {
	Supervisor string `json:"supervisor"`
	Idle       Cost   `json:"idle"`
	Downs      []Down `json:"downs"`
}

// Down is how long the victims were down with one fault.
type Down struct {
	Fault string `json:"fault"`
	Times int    `json:"times"`
	// Repaired are the downtimes of those that came back, without the fault's
	// own time, ascending.
	Repaired []time.Duration `json:"repaired_ns"`
	Bound    time.Duration   `json:"bound_ns"`
}

// Median is the median downtime. One that never ended counts as longer than any;
// false means that the median is one of these.
func (d Down) Median() (time.Duration, bool) {
	if middle := (d.Times - 1) / 2; middle < len(d.Repaired) {
		return d.Repaired[middle], true
	}
	return 0, false
}

// Options say what is tried.
type Options struct {
	Supervisor supervisor.Supervisor
	Bin        string
	Faults     []Fault
	Say        func(string)
}

// attempt is one fault on one victim.
type attempt struct {
	fault  Fault
	victim *victim.Victim
}

// Run tries one supervisor in a scratch folder.
func Run(ctx context.Context, o Options) (result Result, err error) {
	dir, err := os.MkdirTemp("", "peers-")
	if err != nil {
		return result, fmt.Errorf("make a scratch folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	attempts, victims, err := cast(o, dir)
	if err != nil {
		return result, err
	}
	running, err := up(ctx, o, supervisor.Task{Bin: o.Bin, Dir: dir, Victims: victims})
	if running != nil {
		defer func() { err = errors.Join(err, down(running, victims)) }()
	}
	if err != nil {
		return result, err
	}
	result.Supervisor = o.Supervisor.Name
	if result.Idle, err = idle(ctx, running); err != nil {
		return result, err
	}
	o.Say(fmt.Sprintf("%-12s with %d services costs %s", result.Supervisor, len(victims), result.Idle))
	result.Downs, err = breakAll(ctx, o, attempts)
	return result, err
}

func cast(o Options, dir string) (attempts []attempt, victims []*victim.Victim, err error) {
	for _, f := range o.Faults {
		for i := range f.Times {
			v, err := victim.New(victim.Options{
				Name: fmt.Sprintf("%s-%d", f.Name, i+1), Dir: dir,
				Program: filepath.Join(o.Bin, "shop-store"), SlowStart: f.SlowStart,
			})
			if err != nil {
				return nil, nil, err
			}
			attempts, victims = append(attempts, attempt{f, v}), append(victims, v)
		}
	}
	return attempts, victims, nil
}

// up starts the supervisor and waits until all victims are well but the slow
// starters: some supervisors never get those up. The supervisor is returned even
// when a victim is not well.
func up(ctx context.Context, o Options, t supervisor.Task) (supervisor.Running, error) {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	running, err := o.Supervisor.Start(ctx, t)
	if err != nil {
		return nil, err
	}
	for _, v := range t.Victims {
		if v.SlowStart > 0 {
			continue
		}
		if _, _, err := v.AwaitHealthy(ctx, 0); err != nil {
			return running, fmt.Errorf("under %s: %w", o.Supervisor.Name, err)
		}
	}
	return running, nil
}

func down(r supervisor.Running, victims []*victim.Victim) error {
	err := r.Stop()
	for _, v := range victims {
		err = errors.Join(err, v.Kill())
	}
	return err
}

func breakAll(ctx context.Context, o Options, attempts []attempt) ([]Down, error) {
	downs := make([]Down, len(o.Faults))
	for i, f := range o.Faults {
		downs[i] = Down{Fault: f.Name, Bound: f.Bound, Repaired: []time.Duration{}}
	}
	for _, a := range attempts {
		i := slices.IndexFunc(downs, func(d Down) bool { return d.Fault == a.fault.Name })
		d := &downs[i]
		if a.fault.Quiet && !o.Supervisor.Notices && d.Times > 0 {
			continue // it does not look at answers; once is enough to show it
		}
		d.Times++
		got, err := a.measure(ctx)
		if err != nil {
			return downs, fmt.Errorf("under %s: %w", o.Supervisor.Name, err)
		}
		if got.repaired {
			d.Repaired = append(d.Repaired, got.back)
		}
		o.Say(fmt.Sprintf("%-12s %-10s %s", o.Supervisor.Name, a.fault.Name, got))
	}
	for _, d := range downs {
		slices.Sort(d.Repaired)
	}
	return downs, nil
}

// outcome is what came of one attempt; back is valid when repaired is true.
type outcome struct {
	back     time.Duration
	repaired bool
}

func (o outcome) String() string {
	if !o.repaired {
		return "was not repaired in time"
	}
	return "answers again after " + o.back.Round(time.Millisecond).String()
}

// measure breaks the victim and waits. Not being repaired is no error, nor is a
// victim that the supervisor never got up.
func (a attempt) measure(ctx context.Context) (outcome, error) {
	bounded, cancel := context.WithTimeout(ctx, a.fault.Bound)
	defer cancel()
	pid, _, err := a.victim.AwaitHealthy(bounded, 0)
	if err != nil {
		return outcome{}, ctx.Err()
	}
	var begun time.Time
	for _, step := range a.fault.Steps {
		begun = time.Now()
		if err := a.victim.Inject(ctx, step); err != nil {
			return outcome{}, err
		}
	}
	bounded, cancel = context.WithDeadline(ctx, begun.Add(a.fault.Bound))
	defer cancel()
	_, since, err := a.victim.AwaitHealthy(bounded, pid)
	if err != nil {
		return outcome{}, ctx.Err()
	}
	return outcome{max(since.Sub(begun)-a.fault.Own, 0), true}, nil
}
