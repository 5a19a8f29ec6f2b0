package change_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/homeostat/homeostat/host/change"
	"github.com/homeostat/homeostat/host/change/record"
)

// kept returns the id of a change that has been kept and has settled.
func (h *house) kept(content string) string {
	h.t.Helper()
	id := h.submit(edit(content))
	h.watching(id)
	h.confirm(id)
	h.ended(id, record.Kept)
	return id
}

func TestR09KeptChangeThatWasUndoneIsNotTriedAgain(t *testing.T) {
	h := newHouse(t).open()
	id := h.kept("new")
	undo, err := h.p.Rollback(context.Background(), id, "recovery", "web fails since")
	if err != nil {
		t.Fatal(err)
	}
	r := h.watching(undo)
	if r.Undoes != id {
		t.Errorf("the restore undoes %q, want %s", r.Undoes, id)
	}
	h.confirm(undo)
	h.ended(undo, record.Kept)
	h.wants("web.conf", "old")
	h.restart()
	again := h.ended(h.submit(edit("new")), record.Refused)
	if len(again.Refusals) == 0 || again.Refusals[0].Rule != "memory.rejected" || !strings.Contains(again.Refusals[0].Value, "web fails since") {
		t.Errorf("got %+v, want memory.rejected with the reason", again.Refusals)
	}
}

func TestRollbackIsCheckedBeforeItIsBegun(t *testing.T) {
	h := newHouse(t).open()
	id := h.submit(edit("new"))
	h.watching(id)
	if err := h.p.CheckRollback(context.Background(), id); err != nil {
		t.Errorf("of a change that is watched: %v", err)
	}
	h.confirm(id)
	h.ended(id, record.Kept)
	if err := h.p.CheckRollback(context.Background(), id); err != nil {
		t.Errorf("of a kept change: %v", err)
	}
	for content, want := range map[string]string{"edited by hand": "web.conf was edited after it", "old": "as they were before"} {
		h.write("web.conf", content)
		if err := h.p.CheckRollback(context.Background(), id); !errors.Is(err, change.ErrState) || !strings.Contains(err.Error(), want) {
			t.Errorf("with %q in the file: got %v, want %q", content, err, want)
		}
		h.wants("web.conf", content)
	}
	if err := h.p.CheckRollback(context.Background(), "mod_0"); !errors.Is(err, change.ErrUnknown) {
		t.Errorf("of an unknown change: got %v", err)
	}
	proposed := h.propose(edit("newer"))
	if err := h.p.CheckRollback(context.Background(), proposed.ID); !errors.Is(err, change.ErrState) {
		t.Errorf("of a change that was never applied: got %v", err)
	}
}
