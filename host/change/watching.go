package change

import (
	"context"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/change/gate"
	"github.com/homeostat/homeostat/host/change/own"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/txn"
	"github.com/homeostat/homeostat/host/change/watch"
)

// messageKind is what somebody tells a change under way.
type messageKind int

const (
	confirmIt  messageKind = iota // a person's yes
	rollBackIt                    // a person's no
	makeRoom                      // end the settling now
	ownerBroke                    // the owner ended by itself
	lookAgain                     // something about the owner changed
	anomaly                       // a detector reported
)

type message struct {
	kind     messageKind
	by, text string
	id       string
	// taken is closed when the watch has taken the message in; nil for what nobody waits for.
	taken chan struct{}
}

// inboxSize bounds the messages that wait; senders of what must arrive wait for room.
const inboxSize = 64

// send hands a message to the change and says whether its watch took it in. A change that is still on its way takes it in
// when its watch begins; one that has ended does not.
func (r *run) send(ctx context.Context, m message) bool {
	m.taken = make(chan struct{})
	select {
	case r.inbox <- m:
	case <-r.done:
		return false
	case <-ctx.Done():
		return false
	}
	select {
	case <-m.taken:
		return true
	case <-r.done:
	case <-ctx.Done():
	}
	select {
	case <-m.taken: // it was the last that the watch took in
		return true
	default:
		return false
	}
}

// illsEvery is the time between looks at all components.
const illsEvery = time.Second

// watching is the loop around a watch.
type watching struct {
	*run
	core   *watch.Watch
	epoch  int
	looks  chan looked
	asking bool // a look is under way
	again  bool // and another is wanted after it
}

type looked struct {
	epoch   int
	verdict record.Verdict
	text    string
}

// watchOver watches the applied change until it is kept and settled, or must be undone.
func (r *run) watchOver(ctx context.Context) outcome {
	if r.rec.Handed && !r.resumed {
		return r.handOver(ctx)
	}
	w := r.newWatching()
	deadline := w.core.Deadline().UTC()
	r.rec.State, r.rec.Deadline = record.Watching, &deadline
	if err := r.p.save(r.rec); err != nil {
		return outcome{verdict: record.Fail, text: err.Error(), end: record.RolledBack}
	}
	out := w.loop(ctx)
	if w.asking {
		<-w.looks // it is bounded
	}
	return out
}

func (r *run) newWatching() *watching {
	world := r.p.opt.World
	config := watch.Config{
		Span: r.root.Watch, Owner: r.root.Component != "", Health: r.root.Health, Person: r.root.Person,
		Settle: r.settle(), Baseline: r.baseline, Known: r.known,
	}
	if config.Owner {
		config.AnswerWithin = world.AnswerWithin(r.root.Component)
	}
	w := &watching{run: r, core: watch.New(config), looks: make(chan looked, 1)}
	w.epoch = w.core.Begin(time.Now())
	r.p.mu.Lock()
	r.listening = true
	r.p.mu.Unlock()
	return w
}

// maxSettle bounds the time in which a breach undoes a confirmed change.
const maxSettle = 30 * time.Second

func (r *run) settle() time.Duration {
	if own.IsRoot(r.root.Name) {
		return 0 // once it is confirmed, nothing must look unconfirmed to the guard
	}
	if s := r.p.opt.Timing.Settle; s > 0 {
		return s
	}
	return min(r.root.Watch/2, maxSettle)
}

func (w *watching) loop(ctx context.Context) outcome {
	ills := time.NewTicker(illsEvery)
	defer ills.Stop()
	next := time.NewTimer(0)
	defer next.Stop()
	w.look(ctx)
	for {
		now := time.Now()
		if w.core.NeedsLook(now) {
			w.look(ctx)
		} else if out, over := w.decide(now); over {
			return out
		}
		next.Reset(max(time.Until(w.core.Next()), time.Millisecond))
		select {
		case <-ctx.Done():
			return w.interrupted()
		case m := <-w.inbox:
			if out, over := w.take(ctx, m); over {
				return out
			}
		case l := <-w.looks:
			w.took(ctx, l)
		case <-ills.C:
			w.core.Ills(time.Now(), w.p.ills(w.root))
		case <-next.C:
		}
	}
}

// look asks the owner in a goroutine of its own; at most one is under way.
func (w *watching) look(ctx context.Context) {
	if w.root.Component == "" {
		return
	}
	if w.asking {
		w.again = true
		return
	}
	w.asking, w.again = true, false
	epoch := w.epoch
	w.p.running.Go(func() {
		verdict, text := w.p.look(ctx, w.root.Component)
		w.looks <- looked{epoch, verdict, text}
	})
}

// took takes in a look. Until the owner has answered the next one follows soon; after that, the events of its probes ask
// for more.
func (w *watching) took(ctx context.Context, l looked) {
	w.asking = false
	w.core.Looked(time.Now(), l.epoch, l.verdict, l.text)
	switch {
	case w.again:
		w.look(ctx)
	case !w.core.Answered() || l.verdict == record.Inconclusive:
		w.asking = true
		epoch := w.epoch
		w.p.running.Go(func() {
			pause(ctx, w.p.opt.Timing.LookEvery)
			verdict, text := w.p.look(ctx, w.root.Component)
			w.looks <- looked{epoch, verdict, text}
		})
	}
}

// take takes in a message.
func (w *watching) take(ctx context.Context, m message) (outcome, bool) {
	if m.taken != nil {
		close(m.taken)
	}
	switch m.kind {
	case confirmIt:
		w.rec.ConfirmedBy = m.by
		w.core.Confirm(m.by)
		w.look(ctx)
	case rollBackIt:
		w.rec.ConfirmedBy = ""
		return w.rolledBack("rolled back by "+m.by+": "+m.text, byPerson), true
	case makeRoom:
		w.core.Finish()
	case ownerBroke:
		w.core.Broke(w.epoch, m.text)
	case anomaly:
		w.core.Anomaly(m.id, m.text)
	case lookAgain:
		w.look(ctx)
	}
	return outcome{}, false
}

// decide carries out what the watch decides.
func (w *watching) decide(now time.Time) (outcome, bool) {
	d := w.core.Decide(now)
	switch d.Decision {
	case record.RollBack:
		return w.rolledBack(d.Why, bySight), true
	case record.Keep:
		if w.rec.Decision != record.Keep {
			w.keep(d.Why)
		}
		if d.Settled {
			return w.kept(d.Why), true
		}
	}
	return outcome{}, false
}

// keep writes down that the change is kept. From now on a restart of the daemon no longer undoes it.
func (w *watching) keep(why string) {
	settles := w.core.Settles().UTC()
	w.rec.State, w.rec.Decision, w.rec.Why, w.rec.Settles = record.Kept, record.Keep, why, &settles
	w.saveOrLog()
	w.giveBack(time.Now(), gate.Sound)
	w.p.audit(w.rec, "confirmed", map[string]any{"why": why})
}

// kept lets the old files go.
func (w *watching) kept(why string) outcome {
	if err := w.letGo(); err != nil {
		w.p.opt.Log.Warn("the old files of a kept change are not removed yet; the next start does it", "change", w.rec.ID, "error", err)
	}
	return outcome{verdict: record.Pass, text: why, end: record.Kept}
}

func (r *run) letGo() error {
	result, err := r.withFiles(func(ctx context.Context) (txn.Result, error) { return r.p.opt.Files.Confirm(ctx, r.rec.ID) })
	r.rec.Conflicts = append(r.rec.Conflicts, result.Conflicts...)
	r.touched = false
	return err
}

// cause says who wanted a rollback.
type cause int

const (
	bySight  cause = iota // what was seen, or not seen in time
	byPerson              // a person's order
)

func (w *watching) rolledBack(why string, c cause) outcome {
	w.rec.Unattended = c == bySight
	return outcome{verdict: record.Fail, text: why, end: record.RolledBack, result: gate.Harmful, remember: true}
}

// interrupted leaves an open watch to the next daemon, which rolls back; a change that was confirmed only settles no
// longer.
func (w *watching) interrupted() outcome {
	if w.rec.Decision == record.Keep {
		return w.kept(w.rec.Why)
	}
	return outcome{interrupted: true}
}

func (r *run) watchDry(context.Context) outcome {
	text := fmt.Sprintf("would watch for %s", r.root.Watch)
	switch {
	case r.root.Health && r.root.Person:
		text += "; " + r.root.Component + " must be healthy and a person confirm"
	case r.root.Health:
		text += "; " + r.root.Component + " must be healthy"
	case r.root.Person:
		text += "; a person must confirm"
	case r.root.Component == "":
		text = "would not watch: nothing has to confirm"
	}
	return passed(text)
}
