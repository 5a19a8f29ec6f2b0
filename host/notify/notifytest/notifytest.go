// Package notifytest holds what tests of notifications share: a store in memory,
// and the rules that every store has to keep.
//
// It owns no behaviour of the daemon. A Memory may be used from several
// goroutines.
package notifytest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/notify"
)

// Memory is a notify.Store that lasts as long as the value.
type Memory struct {
	mu   sync.Mutex
	docs map[[2]string]notify.Document
	// Broken makes every write fail while it is true.
	broken bool
}

// ErrBroken is what a broken store answers.
var ErrBroken = errors.New("the disk is full")

// Break makes writes fail, or work again.
func (m *Memory) Break(broken bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = broken
}

// Put replaces documents, all or none.
func (m *Memory) Put(_ context.Context, docs ...notify.Document) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken {
		return ErrBroken
	}
	if m.docs == nil {
		m.docs = map[[2]string]notify.Document{}
	}
	for _, d := range docs {
		m.docs[[2]string{d.Kind, d.ID}] = d
	}
	return nil
}

// Delete removes a document.
func (m *Memory) Delete(_ context.Context, kind, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken {
		return ErrBroken
	}
	delete(m.docs, [2]string{kind, id})
	return nil
}

// List returns the documents of a kind, oldest first.
func (m *Memory) List(_ context.Context, kind string) ([]notify.Document, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []notify.Document
	for key, d := range m.docs {
		if key[0] == kind {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b notify.Document) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

// Store holds a fresh store to what notifications need of it.
func Store(t *testing.T, s notify.Store) {
	t.Helper()
	now := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	doc := func(kind, id, body string, age time.Duration) notify.Document {
		return notify.Document{Kind: kind, ID: id, Time: now.Add(-age), Body: []byte(body)}
	}
	steps := []func() error{
		func() error {
			return s.Put(t.Context(), doc("a", "2", `{}`, 0), doc("a", "1", `{}`, 1), doc("b", "1", `{}`, 2))
		},
		func() error { return s.Put(t.Context(), doc("a", "1", `{"new":1}`, 1), doc("a", "gone", `{}`, 3)) },
		func() error { return s.Delete(t.Context(), "a", "gone") },
		func() error { return s.Delete(t.Context(), "a", "never") },
	}
	for n, step := range steps {
		if err := step(); err != nil {
			t.Fatalf("step %d: %v", n+1, err)
		}
	}
	got, err := s.List(t.Context(), "a")
	if err != nil || len(got) != 2 || got[0].ID != "1" || got[1].ID != "2" {
		t.Fatalf("got %+v, %v, want 1 and 2, the oldest first", got, err)
	}
	if string(got[0].Body) != `{"new":1}` || !got[0].Time.Equal(now.Add(-1)) {
		t.Errorf("got %s of %v, want what was put last with its time", got[0].Body, got[0].Time)
	}
}
