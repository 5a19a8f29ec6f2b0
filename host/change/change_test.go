package change_test

import (
	"context"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/change"
	"github.com/homeostat/homeostat/host/change/record"
)

func TestGoodChangeIsKeptWhenThePersonConfirms(t *testing.T) {
	h := newHouse(t).open()
	id := h.submit(edit("new"))
	h.watching(id)
	h.wants("web.conf", "new")
	h.confirm(id)
	r := h.ended(id, record.Kept)
	h.wants("web.conf", "new")
	h.noTransaction()
	var names []string
	for _, s := range r.Steps {
		names = append(names, s.Stage)
	}
	want := []string{"preflight", "backup", "validate", "sandbox", "approval", "apply", "watch"}
	if len(names) != len(want) {
		t.Fatalf("stages: got %v, want %v", names, want)
	}
	for i := range want {
		if names[i] != want[i] {
			t.Errorf("stage %d: got %s, want %s", i, names[i], want[i])
		}
	}
	if m := h.p.Gate().Status(time.Now()).Metrics; m.Attempts != 1 || m.Successes != 1 {
		t.Errorf("breaker: got %+v, want one success", m)
	}
}

func TestHealthyToTheEndOfTheWatchIsKept(t *testing.T) {
	h := newHouse(t)
	h.root.Watch = 50 * time.Millisecond
	h.open()
	h.ended(h.submit(edit("new")), record.Kept)
	h.wants("web.conf", "new")
}

func TestChangeThatBreaksItsOwnerIsUndone(t *testing.T) {
	h := newHouse(t)
	h.world.answer = 20 * time.Millisecond
	h.open()
	r := h.ended(h.submit(edit("bad")), record.RolledBack)
	h.wants("web.conf", "old")
	h.noTransaction()
	if !r.Unattended || r.Verified != record.Pass {
		t.Errorf("got auto_rolled_back %v and verified %s, want true and pass", r.Unattended, r.Verified)
	}
}

func TestDryRunTouchesAndCountsNothing(t *testing.T) {
	h := newHouse(t).open()
	r, err := h.p.DryRun(context.Background(), change.Submission{Candidate: edit("new"), By: "uid:0", Origin: record.FromPerson})
	if err != nil || len(r.Steps) != 7 || r.Diff == "" {
		t.Fatalf("got %+v, %v, want seven steps and a diff", r, err)
	}
	h.wants("web.conf", "old")
	if s := h.p.Gate().Status(time.Now()); s.Counted != 0 || s.Metrics.Attempts != 0 {
		t.Errorf("gates: got %+v, want nothing counted", s)
	}
	if list, _ := h.p.Changes(context.Background(), 10); len(list) != 0 {
		t.Errorf("got %d records, want none", len(list))
	}
}
