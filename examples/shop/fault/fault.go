// Package fault owns the switches that break a shop process on purpose: which
// faults there are, how each one is switched on, and which of them outlive a
// restart. It does not serve pages and knows nothing of what the shop sells.
//
// A Switches value is safe for use by several goroutines. Faults that need a
// goroutine of their own run until Close, which waits for them.
package fault

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
)

// Name names one fault, as in POST /fault/NAME.
type Name string

// The faults. The comment says what the world sees; a restart cures every one
// but SlowStart and CrashLoop, which are kept in the fault file.
const (
	Crash      Name = "crash"       // the process dies of SIGKILL
	Exit       Name = "exit"        // the process ends with exit code 0
	Hang       Name = "hang"        // the process is stopped by SIGSTOP
	Deadlock   Name = "deadlock"    // every request waits for a lock that is never given back
	Errors     Name = "errors"      // every request is answered with status 500
	Slow       Name = "slow"        // every answer is late by For
	SlowSpell  Name = "slow-spell"  // every answer is 3 s late for For, then no more
	LeakMemory Name = "leak-memory" // Rate MiB a second are taken and kept
	LeakFiles  Name = "leak-files"  // Rate descriptors a second are opened and kept
	Spin       Name = "spin"        // Rate goroutines burn a CPU each
	LogBurst   Name = "log-burst"   // Rate error lines a second go to the log
	IgnoreTerm Name = "ignore-term" // SIGTERM does nothing
	SlowStart  Name = "slow-start"  // from the next start on, nobody listens for For
	CrashLoop  Name = "crash-loop"  // dies now, and at every start until For has passed
)

// Order asks for one fault. For and Rate mean what the comment of the Name
// says; zero takes the default of that fault, and faults that need neither
// ignore them.
type Order struct {
	Name Name
	For  time.Duration
	Rate float64 // a second
}

// kind is what the package knows of one fault: defaults, and how it is begun.
type kind struct {
	orDefault Order
	begin     func(*Switches, Order) error
}

// kinds is the table of all faults. The rates are chosen so that a small host
// shows each fault clearly within ten seconds and survives it for minutes.
var kinds = map[Name]kind{
	Crash:      {begin: (*Switches).crash},
	Exit:       {begin: (*Switches).exit},
	Hang:       {begin: (*Switches).hang},
	Deadlock:   {begin: (*Switches).deadlock},
	Errors:     {begin: (*Switches).errors},
	Slow:       {Order{For: 3 * time.Second}, (*Switches).slow},
	SlowSpell:  {Order{For: 15 * time.Second}, (*Switches).slowSpell},
	LeakMemory: {Order{Rate: 40}, (*Switches).leakMemory},
	LeakFiles:  {Order{Rate: 100}, (*Switches).leakFiles},
	Spin:       {Order{Rate: 1}, (*Switches).spin},
	LogBurst:   {Order{Rate: 50}, (*Switches).logBurst},
	IgnoreTerm: {begin: (*Switches).ignoreTerm},
	SlowStart:  {Order{For: 40 * time.Second}, (*Switches).slowStart},
	CrashLoop:  {Order{For: time.Minute}, (*Switches).crashLoop},
}

// maxRate bounds the harm of a mistyped rate.
const maxRate = 10_000

// Names lists all faults in alphabetical order.
func Names() []Name { return slices.Sorted(maps.Keys(kinds)) }

// Options say where a Switches keeps what outlives a restart (File, a path) and
// where it logs.
type Options struct {
	File string
	Log  hclog.Logger
}

// Switches are the faults of one process. Open is the only way to one.
type Switches struct {
	file string
	log  hclog.Logger

	stop   context.CancelFunc
	ctx    context.Context // the life of the faults' goroutines, ended by Close
	leaves sync.WaitGroup

	locked atomic.Bool // requests wait for the end of ctx
	failed atomic.Bool
	delay  atomic.Int64 // nanoseconds added to every answer

	mu   sync.Mutex // guards what follows
	on   map[Name]Order
	held hoard
}

// Open returns the switches of this process, all off. A fault that the file
// remembers takes effect in Begin.
func Open(o Options) *Switches {
	ctx, stop := context.WithCancel(context.Background())
	return &Switches{file: o.File, log: o.Log, ctx: ctx, stop: stop, on: map[Name]Order{}}
}

// Check completes an order with its defaults. It refuses an unknown fault, a
// negative For, and a Rate outside 0 to 10,000.
func Check(o Order) (Order, error) {
	k, known := kinds[o.Name]
	if !known {
		return o, fmt.Errorf("fault %q: there is none of this name; use one of %v", o.Name, Names())
	}
	if o.For < 0 || !(o.Rate >= 0 && o.Rate <= maxRate) { // the second form refuses NaN as well
		return o, fmt.Errorf("fault %q: for must not be negative and rate must be 0 to %g, got %s and %g",
			o.Name, float64(maxRate), o.For, o.Rate)
	}
	if o.For == 0 {
		o.For = k.orDefault.For
	}
	if o.Rate == 0 {
		o.Rate = k.orDefault.Rate
	}
	return o, nil
}

// Inject switches a fault on. Crash, Exit, Hang and CrashLoop do not return
// when they work. Injecting a fault that is on already changes nothing.
func (s *Switches) Inject(o Order) error {
	o, err := Check(o)
	if err != nil {
		return err
	}
	s.mu.Lock()
	_, already := s.on[o.Name]
	s.on[o.Name] = o
	s.mu.Unlock()
	if already {
		return nil
	}
	s.log.Warn("fault switched on", "fault", o.Name, "for", o.For, "rate", o.Rate)
	return kinds[o.Name].begin(s, o)
}

// On lists the faults that are switched on, in alphabetical order.
func (s *Switches) On() []Name {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.on))
}

// Close ends the faults that have a goroutine, waits for them and lets waiting
// requests go on. The fault file stays.
func (s *Switches) Close() {
	s.stop()
	s.leaves.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.on)
	s.held.release()
}
