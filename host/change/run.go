package change

import (
	"context"
	"errors"
	"time"

	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/gate"
	"github.com/homeostat/homeostat/host/change/record"
)

// stage is one step of the pipeline. Do goes on, or ends the change. Undo takes back what Do did, if it did anything; it
// is called in the opposite order for every stage that was begun. Plan says in a dry run what Do would do; it is nil
// where Do itself touches nothing.
type stage struct {
	name string
	do   func(*run, context.Context) outcome
	undo func(*run, context.Context) error
	plan func(*run, context.Context) outcome
}

// stages are the order of the pipeline.
var stages = []stage{
	{name: "preflight", do: (*run).preflight, undo: (*run).release, plan: (*run).preflightDry},
	{name: "backup", do: (*run).backup, undo: (*run).unpin, plan: (*run).backupDry},
	{name: "validate", do: (*run).validate},
	{name: "sandbox", do: (*run).rehearse},
	{name: "approval", do: (*run).approval, plan: (*run).approvalDry},
	{name: "apply", do: (*run).apply, undo: (*run).unapply, plan: (*run).applyDry},
	{name: "watch", do: (*run).watchOver, plan: (*run).watchDry},
}

// outcome is what a stage came to.
type outcome struct {
	verdict record.Verdict
	text    string
	details []string

	// end is the state in which the change ends here; empty to go on.
	end record.State
	// result is how the gates count it.
	result gate.Result
	// remember keeps the change from being tried again.
	remember bool
	// interrupted says that the daemon is ending: everything is left as it is, for the next one to decide.
	interrupted bool
}

func passed(text string, details ...string) outcome {
	return outcome{verdict: record.Pass, text: text, details: details}
}

func skipped(text string) outcome { return outcome{verdict: record.Skipped, text: text} }

// run is a change under way. Its fields belong to its goroutine, apart from the channels.
type run struct {
	p         *Pipeline
	rec       record.Record
	root      Root
	candidate candidate.Candidate
	resolved  candidate.Resolved

	pass     gate.Pass
	admitted bool
	pinned   bool
	touched  bool // files may be new
	resumed  bool // it goes on in another daemon than it was applied by

	// baseline and known are how things were before the files changed.
	baseline map[string]int
	known    map[string]bool

	inbox chan message
	done  chan struct{} // closed when the goroutine has ended

	// listening says that the watch has begun: what was seen before it, of the old files, does not reach it. It is under
	// the lock of the pipeline.
	listening bool
}

// carry takes the change through the stages.
func (r *run) carry(ctx context.Context) { r.carryFrom(ctx, 0) }

// carryFrom takes it through the stages from the one of that index on.
func (r *run) carryFrom(ctx context.Context, first int) {
	for i, s := range stages {
		if i < first {
			continue
		}
		out := r.perform(ctx, s, s.do)
		if out.interrupted {
			return
		}
		if out.end != "" {
			r.finish(i, out)
			return
		}
	}
}

// perform runs one stage and writes down what it said.
func (r *run) perform(ctx context.Context, s stage, do func(*run, context.Context) outcome) outcome {
	r.rec.Stage = s.name
	began := time.Now()
	out := do(r, ctx)
	if out.interrupted {
		return out
	}
	r.rec.Steps = append(r.rec.Steps, record.Step{
		Stage: s.name, Verdict: out.verdict, Text: out.text, Details: out.details,
		At: began.UTC(), Millis: time.Since(began).Milliseconds(),
	})
	if out.end == "" && !r.rec.DryRun {
		// Losing this record loses a line of the story and no decision; those are saved where they are made.
		r.saveOrLog()
	}
	return out
}

func (r *run) saveOrLog() {
	if err := r.p.save(r.rec); err != nil {
		r.p.opt.Log.Error("the state of a change could not be written down, it goes on", "change", r.rec.ID, "error", err)
	}
}

// finish undoes the stages from the one at which the change ended, and ends its record.
func (r *run) finish(at int, out outcome) {
	// Undoing is not cut short by the end of the daemon: it is short, and bounded.
	ctx := context.WithoutCancel(r.p.life)
	r.rec.Why = out.text
	end := out.end
	if end != record.Kept {
		if err := r.undoFrom(ctx, at); err != nil {
			end = record.Stuck
			r.rec.Why += "; and undoing it went wrong: " + err.Error()
		}
	}
	r.rec.State = end // not before the files are old again
	_ = r.unpin(ctx)  // it only logs
	now := time.Now().UTC()
	r.rec.Ended = &now
	if end == record.WaitingApproval {
		r.rec.Ended = nil
	}
	if out.remember {
		r.remember(now)
	}
	r.giveBack(now, out.result)
	r.tellEnd() // first, so that whoever sees the end finds it in the audit log
	r.saveOrLog()
}

func (r *run) undoFrom(ctx context.Context, at int) error {
	var all error
	for i := at; i >= 0; i-- {
		if undo := stages[i].undo; undo != nil {
			all = errors.Join(all, undo(r, ctx))
		}
	}
	return all
}

func (r *run) remember(now time.Time) {
	err := r.p.gates.Remember(gate.Rejected{Key: r.rec.Key, Context: r.rec.Context, Change: r.rec.ID, Why: r.rec.Why, At: now})
	if err != nil {
		r.p.opt.Log.Error("a rejected change may be tried again after a restart", "change", r.rec.ID, "error", err)
	}
}

// giveBack returns the permission of the gates once.
func (r *run) giveBack(now time.Time, result gate.Result) {
	if !r.admitted && result == gate.Harmful && !r.rec.Origin.Mends() {
		r.harmed(now) // it was counted as sound when it was confirmed
	}
	if !r.admitted {
		return
	}
	r.admitted = false
	if err := r.p.gates.Return(now, r.pass, result); err != nil {
		r.p.opt.Log.Error("the breaker may have forgotten a result after a restart", "change", r.rec.ID, "error", err)
	}
}

// harmed counts a failure without a permission to give back.
func (r *run) harmed(now time.Time) {
	if err := r.p.gates.Harmed(now); err != nil {
		r.p.opt.Log.Error("the breaker may have forgotten a result after a restart", "change", r.rec.ID, "error", err)
	}
}

// tellEnd writes the end of a change where people look.
func (r *run) tellEnd() {
	r.p.audit(r.rec, string(r.rec.State), map[string]any{"why": r.rec.Why, "stage": r.rec.Stage, "conflicts": len(r.rec.Conflicts)})
	log := r.p.opt.Log.With("change", r.rec.ID, "root", r.rec.Root, "why", r.rec.Why)
	switch {
	case r.rec.State == record.Stuck:
		log.Error("a change could not be undone; look at it, then restart the daemon to try again")
	case r.rec.Verified == record.Fail:
		log.Error("a change was rolled back, and its owner is still not healthy")
	case len(r.rec.Conflicts) > 0:
		log.Warn("files were edited by somebody else during a change, their edits are kept", "count", len(r.rec.Conflicts))
	default:
		log.Info("change ended", "state", string(r.rec.State))
	}
	if r.rec.State.Ended() {
		r.p.drop(r.rec.ID)
	}
}
