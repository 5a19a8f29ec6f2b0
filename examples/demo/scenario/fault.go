package scenario

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Limit is what a fault may cost. The times are those of an unloaded machine;
// the verdict allows Slack times as much.
type Limit struct {
	// Seen is from the injection to the first anomaly.
	Seen time.Duration `json:"seen_ns"`
	// Back is from the injection to a healthy answer of a new process, without
	// Own.
	Back time.Duration `json:"back_ns"`
	// Own is the part of the downtime that no healer could save: the time the
	// service takes to start, or until the cause is gone.
	Own time.Duration `json:"own_ns"`
	// Orders is how many restart orders are allowed.
	Orders int `json:"orders"`
}

// Slack is by how much a loaded machine may be slower than the bars.
const Slack = 2

// SeenWithin is the limit on the time until the fault is seen.
func (l Limit) SeenWithin() time.Duration { return Slack * l.Seen }

// BackWithin is the limit on the time until the service answers again.
func (l Limit) BackWithin() time.Duration { return l.Own + Slack*l.Back }

// Fault is one way to break the service, and what its repair may cost.
type Fault struct {
	Name string
	// Shows says what the fault looks like, for a person.
	Shows string
	// Steps are injected one after the other, each as in victim.Inject.
	Steps []string
	// SlowStart is how long every start of the victim takes, the first included.
	SlowStart time.Duration
	// Adopted victims were started by somebody else.
	Adopted bool
	// Dependents is how many web processes depend on the victim. They must be
	// healthy again too, and must not be restarted.
	Dependents int
	// Isolated says that the victim is a store whose web is to be cut off from it
	// for as long as it is slow, and that nobody is to be restarted.
	Isolated bool
	// Calm says that this is no fault: nothing may be done about it until the end
	// of the demo.
	Calm bool
	// Lane is what the fault shares a lane with: lanes run side by side, the
	// faults of a lane one after the other.
	Lane  lane
	Limit Limit
}

type lane int

// Long waits cost no CPU, so they go beside the short ones. Spin comes last in
// its lane, because the others would be measured on a machine with a CPU less.
const (
	short lane = iota
	starting
	looping
	beside
	cutting
)

// headStart is what the short faults get before the loop begins, so that the
// first of them, which take milliseconds, are not measured against it.
const headStart = 2 * time.Second

// promised is what every fault is held to that has no sharper bar of its own:
// seen within 10 s, repaired within a minute.
var promised = Limit{Seen: 10 * time.Second, Back: time.Minute, Orders: 1}

// all is the table of the demo. The bars are those the project publishes in
// `make bench`; one restart order repairs everything but a crash loop, which
// may take ten a minute and a minute after the cause has gone.
var all = []Fault{
	{Name: "crash", Shows: "the process dies of SIGKILL", Steps: []string{"crash"},
		Limit: Limit{Seen: 50 * time.Millisecond, Back: 300 * time.Millisecond, Orders: 1}},
	{Name: "exit", Shows: "the process ends with exit code 0", Steps: []string{"exit"},
		Limit: Limit{Seen: 50 * time.Millisecond, Back: 300 * time.Millisecond, Orders: 1}},
	{Name: "adopted", Shows: "a process that others started dies", Steps: []string{"crash"}, Adopted: true,
		Limit: Limit{Seen: 50 * time.Millisecond, Back: 500 * time.Millisecond, Orders: 1}},
	{Name: "hang", Shows: "the process is stopped by SIGSTOP", Steps: []string{"hang"},
		Limit: Limit{Seen: 3500 * time.Millisecond, Back: 3500 * time.Millisecond, Orders: 1}},
	{Name: "deadlock", Shows: "no request is answered any more", Steps: []string{"deadlock"},
		Limit: Limit{Seen: 3500 * time.Millisecond, Back: 3500 * time.Millisecond, Orders: 1}},
	{Name: "ignore-term", Shows: "deadlocked, and deaf to SIGTERM", Steps: []string{"ignore-term", "deadlock"}, Limit: promised},
	{Name: "errors", Shows: "every answer has status 500", Steps: []string{"errors"}, Limit: promised},
	{Name: "slow", Shows: "every answer takes 3 s", Steps: []string{"slow?for=3s"}, Limit: promised},
	{Name: "log-burst", Shows: "50 error lines a second in the log", Steps: []string{"log-burst"},
		Limit: Limit{Seen: 3 * time.Second, Back: time.Minute, Orders: 1}},
	{Name: "leak-memory", Shows: "40 MiB of memory more every second", Steps: []string{"leak-memory"}, Limit: promised},
	{Name: "leak-files", Shows: "100 open files more every second", Steps: []string{"leak-files"}, Limit: promised},
	{Name: "dependency", Shows: "a store is down for 10 s, 10 services need it", Steps: []string{"crash-loop?for=10s"}, Dependents: 10,
		Limit: Limit{Seen: 10 * time.Second, Back: 10 * time.Second, Own: 10 * time.Second, Orders: 10}},
	{Name: "spin", Shows: "a goroutine burns a CPU", Steps: []string{"spin"},
		Limit: Limit{Seen: 20 * time.Second, Back: time.Minute, Orders: 1}},
	{Name: "slow-start", Shows: "a hang of a service that needs 40 s to start", Steps: []string{"hang"}, SlowStart: 40 * time.Second, Lane: starting,
		Limit: Limit{Seen: 3500 * time.Millisecond, Back: 3500 * time.Millisecond, Own: 40 * time.Second, Orders: 1}},
	{Name: "crash-loop", Shows: "every start fails for 60 s", Steps: []string{"crash-loop?for=60s"}, Lane: looping,
		Limit: Limit{Seen: 10 * time.Second, Back: 30 * time.Second, Own: time.Minute, Orders: 20}},
	{Name: "isolate", Shows: "a store is slow for 15 s: the web that calls it is cut off and shows old goods", Steps: []string{"slow-spell?for=15s"},
		Isolated: true, Lane: cutting, Limit: Limit{Seen: 5 * time.Second, Back: 5 * time.Second}},
	{Name: "calm", Shows: "an error line every 10 s: nothing to repair", Steps: []string{"log-burst?rate=0.1"}, Calm: true, Lane: beside},
}

// Choose returns the faults of these names, separated by commas, or all for an
// empty string.
func Choose(names string) ([]Fault, error) {
	if names == "" {
		return slices.Clone(all), nil
	}
	var chosen []Fault
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(all, func(f Fault) bool { return f.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("fault %q: there is none of this name; use one of %s", name, strings.Join(known(), ", "))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

func known() []string {
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = f.Name
	}
	return names
}
