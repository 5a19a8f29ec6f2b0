package change

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/own"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/risk"
)

// Submission is a candidate and who brings it.
type Submission struct {
	Candidate candidate.Candidate
	// By is who submits it, such as "uid:0".
	By     string
	Origin record.Origin
	// Undoes is the change that this one takes back, empty for an ordinary one.
	Undoes string
	// Order is the key of the recovery's order that it is made for, empty for none.
	Order string
}

// Submit takes a candidate in: it is checked, resolved against the present files, and written down as proposed. Nothing
// is applied before Apply. An *Invalid says that the candidate is wrong in itself.
func (p *Pipeline) Submit(ctx context.Context, s Submission) (record.Record, error) {
	t, err := p.take(s)
	r := t.rec
	if err := cmp.Or(err, ctx.Err()); err != nil {
		return r, err
	}
	// What was there at submission is the base from now on.
	if err := p.shelf.Keep(r.ID, t.candidate); err != nil {
		return r, err
	}
	return r, p.save(r)
}

// taken is a submission that was understood.
type taken struct {
	rec  record.Record
	root Root
	// candidate is bound to the files that are there now.
	candidate candidate.Candidate
}

// take makes the record of a submission.
func (p *Pipeline) take(s Submission) (taken, error) {
	if err := s.Candidate.Check(); err != nil {
		return taken{}, invalid("change.shape", err.Error(), "correct the change; see `homeostat change submit --help`")
	}
	root, c, err := p.locate(s.Candidate)
	if err != nil {
		return taken{}, err
	}
	resolved, err := c.Resolve(root.Path)
	if err == nil {
		err = own.Check(root.Own, resolved.Changes, resolved.Ops)
	}
	if err != nil {
		return taken{}, invalid("change.files", err.Error(), "look at the files again and correct the change")
	}
	r := record.Record{
		ID: record.NewID(), Root: root.Name, RootPath: root.Path, Component: root.Component,
		Author: c.Author, By: s.By, Origin: s.Origin, Reason: c.Reason, Undoes: s.Undoes, Order: s.Order,
		State: record.Proposed, Created: time.Now().UTC(), Steps: []record.Step{},
	}
	if r.Author == "" {
		r.Author = s.By
	}
	c.Root = root.Name
	r.Key = c.Key()
	risk.Describe(&r, resolved)
	return taken{r, root, c.Pinned(resolved)}, nil
}

// Apply starts a proposed change on its way and returns at once; see Wait. It is also how an approved change goes on.
func (p *Pipeline) Apply(ctx context.Context, id string) error {
	rec, err := p.Change(ctx, id)
	if err != nil {
		return err
	}
	if rec.State != record.Proposed {
		return fmt.Errorf("apply %s, which is %s: %w", id, rec.State, ErrState)
	}
	return p.start(rec)
}

// start gives a change its goroutine.
func (p *Pipeline) start(rec record.Record) error {
	root, err := p.root(rec.Root)
	if err != nil {
		return err
	}
	c, err := p.shelf.Of(rec.ID)
	if err != nil {
		return err
	}
	r := &run{p: p, rec: rec, root: root, candidate: c, inbox: make(chan message, inboxSize), done: make(chan struct{})}
	r.rec.State, r.rec.Steps, r.rec.Warnings = record.Running, []record.Step{}, nil
	if err := p.enlist(r, rec.State); err != nil {
		return err
	}
	err = p.save(r.rec)
	if err != nil {
		p.forget(r)
		p.running.Done()
		return err
	}
	go func() {
		defer p.running.Done()
		defer p.forget(r)
		r.carry(p.life)
	}()
	return nil
}

// enlist makes the run the one of its change, which must still be in the state in which the caller saw it: two who say yes
// at once start it once. An earlier run that has written down its end is waited for.
func (p *Pipeline) enlist(r *run, seen record.State) error {
	for {
		p.mu.Lock()
		earlier, news, closed := p.open[r.rec.ID], p.news, p.closed
		if earlier == nil && !closed {
			p.open[r.rec.ID] = r
			p.running.Add(1)
		}
		p.mu.Unlock()
		if closed {
			return ErrClosed
		}
		is, err := p.Change(p.life, r.rec.ID)
		if err == nil && is.State != seen {
			err = fmt.Errorf("apply %s, which is %s: %w", r.rec.ID, is.State, ErrState)
		}
		if earlier == nil && err != nil {
			p.forget(r)
			p.running.Done()
		}
		if earlier == nil || err != nil {
			return err
		}
		select {
		case <-earlier.done:
		case <-news:
		case <-p.life.Done():
			return ErrClosed
		}
	}
}

// forget ends the run of a change.
func (p *Pipeline) forget(r *run) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, r.rec.ID)
	if key := own.Key(r.root.Name); p.busy[key] == r.rec.ID {
		delete(p.busy, key)
	}
	close(r.done)
}

// underway returns the run of a change that has one.
func (p *Pipeline) underway(id string) *run {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open[id]
}
