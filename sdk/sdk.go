// Package sdk holds the contracts that authors of detector and strategy
// plugins program against: the interfaces they implement and the values that
// cross the border between a plugin and the host.
//
// It owns no behaviour beyond validation of those values. Serving a plugin is
// the task of sdk/serve, translation to and from the wire that of sdk/wire.
// Values are plain data without hidden state; they may be copied and read
// from several goroutines, and are written by one at a time.
package sdk

import (
	"context"
	"time"

	"github.com/hashicorp/go-hclog"
)

// Detector finds anomalies in windows of one component.
//
// Detect is called with one window at a time, in the order of time, from one
// goroutine. The window belongs to the callee until Detect returns. The
// context carries the call's deadline; an answer after it is dropped. An error
// means that the window could not be judged: the host records the plugin as
// blind for that window and goes on.
type Detector interface {
	Detect(ctx context.Context, w Window) ([]Anomaly, error)
}

// Strategy proposes how to end an incident. It touches nothing itself: the
// host checks, journals and carries out what it proposes.
//
// Propose is called from one goroutine, under the deadline in the context. A
// strategy that has nothing to offer answers with a Proposal without actions
// and says why in Reason.
type Strategy interface {
	Propose(ctx context.Context, in Incident) (Proposal, error)
}

// Learner is implemented by strategies that want to hear how their recoveries
// ended. Calls arrive between those of Propose, never at the same time.
type Learner interface {
	Learn(ctx context.Context, o Outcome) error
}

// Trainer is implemented by detectors that learn from history before they
// judge. The windows are in the order of time. Long history comes in several
// calls, one after the other.
type Trainer interface {
	Train(ctx context.Context, history []Window) error
}

// Stateful is implemented by plugins whose knowledge has to survive a restart.
// The host keeps the bytes, at most MaxState of them, and hands them back
// before the first window or incident. LoadState refuses what it cannot use
// with an error and leaves the plugin as it was.
type Stateful interface {
	SaveState() ([]byte, error)
	LoadState(state []byte) error
}

// Corrector is implemented by detectors that accept an operator's judgement of
// an earlier anomaly.
type Corrector interface {
	Feedback(ctx context.Context, m Mark) error
}

// Evolver is implemented by strategies that search for parameters. The host
// asks for at most n genomes for a problem, evaluates them in its sandbox and
// tells the scores; the plugin runs nothing itself.
type Evolver interface {
	Ask(ctx context.Context, p Problem, n int) ([]Genome, error)
	Tell(ctx context.Context, p Problem, scores []Score) error
}

// Explainer is implemented by plugins that can describe, in a few sentences
// for an operator, what they have learnt about a component.
type Explainer interface {
	Explain(ctx context.Context, component string) (string, error)
}

// MaxState is the most bytes of state that the host keeps for one plugin.
const MaxState = 1 << 20

// HostComponent is the reserved name of the component that stands for the
// machine itself. Its windows carry CPU, memory, disk, load and pressure.
const HostComponent = "host"

// Env is what the host offers to a plugin at construction.
type Env struct {
	// Log writes to the daemon's log under the plugin's name.
	Log hclog.Logger
	// Seed feeds the plugin's random choices, so that a run can be repeated.
	Seed uint64
}

// LookBacker is implemented by detectors that want a stretch of the past with
// every window, at most MaxLookBack of it. LookBack is asked once, after
// construction.
type LookBacker interface {
	LookBack() time.Duration
}

// MaxLookBack bounds what a detector may ask for with every window.
const MaxLookBack = 24 * time.Hour
