package change

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/record"
)

// Submission is a candidate and who brings it.
type Submission struct {
	Candidate candidate.Candidate
	// By is who submits it, such as "uid:0".
	By     string
	Origin record.Origin
	// Undoes is the change that this one takes back, empty for an ordinary one.
	Undoes string
}

// Submit takes a candidate in: it is checked, resolved against the present files, and written down as proposed. Nothing
// is applied before Apply. An *Invalid says that the candidate is wrong in itself.
func (p *Pipeline) Submit(ctx context.Context, s Submission) (record.Record, error) {
	r, resolved, err := p.take(s)
	if err != nil {
		return r, err
	}
	// What was there at submission is the base from now on.
	data, err := json.Marshal(s.Candidate.Pinned(resolved))
	if err != nil {
		return r, err
	}
	if err := ctx.Err(); err != nil {
		return r, err
	}
	if err := atomicfile.WriteFile(p.candidatePath(r.ID), data, 0o600); err != nil {
		return r, fmt.Errorf("keep the candidate of %s: %w", r.ID, err)
	}
	return r, p.save(r)
}

// take makes the record of a submission.
func (p *Pipeline) take(s Submission) (record.Record, candidate.Resolved, error) {
	root, err := p.root(s.Candidate.Root)
	if err != nil {
		return record.Record{}, candidate.Resolved{}, err
	}
	if err := s.Candidate.Check(); err != nil {
		return record.Record{}, candidate.Resolved{}, invalid("change.shape", err.Error(), "correct the change; see `homeostat change submit --help`")
	}
	resolved, err := s.Candidate.Resolve(root.Path)
	if err != nil {
		return record.Record{}, candidate.Resolved{}, invalid("change.files", err.Error(), "look at the files again and correct the change")
	}
	r := record.Record{
		ID: newID(), Root: root.Name, RootPath: root.Path, Component: root.Component,
		Author: s.Candidate.Author, By: s.By, Origin: s.Origin, Reason: s.Candidate.Reason, Undoes: s.Undoes,
		State: record.Proposed, Created: time.Now().UTC(), Steps: []record.Step{},
	}
	if r.Author == "" {
		r.Author = s.By
	}
	c := s.Candidate
	c.Root = root.Name
	r.Key = c.Key()
	describe(&r, resolved)
	return r, resolved, nil
}

// describe puts what the candidate does to the present files into the record.
func describe(r *record.Record, resolved candidate.Resolved) {
	r.Context, r.Diff = resolved.Context, resolved.Diff()
	r.Paths = make([]record.Path, len(resolved.Changes))
	for i, c := range resolved.Changes {
		r.Paths[i] = record.Path{Path: c.Path, Before: c.Before.Sum(), After: c.After.Sum()}
	}
}

// newID returns an id that nobody has.
func newID() string {
	var random [6]byte
	_, _ = rand.Read(random[:]) // it never fails; see crypto/rand
	return "mod_" + hex.EncodeToString(random[:])
}

func (p *Pipeline) candidatePath(id string) string { return filepath.Join(p.opt.Dir, id+".json") }

// candidate reads back what was submitted.
func (p *Pipeline) candidate(id string) (candidate.Candidate, error) {
	data, err := os.ReadFile(p.candidatePath(id))
	if err != nil {
		return candidate.Candidate{}, fmt.Errorf("read the candidate of %s: %w", id, err)
	}
	return candidate.Parse(data)
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
	c, err := p.candidate(rec.ID)
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
	if p.busy[r.root.Name] == r.rec.ID {
		delete(p.busy, r.root.Name)
	}
	close(r.done)
}

// underway returns the run of a change that has one.
func (p *Pipeline) underway(id string) *run {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open[id]
}
