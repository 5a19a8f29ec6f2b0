package change

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/homeostat/homeostat/host/change/own"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/txn"
)

// Recover decides every change that an earlier daemon left open, from its record and from what the transactions find:
// one whose end was written down gets that end, every other one is rolled back. A restart never confirms. It is called
// once, before components are started, so that they start with the old files; Reactivate follows when they run.
func (p *Pipeline) Recover(ctx context.Context) error {
	results, err := p.recoverFiles(ctx)
	if err != nil {
		p.opt.Log.Error("a change could not be recovered", "error", err)
	}
	list, err := p.Changes(ctx, recoverMax)
	if err != nil {
		return fmt.Errorf("recover changes: %w", err)
	}
	notes, all := p.undone()
	for _, brief := range list {
		p.lookLater(brief)
		if brief.State.Ended() && brief.Ended != nil || brief.State == record.Proposed || brief.State == record.WaitingApproval {
			continue
		}
		rec, err := p.Change(ctx, brief.ID)
		if err != nil {
			all = errors.Join(all, err)
			continue
		}
		if !p.keepForTrial(rec, results[rec.ID]) {
			all = errors.Join(all, p.settleOld(rec.Noted(notes), results[rec.ID]))
		}
		delete(results, rec.ID)
	}
	for id, result := range results {
		all = errors.Join(all, p.settleStray(id, result))
	}
	p.tellGuard(notes)
	return all
}

// recoverMax is how many records are looked at for open ones. Many more than one a root were never open.
const recoverMax = 1000

// recoverFiles finds out what became of the files of each change.
func (p *Pipeline) recoverFiles(ctx context.Context) (map[string]txn.Result, error) {
	var roots []string
	settings := p.opt.Settings()
	for _, root := range slices.Concat(settings.Roots, settings.Own) {
		roots = append(roots, root.Path)
	}
	p.files.Lock()
	defer p.files.Unlock()
	found, err := p.opt.Files.Recover(ctx, roots)
	results := map[string]txn.Result{}
	for _, r := range found {
		results[r.ID] = r
	}
	return results, err
}

// settleOld ends the record of a change that was open.
func (p *Pipeline) settleOld(rec record.Record, result txn.Result) error {
	root, err := p.root(rec.Root)
	if err != nil {
		// The root is no longer declared: its files are put back all the same, and nobody is told.
		root = Root{Name: rec.Root, Path: rec.RootPath}
	}
	r := &run{p: p, rec: rec, root: root, pinned: rec.Backup != "", touched: result.State == txn.Applied}
	switch {
	case result.State == txn.Stuck:
		r.rec.State, r.rec.Why = record.Stuck, strings.TrimPrefix(r.rec.Why+"; recovery gave up: "+result.Problem, "; ")
	case rec.Decision == record.Keep:
		r.keepOld()
	default:
		r.undoOld(result)
	}
	r.rec.Ended = now()
	_ = r.unpin(p.life) // it only logs
	if err := p.save(r.rec); err != nil {
		return err
	}
	r.tellEnd()
	return nil
}

// keepOld carries out a decision to keep that was written down.
func (r *run) keepOld() {
	r.rec.State = record.Kept
	if !r.touched {
		return
	}
	if err := r.letGo(); err != nil {
		r.p.opt.Log.Warn("the old files of a kept change are not removed", "change", r.rec.ID, "error", err)
	}
}

// undoOld rolls back what nobody has confirmed.
func (r *run) undoOld(result txn.Result) {
	r.rec.Conflicts = append(r.rec.Conflicts, result.Conflicts...)
	wasNew := r.touched || result.State == txn.RolledBack || r.rec.Applied != nil
	if r.rec.Why == "" || r.rec.Decision != record.RollBack {
		r.rec.Why = "the daemon or the host was restarted before the change was confirmed"
	}
	if !wasNew {
		r.rec.State = record.Failed
		r.rec.Why = "the daemon ended before anything was touched"
		return
	}
	r.rec.Decision = record.RollBack
	r.saveOrLog()
	if err := r.restoreFiles(r.p.life); err != nil {
		r.rec.State = record.Stuck
		r.rec.Why += "; and undoing it went wrong: " + err.Error()
		return
	}
	r.rec.State, r.rec.Unattended = record.RolledBack, true // not before the files are old again
	r.remember(*now())
	if !r.rec.Origin.Mends() {
		r.harmed(*now()) // the permission was taken by the earlier daemon
	}
	if r.rec.Activating {
		r.p.mu.Lock()
		r.p.pending = append(r.p.pending, r.rec.ID)
		r.p.mu.Unlock()
	}
}

// settleStray undoes a change whose record was lost: its files are applied, and nobody could confirm it.
func (p *Pipeline) settleStray(id string, result txn.Result) error {
	if result.State != txn.Applied {
		return nil
	}
	p.opt.Log.Warn("an applied change without a record is undone", "change", id)
	r := &run{p: p, rec: record.Record{ID: id}}
	return r.restoreFiles(p.life)
}

// expireEvery is the time between looks for approvals that nobody gave in time.
const expireEvery = 10 * time.Second

// Begin does what waits until components run, and then looks after approvals until Close. It is called once, after
// Recover; it does not block.
func (p *Pipeline) Begin() {
	p.resume()
	p.running.Go(func() {
		if err := p.Reactivate(p.life); err != nil {
			p.opt.Log.Error("the record of a change that was undone could not be written", "error", err)
		}
		ticker := time.NewTicker(expireEvery)
		defer ticker.Stop()
		for {
			select {
			case <-p.life.Done():
				return
			case <-ticker.C:
				if err := p.ExpireApprovals(p.life); err != nil && p.life.Err() == nil {
					p.opt.Log.Warn("approvals of changes could not be looked through", "error", err)
				}
			}
		}
	})
}

// Reactivate tells the owners of what Recover rolled back to read their old files. It is called once, when components run.
func (p *Pipeline) Reactivate(ctx context.Context) error {
	p.mu.Lock()
	pending := p.pending
	p.pending = nil
	p.mu.Unlock()
	var all error
	for _, id := range pending {
		rec, err := p.Change(ctx, id)
		if err != nil {
			all = errors.Join(all, err)
			continue
		}
		root, err := p.root(rec.Root)
		if err != nil || root.Component == "" || root.Activate == ActivateNone {
			continue
		}
		if own.IsRoot(root.Name) {
			rec.Verified = p.awaitAnswer(ctx, root, p.opt.World.AnswerWithin(root.Component)) // this daemon was started with the old files
		} else {
			rec.Verified = p.reactivate(ctx, root, "undo of change "+rec.ID+" after a restart", p.opt.World.AnswerWithin(root.Component))
		}
		all = errors.Join(all, p.save(rec))
		if rec.Verified == record.Fail {
			p.opt.Log.Error("a change was rolled back, and its owner is still not healthy", "change", rec.ID, "component", root.Component)
		}
	}
	return all
}
