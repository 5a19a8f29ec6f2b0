package member

import (
	"errors"
	"time"

	"github.com/homeostat/homeostat/host/component/declared"
	"github.com/homeostat/homeostat/host/component/probe"
	"github.com/homeostat/homeostat/host/component/process"
)

// State is where a component is in its life.
type State string

// The states.
const (
	// IsStopped: it does not run and is not wanted to.
	IsStopped State = "stopped"
	// IsStarting: it runs, or is about to be started, and has not answered yet.
	IsStarting State = "starting"
	// IsUp: it runs and has answered since its start. Whether it answers now, its probes tell.
	IsUp State = "up"
	// IsDown: it is wanted and does not run.
	IsDown State = "down"
	// IsStopping: an order is ending it.
	IsStopping State = "stopping"
	// CannotStop: the last order could not end it.
	CannotStop State = "could_not_stop"
)

// Errors that callers decide upon.
var (
	// ErrUnknown: the set has no component of that name.
	ErrUnknown = errors.New("no such component")
	// ErrCouldNotStop: processes or ports remain after the last rung.
	ErrCouldNotStop = errors.New("could not stop")
	// ErrNoWay: the component declares no way to do what was ordered.
	ErrNoWay = errors.New("no way declared")
	// ErrClosed: the set was closed.
	ErrClosed = errors.New("components are closed")
)

// Order is the why and how of a start, stop, restart or reload.
type Order struct {
	// Reason goes into the events and the log.
	Reason string
	// Grace is the time from TERM to KILL; zero means the component's stop timeout.
	Grace time.Duration
}

// Result is what an order did.
type Result struct {
	// Generation and PID are of the process that runs afterwards; PID is 0 when none does.
	Generation int
	PID        int
	// Exit is how the process ended that was stopped, where it was watched to its end.
	Exit *process.Exit
	// Rungs are the steps of the stop ladder that were needed.
	Rungs []string
	// Text says what was done, for people.
	Text string
	Took time.Duration
}

// Grace is the time in which a start need not have succeeded yet.
type Grace struct {
	// Until is when the present grace ends; zero when there is none.
	Until time.Time
	// Learned is what past starts have taught, 0 when nothing yet.
	Learned time.Duration
}

// Status is what is known of a component now.
type Status struct {
	Name  string
	Kind  declared.Kind
	State State
	// Wanted is false after an order to stop.
	Wanted bool
	// PID is the main process, 0 when there is none.
	PID        int
	Generation int
	StartedAt  time.Time
	// Starts are the times of the newest starts by the host, at most 50, the oldest first. They survive the daemon.
	Starts   []time.Time
	LastExit *process.Exit
	// LastExitAt is when that was seen.
	LastExitAt time.Time
	Grace      Grace
	Probes     []probe.Status
	// Verdict is that of all probes together; inconclusive while the component does not run.
	Verdict probe.Verdict
	// Outdated is true when the process was started from an earlier spec than the present one: a reload of the
	// configuration restarts nothing, so the new one takes effect at the next restart.
	Outdated bool
	// Output is the file that takes the output of a process of kind command; for the others it is empty. Package outlog
	// says how it is written.
	Output string
	// Text explains the state, for people.
	Text string
	// Kept is why a daemon left the component down at its own start; empty when it did not, or an order came since.
	Kept string
}

// Verdict is the answer of Confirm.
type Verdict struct {
	Verdict probe.Verdict
	// Text says why, for people.
	Text string
}
