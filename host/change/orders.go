package change

import (
	"context"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/change/record"
)

// Confirm is a person's yes to a change that is being watched. Whether it ends the watch depends on the root: where health
// is wanted as well, the watch goes on.
func (p *Pipeline) Confirm(ctx context.Context, id, by string) error {
	rec, err := p.Change(ctx, id)
	if err != nil {
		return err
	}
	r := p.underway(id)
	if r == nil || rec.State != record.Watching {
		return fmt.Errorf("confirm %s, which is %s: %w", id, rec.State, ErrState)
	}
	p.audit(rec, "confirm", map[string]any{"by": by})
	if !r.send(ctx, message{kind: confirmIt, by: by}) {
		return fmt.Errorf("confirm %s: it has just ended: %w", id, ErrState)
	}
	return nil
}

// Rollback undoes a change: at once while its old files are there, else by restoring its backup as a change of its own,
// whose id is returned. No gate refuses it.
func (p *Pipeline) Rollback(ctx context.Context, id, by, reason string) (string, error) {
	rec, err := p.Change(ctx, id)
	if err != nil {
		return "", err
	}
	if r := p.underway(id); r != nil {
		p.audit(rec, "rollback", map[string]any{"by": by, "reason": reason})
		if r.send(ctx, message{kind: rollBackIt, by: by, text: reason}) {
			return id, nil
		}
		if rec, err = p.Change(ctx, id); err != nil {
			return "", err
		}
	}
	switch rec.State {
	case record.WaitingApproval:
		return id, p.Reject(ctx, id, reason, by)
	case record.Proposed:
		return id, p.endWaiting(rec, "withdrawn by "+by+": "+reason)
	case record.Kept:
		return p.revert(ctx, rec, by, reason)
	}
	return "", fmt.Errorf("roll back %s, which is %s: %w", id, rec.State, ErrState)
}

// DryRun says what every stage would do. It touches nothing, counts nothing, and ends no watch.
func (p *Pipeline) DryRun(ctx context.Context, s Submission) (record.Record, error) {
	t, err := p.take(s)
	if err != nil {
		return t.rec, err
	}
	t.rec.DryRun = true
	r := &run{p: p, rec: t.rec, root: t.root, candidate: t.candidate}
	for _, s := range stages {
		do := s.plan
		if do == nil {
			do = s.do
		}
		out := r.perform(ctx, s, do)
		if err := ctx.Err(); err != nil {
			return r.rec, err
		}
		if out.end != "" {
			r.rec.State, r.rec.Why = out.end, out.text
			break
		}
	}
	if r.rec.State == record.Proposed && len(r.rec.Refusals) > 0 {
		r.rec.State, r.rec.Why = record.Refused, "a gate would refuse it"
	}
	r.rec.Stage = ""
	return r.rec, nil
}

// OwnerBroke tells the watches of a component's roots that it ended by itself, or could not be started.
func (p *Pipeline) OwnerBroke(component, text string) {
	p.notify(component, message{kind: ownerBroke, text: text})
}

// OwnerChanged tells them that a probe of it has changed its mind.
func (p *Pipeline) OwnerChanged(component string) { p.notify(component, message{kind: lookAgain}) }

// Anomaly tells them what a detector reported.
func (p *Pipeline) Anomaly(component, id, text string) {
	p.notify(component, message{kind: anomaly, id: id, text: text})
}

// notify does not block: a watch whose inbox is full looks at its owner anyway, soon.
func (p *Pipeline) notify(component string, m message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.open {
		if r.root.Component != component || !r.listening {
			continue
		}
		select {
		case r.inbox <- m:
		default:
		}
	}
}

// Open lists the changes that are under way, by root.
func (p *Pipeline) Open() map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	open := map[string]string{}
	for root, id := range p.busy {
		open[root] = id
	}
	return open
}

// now is the present in the form in which records keep it.
func now() *time.Time {
	t := time.Now().UTC()
	return &t
}
