package change_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/change"
	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/confined"
	"github.com/homeostat/homeostat/host/change/record"
)

func TestR11InconclusiveAtTheEndRollsBack(t *testing.T) {
	h := newHouse(t)
	h.root.Watch = 50 * time.Millisecond
	h.world.answer = time.Millisecond
	h.world.verdict = func(string) record.Verdict { return record.Inconclusive }
	h.open()
	h.ended(h.submit(edit("new")), record.RolledBack)
	h.wants("web.conf", "old")
}

func TestR12LateLookOfTheOldFilesDecidesNothing(t *testing.T) {
	h := newHouse(t).open()
	// What is said of the owner before the new files are watched concerns the old ones.
	h.p.OwnerBroke("web", "the old process ended")
	id := h.submit(edit("new"))
	h.p.OwnerBroke("store", "another component ended")
	h.watching(id)
	h.confirm(id)
	h.ended(id, record.Kept)
}

func TestR13RollbackDoesNotWaitForAnybody(t *testing.T) {
	h := newHouse(t)
	other := change.Root{Name: "other", Path: filepath.Join(h.dir, "other"), Watch: time.Hour, Person: true, Native: [][]string{{"slow"}}}
	if err := os.Mkdir(other.Path, 0o700); err != nil {
		t.Fatal(err)
	}
	h.more = []change.Root{other}
	native := &slowNative{begun: make(chan struct{}), end: make(chan struct{})}
	h.options = func(o *change.Options) { o.Native = native }
	h.open()
	first := h.submit(edit("new"))
	h.watching(first)
	second := h.submit(candidate.Single("other", "f", []byte("x")))
	<-native.begun // a slow check of another change is under way
	if _, err := h.p.Rollback(context.Background(), first, "alice", "now"); err != nil {
		t.Fatal(err)
	}
	h.ended(first, record.RolledBack)
	h.wants("web.conf", "old")
	close(native.end)
	h.watching(second)
}

// slowNative is a validator that passes when it is told to end.
type slowNative struct{ begun, end chan struct{} }

func (n *slowNative) Run(ctx context.Context, _ confined.Job) (record.Verdict, string) {
	close(n.begun)
	select {
	case <-n.end:
	case <-ctx.Done():
	}
	return record.Pass, ""
}

func TestR14NobodyElseIsTouched(t *testing.T) {
	h := newHouse(t)
	h.world.answer = 20 * time.Millisecond
	h.open()
	h.ended(h.submit(edit("bad")), record.RolledBack)
	for _, order := range h.world.orders() {
		if !strings.HasPrefix(order, "restart web ") {
			t.Errorf("order %q: want none but to the owner", order)
		}
	}
	// The old files are there before the owner is told: there is no moment without any.
	want := []string{"restart web with bad", "restart web with old"}
	if got := h.world.orders(); !slices.Equal(got, want) {
		t.Errorf("orders: got %v, want %v", got, want)
	}
}

func TestR15SecondChangeDuringTheWatchIsRefused(t *testing.T) {
	h := newHouse(t).open()
	first := h.submit(edit("new"))
	h.watching(first)
	r := h.ended(h.submit(edit("second")), record.Refused)
	if len(r.Refusals) != 1 || r.Refusals[0].Rule != "root.busy" || r.Refusals[0].RetryAfter <= 0 {
		t.Errorf("got %+v, want root.busy with a time to retry after", r.Refusals)
	}
	h.wants("web.conf", "new")
	h.confirm(first)
	h.ended(first, record.Kept)
	third := h.submit(edit("third"))
	h.watching(third)
}

func TestR16BreachSoonAfterTheConfirmationStillActs(t *testing.T) {
	h := newHouse(t)
	h.options = func(o *change.Options) { o.Timing.Settle = time.Hour }
	h.open()
	id := h.submit(edit("new"))
	h.watching(id)
	h.confirm(id)
	h.until(id, "kept", func(r record.Record) bool { return r.State == record.Kept })
	h.world.set(func(w *world) { w.running = "bad" })
	h.p.OwnerChanged("web")
	h.ended(id, record.RolledBack)
	h.wants("web.conf", "old")
	if m := h.p.Gate().Status(time.Now()).Metrics; m.ConsecutiveFailures != 1 {
		t.Errorf("breaker: got %+v, want the failure counted", m)
	}
}

func TestR16NextChangeEndsTheSettling(t *testing.T) {
	h := newHouse(t)
	h.options = func(o *change.Options) { o.Timing.Settle = time.Hour }
	h.open()
	first := h.submit(edit("new"))
	h.watching(first)
	h.confirm(first)
	h.until(first, "kept", func(r record.Record) bool { return r.State == record.Kept })
	second := h.submit(edit("second"))
	h.watching(second)
	h.ended(first, record.Kept)
}

func TestR17PruningKeepsTheLastKnownGood(t *testing.T) {
	h := newHouse(t)
	h.keepMax = 1
	h.open()
	var last record.Record
	for i := range 4 {
		id := h.submit(edit(fmt.Sprint("new ", i)))
		h.watching(id)
		h.confirm(id)
		last = h.ended(id, record.Kept)
	}
	h.world.set(func(w *world) {
		w.answer = time.Millisecond
		w.verdict = func(string) record.Verdict { return record.Fail }
	})
	for i := range 3 { // backups of an unhealthy state are no good ones
		h.ended(h.submit(edit(fmt.Sprint("newer ", i))), record.RolledBack)
	}
	info, err := h.p.Backups().Info(last.Backup)
	if err != nil || !info.LastKnownGood {
		t.Errorf("%s: got %+v, %v, want it kept as the last known good one", last.Backup, info, err)
	}
}

func TestR18RestoreGoesOnAfterADamagedFile(t *testing.T) {
	h := newHouse(t)
	const fragile = "fragile content that will be damaged 0123456789"
	h.write("fragile", fragile)
	h.write("sound", "a content that stays as it is")
	h.open()
	ctx := context.Background()
	info, err := h.p.BackupNow(ctx, "site", "uid:0")
	if err != nil {
		t.Fatal(err)
	}
	damage(t, filepath.Join(h.dir, "backups", "packs"), fragile)
	h.write("fragile", "other")
	h.write("sound", "other")
	r, err := h.p.RestoreBackup(ctx, change.Restore{Backup: info.ID, By: "uid:0", Reason: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Failed) != 1 || r.Failed[0].Path != "fragile" {
		t.Errorf("failed: got %+v, want fragile", r.Failed)
	}
	h.watching(r.Change)
	h.wants("sound", "a content that stays as it is")
	h.wants("fragile", "other")
}

// damage flips a byte of a content in the packs.
func damage(t *testing.T, dir, content string) {
	t.Helper()
	packs, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range packs {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if i := bytes.Index(data, []byte(content[:10])); i >= 0 {
			data[i] ^= 1
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatal("no pack has the content")
}

func TestR19RollbackOfAKeptChangeRefusesWhereSomebodyEdited(t *testing.T) {
	h := newHouse(t).open()
	id := h.submit(edit("new"))
	h.watching(id)
	h.confirm(id)
	h.ended(id, record.Kept)
	h.write("web.conf", "edited by hand")
	undo, err := h.p.Rollback(context.Background(), id, "alice", "no")
	if err != nil {
		t.Fatal(err)
	}
	r := h.ended(undo, record.Refused)
	if len(r.Refusals) == 0 || r.Refusals[0].Rule != "base.changed" {
		t.Errorf("got %+v, want base.changed", r.Refusals)
	}
	h.wants("web.conf", "edited by hand")
}

func TestR19EditDuringTheWatchIsKept(t *testing.T) {
	h := newHouse(t)
	h.write("other.conf", "old")
	h.open()
	c := edit("new")
	c.Edits = append(c.Edits, candidate.Edit{Path: "other.conf", Content: []byte("new")})
	id := h.submit(c)
	h.watching(id)
	h.write("other.conf", "edited by hand")
	if _, err := h.p.Rollback(context.Background(), id, "alice", "no"); err != nil {
		t.Fatal(err)
	}
	r := h.ended(id, record.RolledBack)
	h.wants("web.conf", "old")
	h.wants("other.conf", "edited by hand")
	if len(r.Conflicts) != 1 || r.Conflicts[0].Path != "other.conf" {
		t.Errorf("conflicts: got %+v, want other.conf", r.Conflicts)
	}
}

func TestR20ProbeThatHangsDoesNotStopTheRollback(t *testing.T) {
	h := newHouse(t)
	h.root.Watch = 50 * time.Millisecond
	h.options = func(o *change.Options) { o.Timing.LookTimeout = 20 * time.Millisecond }
	h.open()
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	h.world.set(func(w *world) {
		w.answer = time.Millisecond
		w.verdict = func(string) record.Verdict { <-release; return record.Pass }
	})
	id := h.submit(edit("new"))
	if r := h.ended(id, record.RolledBack); r.Verified != record.Inconclusive {
		t.Errorf("verified: got %s, want inconclusive", r.Verified)
	}
	h.wants("web.conf", "old")
}

func TestR10BreachWhileAPersonIsAwaitedTouchesNothingElse(t *testing.T) {
	h := newHouse(t)
	h.root.Health, h.root.Person = false, true
	h.open()
	asked := h.submit(candidate.Single("site", "run.sh", []byte("#!/bin/sh\neval \"$1\"\n")))
	h.until(asked, "waiting", func(r record.Record) bool { return r.State == record.WaitingApproval })
	id := h.submit(edit("new"))
	h.watching(id)
	h.write("theirs.conf", "written by a person meanwhile")
	h.p.OwnerBroke("web", "it ended: exit code 1")
	h.ended(id, record.RolledBack)
	h.wants("web.conf", "old")
	h.wants("theirs.conf", "written by a person meanwhile")
	if got := h.until(asked, "a look", func(record.Record) bool { return true }); got.State != record.WaitingApproval {
		t.Errorf("the change that waits for an answer is %s, want it to wait on", got.State)
	}
	for _, order := range h.world.orders() {
		if !strings.HasPrefix(order, "restart web ") {
			t.Errorf("order %q: want none but to the owner", order)
		}
	}
}
