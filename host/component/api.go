package component

import (
	"github.com/homeostat/homeostat/host/component/declared"
	"github.com/homeostat/homeostat/host/component/member"
)

// The types of a component's life, as everybody but this folder calls them. Packages declared and member say what they mean.
type (
	// Spec is one component in checked form.
	Spec = declared.Spec
	// Commands are an operator's own ways to start, stop, restart and reload.
	Commands = declared.Commands
	// Kind says who starts the processes of a component and how the host finds them.
	Kind = declared.Kind
	// OnExit says what becomes of a component's process when the daemon ends on purpose.
	OnExit = declared.OnExit
	// Event is one thing that happened to a component.
	Event = member.Event
	// EventType says what happened.
	EventType = member.EventType
	// Status is what is known of a component now.
	Status = member.Status
	// State is where a component is in its life.
	State = member.State
	// Grace is the time in which a start need not have succeeded yet.
	Grace = member.Grace
	// Order is the why and how of a start, stop, restart or reload.
	Order = member.Order
	// Result is what an order did.
	Result = member.Result
	// Verdict is the answer of Confirm.
	Verdict = member.Verdict
)

// The kinds, and what becomes of a process when the daemon ends.
const (
	Command = declared.Command
	Pidfile = declared.Pidfile
	Match   = declared.Match
	Unit    = declared.Unit
	Keep    = declared.Keep
	End     = declared.End
)

// The types of events.
const (
	Started      = member.Started
	Adopted      = member.Adopted
	StartFailed  = member.StartFailed
	Ready        = member.Ready
	Exited       = member.Exited
	Probed       = member.Probed
	Stopping     = member.Stopping
	Stopped      = member.Stopped
	CouldNotStop = member.CouldNotStop
	Reloaded     = member.Reloaded
)

// The states.
const (
	IsStopped  = member.IsStopped
	IsStarting = member.IsStarting
	IsUp       = member.IsUp
	IsDown     = member.IsDown
	IsStopping = member.IsStopping
	CannotStop = member.CannotStop
)

// Errors that callers decide upon.
var (
	ErrUnknown      = member.ErrUnknown
	ErrCouldNotStop = member.ErrCouldNotStop
	ErrNoWay        = member.ErrNoWay
	ErrClosed       = member.ErrClosed
)

// Check returns all problems of the specs, joined: of each alone and of their dependencies. It starts nothing.
func Check(specs []Spec) error { return declared.Check(specs) }
