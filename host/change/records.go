package change

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/change/record"
)

// store writes a document durably.
func (p *Pipeline) store(kind, id string, item any) error {
	doc, err := json.Marshal(item)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.life), storeTimeout)
	defer cancel()
	return p.opt.Store.Put(ctx, kind, id, doc, time.Now())
}

func (p *Pipeline) load(ctx context.Context, kind, id string, into any) error {
	doc, err := p.opt.Store.Get(ctx, kind, id)
	if err != nil {
		return err
	}
	if doc == nil {
		return fmt.Errorf("%s: %w", id, ErrUnknown)
	}
	return json.Unmarshal(doc, into)
}

// save writes a record durably and tells everybody.
func (p *Pipeline) save(r record.Record) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.life), storeTimeout)
	defer cancel()
	doc, err := json.Marshal(r)
	if err != nil {
		return err
	}
	// The time of creation keeps the list in the order in which changes came.
	if err := p.opt.Store.Put(ctx, kindChange, r.ID, doc, r.Created); err != nil {
		return fmt.Errorf("write down change %s: %w", r.ID, err)
	}
	p.tell(r)
	return nil
}

// tell wakes those who wait for a record, and the listeners.
func (p *Pipeline) tell(r record.Record) {
	p.mu.Lock()
	close(p.news)
	p.news = make(chan struct{})
	p.mu.Unlock()
	p.opt.Changed(r.Brief())
}

// Change returns the record of a change.
func (p *Pipeline) Change(ctx context.Context, id string) (record.Record, error) {
	var r record.Record
	return r, p.load(ctx, kindChange, id, &r)
}

// Changes returns the newest records without their long parts, newest first.
func (p *Pipeline) Changes(ctx context.Context, limit int) ([]record.Record, error) {
	docs, err := p.opt.Store.List(ctx, kindChange, limit)
	if err != nil {
		return nil, fmt.Errorf("list changes: %w", err)
	}
	list := make([]record.Record, 0, len(docs))
	for _, doc := range docs {
		var r record.Record
		if err := json.Unmarshal(doc, &r); err != nil {
			return nil, fmt.Errorf("read a change: %w", err)
		}
		list = append(list, r.Brief())
	}
	return list, nil
}

// Wait waits until the change is as until wants it, or ctx ends, and returns the record as it is then. The end of ctx is
// no error.
func (p *Pipeline) Wait(ctx context.Context, id string, until func(record.Record) bool) (record.Record, error) {
	for {
		p.mu.Lock()
		news := p.news
		p.mu.Unlock()
		r, err := p.Change(context.WithoutCancel(ctx), id)
		if err != nil || until(r) {
			return r, err
		}
		select {
		case <-news:
		case <-ctx.Done():
			return r, nil
		case <-p.life.Done():
			return r, ErrClosed
		}
	}
}

// audit writes an audit record. The decision that it tells of is durable already, so that a log that cannot be written
// keeps nothing from being undone.
func (p *Pipeline) audit(r record.Record, kind string, fields map[string]any) {
	all := map[string]any{"change": r.ID, "root": r.Root, "state": string(r.State)}
	for k, v := range fields {
		all[k] = v
	}
	if err := p.opt.Audit(r.By, "change."+kind, all); err != nil {
		p.opt.Log.Error("a change is not in the audit log", "change", r.ID, "kind", kind, "error", err)
	}
}

// drop removes the kept candidate of a change that has ended.
func (p *Pipeline) drop(id string) {
	if err := p.shelf.Drop(id); err != nil {
		p.opt.Log.Warn("a candidate was not removed", "change", id, "error", err)
	}
}
