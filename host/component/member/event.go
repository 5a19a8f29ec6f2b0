package member

import (
	"time"

	"github.com/homeostat/homeostat/host/component/probe"
	"github.com/homeostat/homeostat/host/component/process"
)

// EventType says what happened.
type EventType string

// The types of events.
const (
	// Started: the host started the process.
	Started EventType = "started"
	// Adopted: the host found the process running and watches it from now on.
	Adopted EventType = "adopted"
	// StartFailed: the process could not be started; Text says why.
	StartFailed EventType = "start_failed"
	// Ready: all probes have passed since the start; a component without probes is ready when it runs.
	Ready EventType = "ready"
	// Exited: the process ended without an order of the host.
	Exited EventType = "exited"
	// Probed: a probe has finished an attempt, or its verdict changed.
	Probed EventType = "probe"
	// Stopping: an order to stop or restart has begun.
	Stopping EventType = "stopping"
	// Stopped: the order has ended the process, with proof.
	Stopped EventType = "stopped"
	// CouldNotStop: the order has not; Text says what remains.
	CouldNotStop EventType = "could_not_stop"
	// Reloaded: the process was told to read its configuration again.
	Reloaded EventType = "reloaded"
)

// Event is one thing that happened to a component.
type Event struct {
	Time      time.Time
	Component string
	Type      EventType
	// Generation counts the processes of the component, started or adopted, over all runs of the daemon.
	Generation int
	PID        int
	// Exit is set for Exited and, where the process was watched to its end, Stopped.
	Exit *process.Exit
	// Probe is set for Probed.
	Probe *probe.Report
	// Text explains, for people: the reason of an order, or what went wrong.
	Text string
}
