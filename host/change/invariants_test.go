package change_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/change"
	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/txn"
)

// Each of these tests is named after one way in which rollbacks have failed elsewhere.

func TestR01RestartInsideTheWatchRollsBack(t *testing.T) {
	h := newHouse(t).open()
	id := h.submit(edit("new"))
	h.watching(id)
	h.restart()
	r := h.ended(id, record.RolledBack)
	h.wants("web.conf", "old")
	h.noTransaction()
	if got := h.world.orders(); got[len(got)-1] != "restart web with old" {
		t.Errorf("orders: got %v, want the owner restarted with the old file in the end", got)
	}
	if !strings.Contains(r.Why, "restarted") {
		t.Errorf("why: got %q", r.Why)
	}
}

func TestR01RestartAfterTheConfirmationKeeps(t *testing.T) {
	h := newHouse(t)
	h.options = func(o *change.Options) { o.Timing.Settle = time.Hour }
	h.open()
	id := h.submit(edit("new"))
	h.watching(id)
	h.confirm(id)
	h.until(id, "kept", func(r record.Record) bool { return r.State == record.Kept })
	h.restart()
	h.ended(id, record.Kept)
	h.wants("web.conf", "new")
	h.noTransaction()
}

func TestR02FailedApplyLeavesNothingArmed(t *testing.T) {
	h := newHouse(t)
	h.files.spoil = func(what string) error {
		if what == "apply" {
			return errors.New("no space left on device")
		}
		return nil
	}
	h.open()
	r := h.ended(h.submit(edit("new")), record.Failed)
	if r.Deadline != nil || r.Applied != nil {
		t.Errorf("got a deadline %v, applied %v, want neither", r.Deadline, r.Applied)
	}
	h.noTransaction()
	h.files.spoil = nil
	id := h.submit(edit("newer"))
	h.watching(id)
	h.confirm(id)
	h.ended(id, record.Kept)
}

func TestR03ReadsNeitherConfirmNorCancel(t *testing.T) {
	h := newHouse(t).open()
	ctx := context.Background()
	id := h.submit(edit("new"))
	before := h.watching(id)
	if _, err := h.p.DryRun(ctx, change.Submission{Candidate: edit("other"), By: "uid:0"}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.p.Changes(ctx, 10); err != nil {
		t.Fatal(err)
	}
	h.ended(h.submit(edit("third")), record.Refused)
	after, err := h.p.Change(ctx, id)
	if err != nil || after.State != record.Watching || !after.Deadline.Equal(*before.Deadline) {
		t.Errorf("got %s until %v, %v, want it watched until %v", after.State, after.Deadline, err, before.Deadline)
	}
	h.world.set(func(w *world) { w.running = "bad" })
	h.p.OwnerChanged("web")
	h.ended(id, record.RolledBack)
	h.wants("web.conf", "old")
}

func TestR04RollbackRestoresEverythingAndLooksAtTheEffect(t *testing.T) {
	h := newHouse(t)
	path := filepath.Join(h.root.Path, "web.conf")
	if err := os.Chmod(path, 0o604); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setxattr(path, "user.note", []byte("mine"), 0); err != nil && !errors.Is(err, unix.ENOTSUP) {
		t.Fatal(err)
	}
	if err := os.Symlink("web.conf", filepath.Join(h.root.Path, "link")); err != nil {
		t.Fatal(err)
	}
	before := lstat(t, path)
	h.world.answer = 20 * time.Millisecond
	h.open()
	c := edit("bad")
	c.Edits[0].Mode = "0600"
	c.Edits = append(c.Edits, candidate.Edit{Kind: txn.Link, Path: "link", Target: "elsewhere"}, candidate.Edit{Path: "fresh/file", Content: []byte("x")})
	r := h.ended(h.submit(c), record.RolledBack)
	h.wants("web.conf", "old")
	if after := lstat(t, path); after != before {
		t.Errorf("web.conf: got %+v, want %+v", after, before)
	}
	note := make([]byte, 16)
	if n, err := unix.Getxattr(path, "user.note", note); err == nil && string(note[:n]) != "mine" {
		t.Errorf("attribute: got %q", note[:n])
	}
	if target, err := os.Readlink(filepath.Join(h.root.Path, "link")); err != nil || target != "web.conf" {
		t.Errorf("link: got %q, %v", target, err)
	}
	if _, err := os.Lstat(filepath.Join(h.root.Path, "fresh")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that the change made is left: %v", err)
	}
	if r.Verified != record.Pass || h.world.running != "old" {
		t.Errorf("verified %s, the owner serves %q, want pass with the old file", r.Verified, h.world.running)
	}
}

type attributes struct {
	mode     fs.FileMode
	uid, gid uint32
	inode    uint64
}

func lstat(t *testing.T, path string) attributes {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		t.Fatal(err)
	}
	return attributes{fs.FileMode(st.Mode), st.Uid, st.Gid, st.Ino}
}

func TestR04RollbackThatDoesNotHelpSaysSo(t *testing.T) {
	h := newHouse(t)
	h.world.answer = 20 * time.Millisecond
	h.open()
	h.world.set(func(w *world) { w.verdict = func(string) record.Verdict { return record.Fail } })
	if r := h.ended(h.submit(edit("new")), record.RolledBack); r.Verified != record.Fail {
		t.Errorf("verified: got %s, want fail", r.Verified)
	}
}

func TestRollbackDoesNotWaitForAnOwnerThatWasIllBefore(t *testing.T) {
	h := newHouse(t)
	h.root.Watch = 50 * time.Millisecond
	h.world.answer = time.Hour
	h.open()
	h.world.set(func(w *world) {
		w.ills["web"] = 2
		w.verdict = func(string) record.Verdict { return record.Fail }
	})
	if r := h.ended(h.submit(edit("new")), record.RolledBack); r.Verified != record.Fail {
		t.Errorf("verified: got %s, want fail after one look", r.Verified)
	}
}

func TestR05RollbackRestartsWhatTheChangeRestarted(t *testing.T) {
	h := newHouse(t).open()
	id := h.submit(edit("new"))
	h.watching(id)
	if _, err := h.p.Rollback(context.Background(), id, "alice", "no"); err != nil {
		t.Fatal(err)
	}
	h.ended(id, record.RolledBack)
	want := []string{"restart web with new", "restart web with old"}
	if got := h.world.orders(); !slices.Equal(got, want) {
		t.Errorf("orders: got %v, want %v", got, want)
	}
}

func TestR06RollbackIsAFailureOfTheChange(t *testing.T) {
	h := newHouse(t)
	h.world.answer = 20 * time.Millisecond
	h.open()
	h.ended(h.submit(edit("bad")), record.RolledBack)
	m := h.p.Gate().Status(time.Now()).Metrics
	if m.Attempts != 1 || m.Successes != 0 || m.ConsecutiveFailures != 1 {
		t.Errorf("breaker: got %+v, want one failure", m)
	}
	if !h.audited("change.rolled_back") {
		t.Errorf("audit: got %v", h.audit)
	}
}

func TestR07RollbackGoesToThePreviousGoodState(t *testing.T) {
	h := newHouse(t).open()
	first := h.submit(edit("first"))
	h.watching(first)
	h.confirm(first)
	h.ended(first, record.Kept)
	second := h.submit(edit("second"))
	h.watching(second)
	h.restart() // the order is on the disk, not in the memory of a daemon
	h.ended(second, record.RolledBack)
	h.wants("web.conf", "first")
	undo, err := h.p.Rollback(context.Background(), first, "alice", "not that either")
	if err != nil {
		t.Fatal(err)
	}
	h.watching(undo)
	h.wants("web.conf", "old")
	h.confirm(undo)
	h.ended(undo, record.Kept)
}

func TestR08FailedRollbackIsTriedABoundedNumberOfTimes(t *testing.T) {
	h := newHouse(t)
	tries := 0
	h.files.spoil = func(what string) error {
		if what == "rollback" {
			tries++
			return errors.New("input/output error")
		}
		return nil
	}
	h.world.answer = 20 * time.Millisecond
	h.open()
	r := h.ended(h.submit(edit("bad")), record.Stuck)
	if tries != 3 {
		t.Errorf("got %d attempts, want 3", tries)
	}
	if !strings.Contains(r.Why, "input/output error") || !h.audited("change.stuck") {
		t.Errorf("why %q, audit %v: want the cause and an alarm", r.Why, h.audit)
	}
	h.files.spoil = nil
	h.restart()
	h.wants("web.conf", "old") // the next daemon tries again
}

func TestR09RolledBackChangeIsNotTriedAgain(t *testing.T) {
	h := newHouse(t)
	h.world.answer = 20 * time.Millisecond
	h.open()
	bad := h.ended(h.submit(edit("bad")), record.RolledBack)
	refused := func(when string) {
		t.Helper()
		r := h.ended(h.submit(edit("bad")), record.Refused)
		if len(r.Refusals) != 1 || r.Refusals[0].Rule != "memory.rejected" {
			t.Errorf("%s: got %v, want memory.rejected", when, r.Refusals)
		}
	}
	refused("at once")
	h.restart()
	refused("after a restart")
	h.write("web.conf", "edited by hand")
	h.world.set(func(w *world) { w.running = "edited by hand" })
	h.ended(h.submit(edit("bad")), record.RolledBack) // on other files it is another change
	h.write("web.conf", "old")
	refused("on the first files again")
	if err := h.p.Gate().Lift(bad.ID); err != nil {
		t.Fatal(err)
	}
	h.ended(h.submit(edit("bad")), record.RolledBack)
}

func TestR10BreachWhileAPersonIsAwaitedStillActs(t *testing.T) {
	h := newHouse(t)
	h.root.Health, h.root.Person = false, true
	h.open()
	id := h.submit(edit("new"))
	h.watching(id)
	h.until(id, "a look", func(record.Record) bool { return true })
	h.world.set(func(w *world) { w.running = "bad" })
	h.p.OwnerChanged("web")
	h.p.OwnerBroke("web", "it ended: exit code 1")
	h.ended(id, record.RolledBack)
	h.wants("web.conf", "old")
}
