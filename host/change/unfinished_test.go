package change_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/homeostat/homeostat/host/atomicfile/failpoint"
	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/record"
)

// TestUnfinishedChangeIsRecoveredAtOnce stops the disk at each operation of a change and of its undoing, and has it work
// again for recovery.
func TestUnfinishedChangeIsRecoveredAtOnce(t *testing.T) {
	unfinished := 0
	for n := 1; ; n++ {
		h := newHouse(t)
		disk := failpoint.KillAt(n)
		h.files.spoil = func(what string) error {
			h.files.Ops.Gate = nil
			if what == "apply" {
				h.files.Ops.Gate = disk
			}
			return nil
		}
		h.open()
		c := edit("new")
		c.Edits = append(c.Edits, candidate.Edit{Path: "fresh", Content: []byte("x")})
		id := h.submit(c)
		if r := h.until(id, "a verdict", func(r record.Record) bool { return r.State != record.Running }); r.State == record.Watching && !disk.Reached() {
			break
		}
		h.ended(id, record.Failed)
		h.wants("web.conf", "old")
		h.wants("fresh", "(fresh: no such file or directory)")
		h.noTransaction()
		if i := slices.Index(h.files.calls, "apply"); slices.Contains(h.files.calls[i:], "recover") {
			unfinished++
			if h.files.calls[i+1] != "recover" {
				t.Errorf("disk dead at operation %d: calls %v, want recovery right after apply", n, h.files.calls)
			}
		}
	}
	if unfinished == 0 {
		t.Error("no change was left in the middle, so the test shows nothing")
	}
	t.Logf("%d changes were left in the middle", unfinished)
}

func TestNothingIsDoneInARootThatCannotBeRecovered(t *testing.T) {
	h := newHouse(t).open()
	disk, broken := failpoint.KillAt(40), true
	h.files.spoil = func(what string) error {
		h.files.Ops.Gate = nil
		switch {
		case what == "apply" && broken:
			h.files.Ops.Gate = disk
		case what == "recover" && broken:
			return errors.New("the disk is gone")
		}
		return nil
	}
	h.until(h.submit(edit("new")), "an end", func(r record.Record) bool { return r.Ended != nil })
	before := len(h.files.calls)
	h.until(h.submit(edit("newer")), "an end", func(r record.Record) bool { return r.Ended != nil })
	if after := h.files.calls[before:]; slices.Contains(after, "apply") {
		t.Errorf("calls after the failed recovery: got %v, want no apply", after)
	}
	broken = false
	h.watching(h.submit(edit("newest")))
	h.wants("web.conf", "newest")
}
