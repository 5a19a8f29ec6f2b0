package change_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/change"
	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/health"
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

func TestRiskyChangeWaitsForAPersonAndGoesOnAtOnce(t *testing.T) {
	h := newHouse(t).open()
	id := h.submit(candidate.Single("site", "run.sh", []byte("#!/bin/sh\neval \"$1\"\n")))
	r := h.until(id, "waiting", func(r record.Record) bool { return r.State == record.WaitingApproval })
	h.noTransaction()
	ctx := context.Background()
	if err := h.p.Approve(ctx, id, "another hash", "alice"); !errors.Is(err, change.ErrState) {
		t.Errorf("approval of another change: got %v, want %v", err, change.ErrState)
	}
	answers := make(chan error, 2)
	for range cap(answers) {
		go func() { answers <- h.p.Approve(ctx, id, r.Approval.Hash, "alice") }()
	}
	if first, second := <-answers, <-answers; (first == nil) == (second == nil) {
		t.Fatalf("approved twice at once: got %v and %v, want one to be refused", first, second)
	}
	h.watching(id)
	if err := h.p.Approve(ctx, id, "", "alice"); !errors.Is(err, change.ErrState) {
		t.Errorf("approved twice: got %v, want %v", err, change.ErrState)
	}
	h.confirm(id)
	h.ended(id, record.Kept)
}

func TestApprovalIsOfTheFilesThatItWasAskedFor(t *testing.T) {
	h := newHouse(t).open()
	id := h.submit(candidate.Single("site", "run.sh", []byte("#!/bin/sh\neval \"$1\"\n")))
	h.until(id, "waiting", func(r record.Record) bool { return r.State == record.WaitingApproval })
	h.write("run.sh", "#!/bin/sh\n")
	if err := h.p.Approve(context.Background(), id, "", "alice"); err != nil {
		t.Fatal(err)
	}
	r := h.ended(id, record.Refused)
	if len(r.Refusals) == 0 || r.Refusals[0].Rule != "base.changed" {
		t.Errorf("got %+v, want base.changed", r.Refusals)
	}
	h.wants("run.sh", "#!/bin/sh\n")
}

func TestUnhealthyHostRefusesPeopleAndNotRecoveries(t *testing.T) {
	h := newHouse(t).open()
	h.world.set(func(w *world) { w.score = health.Report{State: health.Critical, Score: 10} })
	r := h.ended(h.submit(edit("new")), record.Refused)
	if len(r.Refusals) != 1 || r.Refusals[0].Rule != "health.state" {
		t.Errorf("got %+v, want health.state", r.Refusals)
	}
	rec, err := h.p.Submit(context.Background(), change.Submission{Candidate: edit("new"), By: "recovery", Origin: record.FromRecovery})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.p.Apply(context.Background(), rec.ID); err != nil {
		t.Fatal(err)
	}
	if r := h.watching(rec.ID); len(r.Warnings) == 0 {
		t.Error("the recovery was not told of the health of the host")
	}
}

// BenchmarkChangeOfThreeFiles is the way of a change from its submission to the watch, with a real backup and real
// exchanges of files, in this process.
func BenchmarkChangeOfThreeFiles(b *testing.B) {
	h := newHouse(b).open()
	n := 0
	for b.Loop() {
		n++
		c := candidate.Candidate{Root: "site"}
		for _, name := range []string{"a.conf", "b.conf", "c.conf"} {
			c.Edits = append(c.Edits, candidate.Edit{Path: name, Content: fmt.Appendf(nil, "# %d\n", n)})
		}
		id := h.submit(c)
		h.watching(id)
		b.StopTimer()
		h.confirm(id)
		h.ended(id, record.Kept)
		b.StartTimer()
	}
}
