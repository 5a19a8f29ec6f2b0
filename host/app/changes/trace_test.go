package changes_test

import (
	"strings"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/change"
	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/fate"
	"github.com/homeostat/homeostat/sdk"
)

func (h house) wantFate(t *testing.T, when, key string, want fate.State) fate.Fate {
	t.Helper()
	got := h.TraceChange(t.Context(), key)
	if got.State != want {
		t.Errorf("%s: the order %s is %+v, want %s", when, key, got, want)
	}
	return got
}

func TestTheFateOfAChangeIsThatOfTheNewestWithItsKey(t *testing.T) {
	h := newHouse(t)
	h.wantFate(t, "before anything was submitted", "rec_1/0", fate.NotDone)
	id, err := h.SetParameters(t.Context(), "rec_1/0", workers(16), "requests wait")
	if err != nil {
		t.Fatal(err)
	}
	h.wantFate(t, "of another order", "rec_1/01", fate.NotDone)
	if got := h.wantFate(t, "while it is watched", "rec_1/0", fate.Done); got.Receipt != id {
		t.Errorf("the receipt is %q, want the change %s", got.Receipt, id)
	}
	since := time.Now()
	if got := h.TraceRollback(t.Context(), id, since); got.State != fate.NotDone {
		t.Errorf("its rollback, which nobody ordered, is %+v", got)
	}
	if _, err := h.RollbackChange(t.Context(), sdk.RollbackChange{Change: id}, "it did not help"); err != nil {
		t.Fatal(err)
	}
	if got := h.wantFate(t, "after it was undone", "rec_1/0", fate.NotDone); !strings.Contains(got.Text, id) {
		t.Errorf("the text %q does not name the change", got.Text)
	}
	if got := h.TraceRollback(t.Context(), id, since); got.State != fate.Done {
		t.Errorf("its rollback is %+v, want done", got)
	}
	if got := h.TraceRollback(t.Context(), "mod_unknown", since); got.State != fate.Unknown {
		t.Errorf("the rollback of a change that is not kept any more is %+v, want unknown", got)
	}
}

// TestAChangeThatNobodyWouldApplyAnyMoreIsWithdrawn submits one and is killed
// before it is applied.
func TestAChangeThatNobodyWouldApplyAnyMoreIsWithdrawn(t *testing.T) {
	h := newHouse(t)
	c := candidate.Single("site", "web.json", []byte(`{"pool": {"workers": 9, "queue": 5}}`))
	r, err := h.Pipeline().Submit(t.Context(), change.Submission{Candidate: c, By: "recovery", Origin: record.FromRecovery, Order: "rec_2/1"})
	if err != nil {
		t.Fatal(err)
	}
	if got := h.wantFate(t, "submitted and not applied", "rec_2/1", fate.NotDone); !strings.Contains(got.Text, "withdrawn") {
		t.Errorf("the text is %q, want that it is withdrawn", got.Text)
	}
	if r, err = h.Pipeline().Change(t.Context(), r.ID); err != nil || !r.State.Ended() {
		t.Errorf("the change is %s, %v; want an end, so that nobody applies it later", r.State, err)
	}
	h.holds(t, before)
}
