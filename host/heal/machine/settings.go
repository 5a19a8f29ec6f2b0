package machine

import (
	"time"

	"github.com/homeostat/homeostat/host/heal/settings"
)

// Settings are what the operator decides.
type Settings = settings.Settings

// Component is what healing has to know of a component.
type Component = settings.Component

// Spans that no operator has asked to set.
const (
	// recheck is the pause between two looks at a component whose verdict is
	// inconclusive after an action, and at a dependency in doubt.
	recheck = time.Second
	// reask is when strategies that had nothing to offer are asked again.
	reask = 30 * time.Second
	// togetherProbes and togetherExits are how close the same failures of
	// unrelated components must lie to be put down to one cause. Probes of
	// one cause fail over a probe interval (5 s) and its burst; processes that
	// one cause kills go at once.
	togetherProbes = 10 * time.Second
	togetherExits  = time.Second
	// pairWait is how long the second of two that fail alike, and each of several
	// processes that ended at once, is held back.
	pairWait = 2 * time.Second
	// refresh is how often an open incident is saved though nothing is new, so
	// that it stays among the newest documents, which the next start loads.
	refresh = time.Hour
	// alertPatience is how long after a recovery an alert from outside may stand
	// before the incident is looked at again: twice Alertmanager's group_interval,
	// which is 5 minutes by default.
	alertPatience = 10 * time.Minute
	// orderLimit is how long an operator's order explains what it disturbs.
	orderLimit = 2 * time.Minute
)

// keyProcess is the anomaly of the host's own look at a process, which fails
// when a signal holds it.
const keyProcess = "probe/process"
