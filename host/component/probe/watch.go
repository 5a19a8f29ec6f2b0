package probe

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// Watch asks one probe again and again. It is made by NewWatch and ended by Close.
type Watch struct {
	spec   Spec
	ask    func(context.Context) Outcome
	report func(Report)

	cancel  context.CancelFunc
	ended   chan struct{}
	nudge   chan struct{} // holds one: there is something under mu to obey
	answers chan answer

	mu      sync.Mutex
	status  Status // under mu
	pending *order // under mu: the newest Follow or Rest that was not obeyed yet
	doubted bool   // under mu: Doubt was called

	// What follows belongs to the goroutine of run.
	judge      *Judge
	generation int
	resting    bool
	flying     map[*attempt]struct{}
	due        time.Time // of the next attempt
}

// Options are what a Watch is made of.
type Options struct {
	Spec Spec
	// Ask replaces Spec.Ask, for the kind Process, which has to be told whom to look at.
	Ask func(context.Context) Outcome
	// Report is called for every finished attempt and every change of verdict, from the watch's goroutine. It must return
	// quickly and must not call the Watch.
	Report func(Report)
}

type order struct {
	generation int
	graceEnds  time.Time
	rest       string
}

// attempt is one question on its way.
type attempt struct {
	began     time.Time
	silentAt  time.Time // when its silence counts as a failure
	counted   bool      // its silence was counted
	cancel    context.CancelFunc
	inquirer  int // the generation that asked
	suspected bool
}

type answer struct {
	attempt *attempt
	outcome Outcome
}

// flyingMax bounds the questions on their way at one time.
const flyingMax = 6

// NewWatch returns a watch that rests until Follow is called.
func NewWatch(o Options) *Watch {
	spec := o.Spec.withDefaults()
	ctx, cancel := context.WithCancel(context.Background())
	w := &Watch{
		spec: spec, ask: o.Ask, report: o.Report,
		cancel: cancel, ended: make(chan struct{}),
		nudge: make(chan struct{}, 1), answers: make(chan answer, flyingMax),
		judge: NewJudge(spec, time.Now()), resting: true, flying: make(map[*attempt]struct{}),
	}
	if w.ask == nil {
		w.ask = spec.Ask
	}
	w.publish(Outcome{}, time.Time{})
	go w.run(ctx)
	return w
}

// Name returns the probe's name.
func (w *Watch) Name() string { return w.spec.Name }

// Follow begins to ask for a new generation. Answers to earlier generations are dropped. Until the first pass or
// graceEnds a failure does not count. It does not block, and of several calls the newest counts.
func (w *Watch) Follow(generation int, graceEnds time.Time) {
	w.send(&order{generation: generation, graceEnds: graceEnds})
}

// Rest stops asking until the next Follow, because of the reason given. It does not block.
func (w *Watch) Rest(why string) { w.send(&order{rest: why}) }

// Doubt makes the watch ask in a burst now, because somebody has noticed something. It does not block.
func (w *Watch) Doubt() { w.send(nil) }

// send leaves an order, or without one a doubt, for the goroutine of run.
func (w *Watch) send(o *order) {
	w.mu.Lock()
	if o == nil {
		w.doubted = true
	} else {
		w.pending = o
	}
	w.mu.Unlock()
	select {
	case w.nudge <- struct{}{}:
	default:
	}
}

// Status returns the present opinion.
func (w *Watch) Status() Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.status
}

// Close ends the watch and waits for its goroutines, which end as soon as the attempts on their way have noticed.
func (w *Watch) Close() {
	w.cancel()
	<-w.ended
}

// run ends with ctx, after the last attempt has reported back.
func (w *Watch) run(ctx context.Context) {
	defer close(w.ended)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		planned := w.wake(time.Now())
		timer.Reset(time.Until(planned))
		select {
		case <-ctx.Done():
		case <-w.nudge:
			w.obey(time.Now())
		case a := <-w.answers:
			w.hear(a)
		case <-timer.C:
			w.forgive(time.Since(planned))
		}
		w.pass(ctx, time.Now())
	}
	for len(w.flying) > 0 {
		delete(w.flying, (<-w.answers).attempt)
	}
}

func (w *Watch) obey(now time.Time) {
	w.mu.Lock()
	o, doubted := w.pending, w.doubted
	w.pending, w.doubted = nil, false
	w.mu.Unlock()
	if o != nil {
		w.turn(now, *o)
	}
	if doubted && !w.resting {
		w.judge.Doubt(now)
		w.due = now
	}
}

// turn goes over to another generation, or to rest.
func (w *Watch) turn(now time.Time, o order) {
	before := w.judge.verdict
	if o.rest != "" {
		w.resting = true
		w.judge.Rest(now, o.rest)
	} else {
		w.generation, w.resting, w.due = o.generation, false, now
		w.judge.Begin(now, o.graceEnds)
	}
	for a := range w.flying {
		a.cancel()
	}
	w.tell(Report{At: now, Outcome: Outcome{Text: w.judge.text}, Changed: before != w.judge.verdict})
}

func (w *Watch) hear(a answer) {
	delete(w.flying, a.attempt)
	a.attempt.cancel()
	if a.attempt.inquirer != w.generation || w.resting {
		return
	}
	now := time.Now()
	changed := false
	if !a.attempt.counted || a.outcome.Verdict == Pass {
		changed = w.judge.Hear(now, a.outcome)
	}
	w.tell(Report{At: now, Attempt: true, Outcome: a.outcome, Changed: changed})
	next := a.attempt.began.Add(w.judge.Wait(now, rand.Float64()))
	if w.judge.verdict == Pass && !w.judge.InDoubt() {
		w.due = next
	} else {
		w.due = earlier(w.due, next)
	}
}

// forgive moves the deadlines of silence when this process itself was late: a host that starves us starves the service
// as well, and says nothing about it. The timeout of the attempt stays.
func (w *Watch) forgive(late time.Duration) {
	const noticeable = 100 * time.Millisecond
	if late < noticeable {
		return
	}
	for a := range w.flying {
		a.silentAt = a.silentAt.Add(late)
	}
}

// pass lets time pass: silence is counted, grace ends, the next attempt begins.
func (w *Watch) pass(ctx context.Context, now time.Time) {
	if w.resting || ctx.Err() != nil {
		return
	}
	for a := range w.flying {
		w.listen(a, now)
	}
	if w.judge.Tick(now) {
		w.tell(Report{At: now, Outcome: Outcome{Verdict: Fail, Text: w.judge.text}, Changed: true})
	}
	if !now.Before(w.due) && len(w.flying) < flyingMax {
		w.launch(ctx, now)
		w.due = now.Add(w.judge.Wait(now, rand.Float64()))
	}
}

// listen raises doubt about an attempt that takes long, and counts its silence when it has lasted.
func (w *Watch) listen(a *attempt, now time.Time) {
	if a.inquirer != w.generation || !w.judge.ready {
		return
	}
	if !a.suspected && now.Sub(a.began) >= w.judge.Slow() {
		a.suspected = true
		w.judge.Doubt(now)
		if w.judge.InDoubt() {
			w.due = earlier(w.due, now)
		}
		w.publish(Outcome{}, time.Time{})
	}
	if !a.counted && !now.Before(a.silentAt) {
		a.counted = true
		o := Outcome{Verdict: Fail, Latency: now.Sub(a.began), Text: "no answer for " + now.Sub(a.began).Round(time.Millisecond).String()}
		if w.judge.Hear(now, o) {
			w.tell(Report{At: now, Outcome: o, Changed: true})
		}
	}
}

func (w *Watch) launch(ctx context.Context, now time.Time) {
	asking, cancel := context.WithCancel(ctx)
	a := &attempt{began: now, silentAt: now.Add(w.judge.Silent()), cancel: cancel, inquirer: w.generation}
	w.flying[a] = struct{}{}
	go func() { w.answers <- answer{attempt: a, outcome: w.ask(asking)} }() // the buffer holds all that can fly
}

// wake returns when the goroutine has to look again if nothing happens.
func (w *Watch) wake(now time.Time) time.Time {
	if w.resting {
		return now.Add(time.Hour)
	}
	wake := now.Add(time.Hour)
	if len(w.flying) < flyingMax {
		wake = w.due
	}
	if !w.judge.ready {
		wake = earlier(wake, w.judge.graceEnds)
	}
	for a := range w.flying {
		if a.inquirer != w.generation || !w.judge.ready {
			continue
		}
		if !a.suspected {
			wake = earlier(wake, a.began.Add(w.judge.Slow()))
		}
		if !a.counted {
			wake = earlier(wake, a.silentAt)
		}
	}
	return wake
}

// tell completes a report, publishes the status and passes the report on.
func (w *Watch) tell(r Report) {
	r.Probe, r.Kind, r.Generation = w.spec.Name, w.spec.Kind, w.generation
	r.Verdict, r.Doubt = w.judge.verdict, w.judge.InDoubt()
	last := time.Time{}
	if r.Attempt {
		last = r.At
	}
	w.publish(r.Outcome, last)
	if w.report != nil && (r.Attempt || r.Changed) {
		w.report(r)
	}
}

func (w *Watch) publish(o Outcome, last time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := Status{
		Name: w.spec.Name, Kind: w.spec.Kind, Verdict: w.judge.verdict, Since: w.judge.since,
		Text: w.judge.text, Doubt: w.judge.InDoubt(), P99: w.judge.p99,
		Latency: w.status.Latency, Last: w.status.Last,
	}
	if !last.IsZero() {
		s.Latency, s.Last = o.Latency, last
	}
	w.status = s
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
