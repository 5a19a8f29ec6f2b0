package change

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/change/gate"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/txn"
	"github.com/homeostat/homeostat/host/refusal"
)

// apply exchanges the files, all or none, and has the owner read them.
func (r *run) apply(ctx context.Context) outcome {
	if ctx.Err() != nil {
		return stopped()
	}
	// From here on the record says that files may be new, and a new daemon looks.
	if err := r.p.save(r.rec); err != nil {
		return outcome{verdict: record.Fail, text: err.Error() + "; nothing was touched", end: record.Failed}
	}
	r.touched = true
	r.baseline, r.known = r.p.ills(r.root), r.p.opt.World.Anomalies()
	result, err := r.withFiles(func(ctx context.Context) (txn.Result, error) { return r.p.opt.Files.Apply(ctx, r.transaction()) })
	r.rec.Conflicts, r.rec.Weaker = append(r.rec.Conflicts, result.Conflicts...), result.Weaker
	if err != nil {
		return r.notApplied(err)
	}
	if result.State == txn.Unchanged {
		r.touched = false
		return outcome{verdict: record.Pass, text: "all files were as the change wants them", end: record.Kept}
	}
	now := time.Now().UTC()
	r.rec.Applied = &now
	text, err := r.activate(context.WithoutCancel(ctx), "change "+r.rec.ID)
	if errors.Is(err, ErrRestarting) {
		r.rec.Handed, r.rec.Baseline = true, r.baseline
		return passed(fmt.Sprintf("%d paths are new", len(result.Paths)), "the guard starts the daemon anew with them")
	}
	if err != nil {
		return outcome{verdict: record.Fail, text: "the owner could not be told: " + err.Error(), end: record.RolledBack, result: gate.Harmful, remember: true}
	}
	details := []string{text}
	if r.rec.Weaker {
		details = append(details, "this file system cannot exchange two names in one step, so an edit in that instant is not covered")
	}
	return passed(fmt.Sprintf("%d paths are new", len(result.Paths)), details...)
}

// notApplied sorts a failure of applying. The transaction has undone what it did, or recovery does.
func (r *run) notApplied(err error) outcome {
	var list refusal.List
	switch {
	case errors.As(err, &list):
		r.touched = false
		return r.refuse(list)
	case errors.Is(err, txn.ErrOutsideEdit):
		return outcome{verdict: record.Fail, text: err.Error(), end: record.Failed}
	}
	return outcome{verdict: record.Fail, text: "applying failed: " + err.Error(), end: record.Failed, result: gate.Harmful}
}

// activate has the owner read the files that are there now, and writes down before that it was told.
func (r *run) activate(ctx context.Context, reason string) (string, error) {
	if r.root.Component == "" || r.root.Activate == ActivateNone {
		return "nobody is told", nil
	}
	r.rec.Activating = true
	if err := r.p.save(r.rec); err != nil {
		return "", err
	}
	return r.p.opt.World.Activate(ctx, r.root.Component, r.root.Activate, reason)
}

// unapply is the undo of apply: the files, then the owner, then a look whether it really helped.
func (r *run) unapply(ctx context.Context) error {
	if !r.touched {
		return nil
	}
	r.rec.Decision = record.RollBack
	r.saveOrLog()
	if err := r.restoreFiles(ctx); err != nil {
		return err
	}
	r.touched = false
	if r.rec.Activating {
		patience := r.p.opt.World.AnswerWithin(r.root.Component)
		if r.baseline[r.root.Component] > 0 {
			patience = 0 // it was ill with these files, and what else may help waits for the end of this change
		}
		r.rec.Verified = r.p.reactivate(ctx, r.root, "undo of change "+r.rec.ID, patience)
	}
	return nil
}

// undoAttempts bounds how often a rollback is tried by one daemon. Each start of a daemon tries again, also within a bound;
// see txn.MaxAttempts.
const undoAttempts = 3

// restoreFiles puts the old files back.
func (r *run) restoreFiles(ctx context.Context) error {
	var err error
	for attempt := range undoAttempts {
		if attempt > 0 {
			pause(ctx, r.p.opt.Timing.Retry)
		}
		var done bool
		if done, err = r.tryRestore(); done {
			return nil
		}
		r.p.opt.Log.Warn("undoing a change went wrong, it is tried again", "change", r.rec.ID, "attempt", attempt+1, "error", err)
	}
	return fmt.Errorf("put the old files back, %d attempts: %w", undoAttempts, err)
}

// tryRestore rolls back, and has recovery do it where the transaction was left in the middle. It is done when no journal
// is left.
func (r *run) tryRestore() (bool, error) {
	result, err := r.withFiles(func(ctx context.Context) (txn.Result, error) { return r.p.opt.Files.Rollback(ctx, r.rec.ID) })
	if err == nil {
		r.rec.Conflicts = append(r.rec.Conflicts, result.Conflicts...)
		return true, nil
	}
	if errors.Is(err, txn.ErrUnknown) {
		return true, nil // applying has undone it, or nothing was applied
	}
	result, recoverErr := r.withFiles(func(ctx context.Context) (txn.Result, error) { return r.recoverFiles(ctx) })
	if recoverErr == nil && result.State == txn.RolledBack {
		r.rec.Conflicts = append(r.rec.Conflicts, result.Conflicts...)
		return true, nil
	}
	return false, errors.Join(err, recoverErr)
}

func pause(ctx context.Context, span time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, span)
	defer cancel()
	<-ctx.Done()
}

// reactivate has the owner read the old files again and says whether it was seen healthy with them.
func (p *Pipeline) reactivate(ctx context.Context, root Root, reason string, patience time.Duration) record.Verdict {
	_, err := p.opt.World.Activate(ctx, root.Component, root.Activate, reason)
	if errors.Is(err, ErrRestarting) {
		return record.Inconclusive // the next daemon looks
	}
	if err != nil {
		p.opt.Log.Error("the owner could not be told of the old files", "component", root.Component, "error", err)
		return record.Fail
	}
	return p.awaitAnswer(ctx, root, patience)
}

// awaitAnswer looks at the owner until it is healthy, or its time is over. It looks once at least.
func (p *Pipeline) awaitAnswer(ctx context.Context, root Root, patience time.Duration) record.Verdict {
	deadline := time.Now().Add(patience)
	for {
		verdict, _ := p.look(ctx, root.Component)
		if verdict == record.Pass || time.Now().After(deadline) || ctx.Err() != nil {
			return verdict
		}
		pause(ctx, p.opt.Timing.LookEvery)
	}
}

func (r *run) applyDry(context.Context) outcome {
	text := "would " + r.resolved.Does()
	if r.root.Component != "" && r.root.Activate != ActivateNone {
		text += fmt.Sprintf(", then %s %s", r.root.Activate, r.root.Component)
	}
	return passed(text)
}
