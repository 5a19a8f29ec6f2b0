package heal

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/homeostat/homeostat/host/heal/catalog"
	"github.com/homeostat/homeostat/host/heal/record"
)

// shelf is the catalog of all incidents that are kept.
type shelf struct {
	mu   sync.Mutex // guards book
	book *catalog.Catalog
}

func (s *shelf) put(inc record.Incident) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.book.Put(inc)
}

func (s *shelf) drop(incident string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.book.Drop(incident)
}

func (s *shelf) find(kind catalog.Kind, q catalog.Query) []catalog.Line {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.book.Find(kind, q)
}

func (s *shelf) owner(approval string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.book.Owner(approval)
}

// Search is a page of what is kept: the newest 5,000 incidents, as long as the
// store has them.
type Search struct {
	catalog.Query
	// Limit is the most that are returned.
	Limit int
}

// FindIncidents returns a page of incidents, newest first.
func (h *Healer) FindIncidents(ctx context.Context, s Search) ([]record.Incident, error) {
	return pick(ctx, h, catalog.Incidents, s, func(inc record.Incident, _ string) (record.Incident, bool) { return inc, true })
}

// FindRecoveries returns a page of recoveries, newest first.
func (h *Healer) FindRecoveries(ctx context.Context, s Search) ([]record.Recovery, error) {
	return pick(ctx, h, catalog.Recoveries, s, func(inc record.Incident, id string) (record.Recovery, bool) {
		return among(inc.Recoveries, func(r record.Recovery) bool { return r.ID == id })
	})
}

// FindApprovals returns a page of questions to people, newest first.
func (h *Healer) FindApprovals(ctx context.Context, s Search) ([]record.Approval, error) {
	return pick(ctx, h, catalog.Approvals, s, approvalOf)
}

func approvalOf(inc record.Incident, id string) (record.Approval, bool) {
	return among(inc.Approvals, func(a record.Approval) bool { return a.ID == id })
}

func among[T any](items []T, is func(T) bool) (T, bool) {
	if n := slices.IndexFunc(items, is); n >= 0 {
		return items[n], true
	}
	var none T
	return none, false
}

// pick takes what the search admits out of its incidents.
func pick[T any](ctx context.Context, h *Healer, kind catalog.Kind, s Search, of func(inc record.Incident, id string) (T, bool)) ([]T, error) {
	var out []T
	files := h.files()
	for _, line := range h.kept.find(kind, s.Query) {
		if len(out) >= s.Limit {
			break
		}
		inc, ok, err := files.open(ctx, line.Incident)
		if err != nil {
			return nil, err
		}
		if item, found := of(inc, line.ID); ok && found {
			out = append(out, item)
		}
	}
	return out, nil
}

// files reads incidents, each once.
type files struct {
	h    *Healer
	read map[string]record.Incident
}

// files begins with those in memory, which may be newer than what is stored.
func (h *Healer) files() files {
	f := files{h, map[string]record.Incident{}}
	for _, inc := range h.Incidents() {
		f.read[inc.ID] = inc
	}
	return f
}

// open returns an incident, false when it is not kept any more.
func (f files) open(ctx context.Context, id string) (record.Incident, bool, error) {
	if inc, ok := f.read[id]; ok {
		return inc, true, nil
	}
	inc, ok, err := f.h.stored(ctx, id)
	if err != nil {
		return inc, false, err
	}
	if !ok {
		f.h.kept.drop(id)
		return inc, false, nil
	}
	f.read[id] = inc
	return inc, true, nil
}

func (h *Healer) stored(ctx context.Context, id string) (record.Incident, bool, error) {
	var inc record.Incident
	doc, err := h.opt.Store.Get(ctx, kindIncident, id)
	if err != nil || doc == nil {
		return inc, false, err
	}
	if err := json.Unmarshal(doc, &inc); err != nil {
		return inc, false, fmt.Errorf("read the saved incident %s: %w", id, err)
	}
	return inc, true, nil
}

// Incident returns one incident, false when it is not kept any more.
func (h *Healer) Incident(ctx context.Context, id string) (record.Incident, bool, error) {
	for _, inc := range h.Incidents() {
		if inc.ID == id {
			return inc, true, nil
		}
	}
	return h.stored(ctx, id)
}

// Approval returns one question to a person, false when it is not kept any more.
func (h *Healer) Approval(ctx context.Context, id string) (record.Approval, bool, error) {
	owner, ok := h.kept.owner(id)
	if !ok {
		return record.Approval{}, false, nil
	}
	inc, ok, err := h.Incident(ctx, owner)
	if err != nil || !ok {
		return record.Approval{}, false, err
	}
	a, found := approvalOf(inc, id)
	return a, found, nil
}
