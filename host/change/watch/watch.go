// Package watch owns the decision whether an applied change is kept: from looks at the owner, anomalies, the state of all
// components, a person's word and the time.
//
// It is a pure state machine: it reads no clock, asks nobody and starts nothing. Whoever runs it hands in what is seen,
// with the time, and asks for the decision. A Watch is used by one goroutine.
package watch

import (
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/change/record"
)

// Config is what a watch goes by.
type Config struct {
	// Span is the length of the watch, from activation on.
	Span time.Duration
	// Owner says that there is a component to look at.
	Owner bool
	// AnswerWithin is how long the owner may take from its activation to the first pass. It is cut to Span.
	AnswerWithin time.Duration
	// Health and Person say what must confirm the change. With neither it is kept at the end unless something speaks
	// against it; without an owner, at once.
	Health, Person bool
	// Settle is how long a breach still undoes the change after it was confirmed.
	Settle time.Duration
	// Baseline is how ill each component was before the change, 0 for well; Known are the anomalies that were open.
	Baseline map[string]int
	Known    map[string]bool
}

// regressFor is how long a component must have been worse than before the change. It is longer than a restart of the
// owner makes its dependents stumble.
const regressFor = 5 * time.Second

// Watch is the watch over one change. Make it with New, then call Begin.
type Watch struct {
	config Config

	epoch    int
	began    time.Time // of the watch
	asked    time.Time // when the owner was last activated
	answered bool      // the owner passed since then
	verdict  record.Verdict
	said     string
	seen     time.Time // when the verdict came

	worse     time.Time // since when a component is worse; zero while none is
	worseText string
	confirmed string // who confirmed
	breach    string

	kept   bool
	keptAt time.Time
	why    string
}

// New returns a watch that has not begun.
func New(c Config) *Watch {
	c.AnswerWithin = min(c.AnswerWithin, c.Span)
	return &Watch{config: c, verdict: record.Inconclusive, said: "nobody has looked yet"}
}

// Begin starts the time, when the files are applied and the owner was told. It returns the epoch: what was seen under an
// earlier one is no longer counted.
func (w *Watch) Begin(now time.Time) (epoch int) {
	w.epoch++
	w.began, w.asked, w.answered = now, now, false
	w.verdict, w.said = record.Inconclusive, "nobody has looked yet"
	return w.epoch
}

// Deadline is the end of the watch.
func (w *Watch) Deadline() time.Time { return w.began.Add(w.config.Span) }

// Settles is when a confirmed change has settled; the zero time while it is not confirmed.
func (w *Watch) Settles() time.Time {
	if !w.kept {
		return time.Time{}
	}
	return w.keptAt.Add(w.config.Settle)
}

// Answered says that the owner was seen healthy since its activation.
func (w *Watch) Answered() bool { return w.answered }

// Looked takes in what a look at the owner said. A look that was begun under an earlier epoch says nothing of this
// change, and is dropped.
func (w *Watch) Looked(now time.Time, epoch int, v record.Verdict, text string) {
	if epoch != w.epoch {
		return
	}
	w.verdict, w.said, w.seen = v, text, now
	switch {
	case v == record.Pass:
		w.answered = true
	case v == record.Fail && w.answered:
		w.breached("the owner fails: " + text)
	}
}

// Broke takes in that the owner ended, or could not be started: no patience is due to it.
func (w *Watch) Broke(epoch int, text string) {
	if epoch == w.epoch {
		w.breached(text)
	}
}

// Anomaly takes in what a detector reported about the owner. While the owner is still starting, and for anomalies that
// were there before the change, it counts for nothing.
func (w *Watch) Anomaly(id, text string) {
	if w.answered && !w.config.Known[id] {
		w.breached("a detector reports: " + text)
	}
}

// Ills takes in how ill each component is now. The rule is that no component may be worse than before the change, for
// longer than a restart explains.
func (w *Watch) Ills(now time.Time, ills map[string]int) {
	text := ""
	for name, ill := range ills {
		before, known := w.config.Baseline[name]
		if known && ill > before && (text == "" || name < text) {
			text = name
		}
	}
	if text == "" || !w.answered && w.config.Owner {
		w.worse = time.Time{}
		return
	}
	if w.worse.IsZero() {
		w.worse, w.worseText = now, text
	}
}

// Confirm takes in a person's yes.
func (w *Watch) Confirm(by string) { w.confirmed = by }

// Finish ends the settling of a confirmed change now.
func (w *Watch) Finish() { w.config.Settle = 0 }

func (w *Watch) breached(text string) {
	if w.breach == "" {
		w.breach = text
	}
}

// Outcome is the decision at a time.
type Outcome struct {
	Decision record.Decision
	Why      string
	// Settled says that a kept change can no longer be undone by what is seen.
	Settled bool
}

// Decide says what is to be done at time now. A change that was decided to be kept can still be rolled back while it
// settles; everything else is final.
func (w *Watch) Decide(now time.Time) Outcome {
	if why := w.against(now); why != "" {
		return Outcome{Decision: record.RollBack, Why: why}
	}
	if !w.kept {
		w.tryKeep(now)
	}
	switch {
	case w.kept:
		return Outcome{Decision: record.Keep, Why: w.why, Settled: !now.Before(w.Settles())}
	case !now.Before(w.Deadline()):
		return Outcome{Decision: record.RollBack, Why: w.missing()}
	}
	return Outcome{}
}

// against says what speaks against the change.
func (w *Watch) against(now time.Time) string {
	switch {
	case w.breach != "":
		return w.breach
	case w.config.Owner && !w.answered && !now.Before(w.asked.Add(w.config.AnswerWithin)):
		return fmt.Sprintf("the owner did not answer within %s of its activation: %s", w.config.AnswerWithin, w.said)
	case !w.worse.IsZero() && now.Sub(w.worse) >= regressFor:
		return fmt.Sprintf("%s is worse than before the change, for %s", w.worseText, regressFor)
	}
	return ""
}

// tryKeep keeps the change when all that must confirm it has.
func (w *Watch) tryKeep(now time.Time) {
	healthy := !w.config.Owner || w.verdict == record.Pass
	over := !now.Before(w.Deadline())
	byPerson := w.confirmed != ""
	why := ""
	switch {
	case w.config.Health && w.config.Person:
		if over && byPerson && w.freshPass() {
			why = "healthy to the end of the watch, and confirmed by " + w.confirmed
		}
	case byPerson:
		if healthy {
			why = "confirmed by " + w.confirmed
		}
	case w.config.Health:
		if over && w.freshPass() {
			why = "healthy to the end of the watch"
		}
	case !w.config.Person:
		if over || !w.config.Owner {
			why = "nothing spoke against it"
		}
	}
	if why != "" {
		w.kept, w.keptAt, w.why = true, now, why
	}
}

// freshPass says that the owner was seen healthy at the deadline or after it: an older look is no evidence of the end.
func (w *Watch) freshPass() bool {
	return w.verdict == record.Pass && !w.seen.Before(w.Deadline())
}

// missing says what did not come in time.
func (w *Watch) missing() string {
	if w.config.Person && w.confirmed == "" {
		return fmt.Sprintf("nobody confirmed it within %s", w.config.Span)
	}
	return fmt.Sprintf("the owner was not seen healthy at the end of the watch, which is inconclusive at best: %s", w.said)
}

// NeedsLook says that only a look at the owner, begun now, can decide at the deadline.
func (w *Watch) NeedsLook(now time.Time) bool {
	return w.config.Owner && w.config.Health && !w.kept && !now.Before(w.Deadline()) && w.seen.Before(w.Deadline())
}

// Next is when Decide may say something new without anything being taken in.
func (w *Watch) Next() time.Time {
	next := w.Deadline()
	if w.kept {
		next = w.Settles()
	}
	if w.config.Owner && !w.answered {
		next = earlier(next, w.asked.Add(w.config.AnswerWithin))
	}
	if !w.worse.IsZero() {
		next = earlier(next, w.worse.Add(regressFor))
	}
	return next
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
