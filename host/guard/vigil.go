package guard

import (
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/guard/link"
)

// vigil judges the signs of life of one daemon. It is pure: time comes in with every call.
type vigil struct {
	limits Limits
	// watch is how long the change that is tried is watched; 0 for a daemon that tries none.
	watch time.Duration

	began   time.Time
	readyAt time.Time // zero until it was ready
	heard   time.Time
	ending  time.Time // since when it is to end; zero while it is not
	restart bool      // it has asked to be started anew
}

// trialGrace is what a daemon may take beyond its watch to carry out the decision.
const trialGrace = 30 * time.Second

func newVigil(l Limits, watch time.Duration, now time.Time) *vigil {
	return &vigil{limits: l, watch: watch, began: now, heard: now}
}

// hear takes in a word of the daemon. A word that is not known is a sign of life.
func (v *vigil) hear(now time.Time, word string) {
	v.heard = now
	switch word {
	case link.WordReady:
		if v.readyAt.IsZero() {
			v.readyAt = now
		}
	case link.WordRestart:
		v.restart = true
		v.end(now)
	case link.WordStopping:
		v.end(now)
	}
}

// end takes in that the daemon is to end.
func (v *vigil) end(now time.Time) {
	if v.ending.IsZero() {
		v.ending = now
	}
}

// settled takes in that the change that was tried is no longer open.
func (v *vigil) settled() { v.watch = 0 }

func (v *vigil) ready() bool { return !v.readyAt.IsZero() }

// next is when overdue may change its mind without a word.
func (v *vigil) next() time.Time {
	at, _ := v.deadline()
	return at
}

// overdue says why the daemon has to be killed; empty while there is no reason.
func (v *vigil) overdue(now time.Time) string {
	if at, why := v.deadline(); !now.Before(at) {
		return why
	}
	return ""
}

// deadline is the next of the ends of patience, and what is wrong when it has come.
func (v *vigil) deadline() (time.Time, string) {
	switch {
	case !v.ending.IsZero():
		return v.ending.Add(v.limits.Stop), fmt.Sprintf("the daemon did not end within %s", v.limits.Stop)
	case !v.ready():
		return v.began.Add(v.limits.Ready), fmt.Sprintf("the daemon was not ready within %s of its start", v.limits.Ready)
	}
	at, why := v.heard.Add(v.limits.Hang), fmt.Sprintf("the daemon gave no sign of life for %s", v.limits.Hang)
	if v.watch > 0 {
		if over := v.readyAt.Add(v.watch + v.limits.Hang + trialGrace); over.Before(at) {
			return over, fmt.Sprintf("the daemon did not decide about its change, %s after the end of the watch", v.limits.Hang+trialGrace)
		}
	}
	return at, why
}
