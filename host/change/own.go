package change

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/own"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/txn"
	"github.com/homeostat/homeostat/host/refusal"
)

// ErrRestarting is the error of World.Activate when the daemon is about to end, to be started anew by its guard.
var ErrRestarting = errors.New("the daemon is started anew")

// locate finds the root of a candidate. For homeostat itself it is the one part that is touched, and the paths become
// those below its folder.
func (p *Pipeline) locate(c candidate.Candidate) (Root, candidate.Candidate, error) {
	if c.Root == own.Name {
		var parts []own.Part
		for _, r := range p.opt.Settings().Own {
			parts = append(parts, r.Own)
		}
		var err error
		if c, err = own.Map(c, parts); err != nil {
			return Root{}, c, invalid("root.self", err.Error(), "see docs/changes.md, \"Changing homeostat itself\"")
		}
	}
	root, err := p.root(c.Root)
	return root, c, err
}

// ownRoot finds a part of homeostat itself.
func (p *Pipeline) ownRoot(name string) (Root, error) {
	all := p.opt.Settings().Own
	if i := slices.IndexFunc(all, func(r Root) bool { return r.Name == name }); i >= 0 {
		return all[i], nil
	}
	return Root{}, invalid("root.self", fmt.Sprintf("homeostat has no part %q here", name), "use root "+own.Name)
}

// ills tells how ill everything is that a change of the root could make worse.
func (p *Pipeline) ills(root Root) map[string]int {
	ills := p.opt.World.Ills()
	if own.IsRoot(root.Name) && p.opt.OwnIlls != nil {
		ills = maps.Clone(ills)
		maps.Copy(ills, p.opt.OwnIlls())
	}
	return ills
}

// checkOwn refuses a change of homeostat's files by way of another root, and one of the program that nobody could undo.
func (r *run) checkOwn() refusal.List {
	if !own.IsRoot(r.root.Name) {
		return r.trespass()
	}
	if r.root.Own.Part != own.Binary {
		return nil
	}
	if r.p.opt.Guard == nil || !r.p.opt.Guard.Guarded() {
		return refusal.List{own.Unguarded()}
	}
	var list refusal.List
	for root, id := range r.p.Open() {
		other, err := r.p.Change(r.p.life, id)
		if id == r.rec.ID || root == own.Name || err != nil || other.State == record.Kept {
			continue
		}
		list = append(list, own.Beside(id, root))
	}
	return list
}

// trespass refuses paths that are homeostat's own: they have a root that knows what they are.
func (r *run) trespass() refusal.List {
	var list refusal.List
	for _, c := range r.resolved.Changes {
		full := filepath.Join(r.root.Path, c.Path)
		if slices.ContainsFunc(r.p.opt.Settings().Own, func(o Root) bool { return o.Own.Holds(o.Path, full) }) {
			list = append(list, own.Trespass(c.Path))
		}
	}
	return list
}

// handOver waits for the end of this daemon: the next one watches.
func (r *run) handOver(ctx context.Context) outcome {
	deadline := time.Now().Add(r.root.Watch).UTC()
	r.rec.State, r.rec.Deadline = record.Watching, &deadline
	if err := r.p.save(r.rec); err != nil {
		return outcome{verdict: record.Fail, text: err.Error(), end: record.RolledBack}
	}
	<-ctx.Done()
	return outcome{interrupted: true}
}

// undone asks for the notes of what was undone while there was no daemon.
func (p *Pipeline) undone() (map[string]record.Undone, error) {
	if p.opt.Guard == nil {
		return nil, nil
	}
	return p.opt.Guard.Undone()
}

// tellGuard lets the notes go. One that stays is read again by the next daemon, and finds its record ended.
func (p *Pipeline) tellGuard(notes map[string]record.Undone) {
	for id := range notes {
		if rec, err := p.Change(p.life, id); err != nil || rec.Ended == nil {
			continue
		}
		if err := p.opt.Guard.Told(id); err != nil {
			p.opt.Log.Warn("a note of the guard was not removed", "change", id, "error", err)
		}
	}
}

// keepForTrial keeps the change that this daemon was started to try open, and tells whether it is that one.
func (p *Pipeline) keepForTrial(rec record.Record, result txn.Result) bool {
	if p.opt.Guard == nil || rec.ID != p.opt.Guard.Trial() || !rec.Handed || result.State != txn.Applied {
		return false
	}
	root, err := p.root(rec.Root)
	if err != nil {
		return false
	}
	p.trial = &run{
		p: p, rec: rec, root: root, pinned: rec.Backup != "", touched: true, resumed: true, baseline: rec.Baseline,
		inbox: make(chan message, inboxSize), done: make(chan struct{}),
	}
	return true
}

// watchStage is the index of the stage in which a change that was handed over goes on.
var watchStage = slices.IndexFunc(stages, func(s stage) bool { return s.name == "watch" })

// resume goes on with the change that this daemon was started to try.
func (p *Pipeline) resume() {
	r := p.trial
	if r == nil {
		return
	}
	r.known = p.opt.World.Anomalies()
	p.mu.Lock()
	p.open[r.rec.ID], p.busy[own.Name] = r, r.rec.ID
	p.mu.Unlock()
	p.running.Go(func() {
		defer p.forget(r)
		r.carryFrom(p.life, watchStage)
	})
}

// lookLater notes a change of homeostat itself that was rolled back by an earlier daemon, whose effect only this one can
// see.
func (p *Pipeline) lookLater(rec record.Record) {
	if !rec.Handed || rec.State != record.RolledBack || rec.Verified != record.Inconclusive || !strings.HasPrefix(rec.Root, own.Name) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending = append(p.pending, rec.ID)
}
