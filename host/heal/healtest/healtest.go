// Package healtest holds what every implementation of healing's interfaces has
// to pass: the real ones and the fakes of healing's own tests alike.
//
// It owns the expectations, no implementation. Its functions are called from
// tests.
package healtest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"
)

// Keeper is heal.Store, repeated here so that healing's own tests can use this
// package.
type Keeper interface {
	Put(ctx context.Context, kind, id string, doc []byte, at time.Time) error
	List(ctx context.Context, kind string, limit int) ([][]byte, error)
	Get(ctx context.Context, kind, id string) ([]byte, error)
}

// Store holds a store to what healing relies on: what was put is there, once
// for each id, by kind, the newest first, as many as healing loads.
func Store(t *testing.T, s Keeper) {
	t.Helper()
	begin := time.Now()
	put := func(kind string, id, text, minute int) {
		t.Helper()
		doc := fmt.Appendf(nil, `{"text":%d}`, text)
		if err := s.Put(t.Context(), kind, fmt.Sprint("id_", id), doc, begin.Add(time.Duration(minute)*time.Minute)); err != nil {
			t.Fatalf("put %s %d: %v", kind, id, err)
		}
		copy(doc, "overwritten")
	}
	want := func(kind string, limit int, texts ...int) {
		t.Helper()
		docs, err := s.List(t.Context(), kind, limit)
		if err != nil {
			t.Fatalf("list %s: %v", kind, err)
		}
		var got, wanted []string
		for _, d := range docs {
			got = append(got, string(d))
		}
		for _, text := range texts {
			wanted = append(wanted, fmt.Sprintf(`{"text":%d}`, text))
		}
		if !slices.Equal(got, wanted) {
			t.Errorf("the newest %d of %s are %v, want %v", limit, kind, got, wanted)
		}
	}
	want("incident", 10)
	put("incident", 1, 10, 1)
	put("incident", 2, 20, 2)
	put("healing", 1, 99, 3)
	want("incident", 10, 20, 10)
	want("healing", 1, 99)
	put("incident", 1, 11, 4)
	want("incident", 10, 11, 20)
	want("incident", 1, 11)
	for id, text := range map[string]string{"id_1": `{"text":11}`, "id_2": `{"text":20}`, "id_3": ""} {
		if doc, err := s.Get(t.Context(), "incident", id); err != nil || string(doc) != text {
			t.Errorf("get incident %s: got %q, %v, want %q", id, doc, err, text)
		}
	}
	for n := range 500 {
		put("many", n, n, n)
	}
	if docs, err := s.List(t.Context(), "many", 500); err != nil || len(docs) != 500 {
		t.Errorf("of 500 documents %d are listed, %v", len(docs), err)
	}
}
