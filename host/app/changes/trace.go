package changes

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/fate"
)

// TraceChange says what became of the change that was submitted with the key. The
// record is durable before anything is touched, so no record means that nothing
// was; one that was never applied is withdrawn, so that it is not forgotten.
func (h Hands) TraceChange(ctx context.Context, key string) fate.Fate {
	r, found, err := h.newest(ctx, func(r record.Record) bool { return r.Order == key })
	switch {
	case err != nil:
		return fate.Fate{State: fate.Pending, Text: err.Error()}
	case !found:
		return fate.Fate{State: fate.NotDone, Text: "no change was submitted for it"}
	}
	return h.changeFate(ctx, r)
}

// changeFate reads a record. A change that waits for somebody to apply it is
// withdrawn.
func (h Hands) changeFate(ctx context.Context, r record.Record) fate.Fate {
	if r.State == record.Proposed || r.State == record.WaitingApproval {
		const why = "the daemon ended before it was applied"
		if _, err := h.Pipeline().Rollback(ctx, r.ID, byRecovery, why); err != nil {
			return fate.Fate{State: fate.Pending, Text: err.Error()}
		}
		return fate.Fate{State: fate.NotDone, Text: fmt.Sprintf("change %s is withdrawn: %s", r.ID, why)}
	}
	text := fmt.Sprintf("change %s is %s", r.ID, r.State)
	if r.Why != "" {
		text += ": " + r.Why
	}
	switch {
	case r.State == record.Watching, r.State == record.Kept:
		return fate.Fate{State: fate.Done, Text: text, Receipt: r.ID}
	case !r.State.Ended(), r.Ended == nil:
		return fate.Fate{State: fate.Pending, Text: text}
	case r.State == record.RolledBack, r.Applied == nil:
		return fate.Fate{State: fate.NotDone, Text: text}
	}
	return fate.Fate{State: fate.Failed, Text: text}
}

// TraceRollback says what became of the rollback of a change that was ordered at
// that time: by the change itself, or by the restore that undoes it.
func (h Hands) TraceRollback(ctx context.Context, id string, since time.Time) fate.Fate {
	r, found, err := h.newest(ctx, func(r record.Record) bool { return r.Undoes == id && !r.Created.Before(since) })
	switch {
	case err != nil:
		return fate.Fate{State: fate.Pending, Text: err.Error()}
	case found && (r.State == record.Watching || r.State == record.Kept):
		return fate.Fate{State: fate.Done, Text: fmt.Sprintf("change %s is undone by %s", id, r.ID)}
	case found:
		return h.changeFate(ctx, r)
	}
	whole, err := h.Pipeline().Change(ctx, id)
	switch {
	case err != nil:
		return fate.Fate{State: fate.Unknown, Text: err.Error()}
	case whole.State == record.RolledBack && whole.Ended != nil:
		return fate.Fate{State: fate.Done, Text: fmt.Sprintf("change %s is rolled back: %s", id, whole.Why)}
	case !whole.State.Ended() && whole.State != record.Watching, whole.State == record.RolledBack:
		return fate.Fate{State: fate.Pending, Text: fmt.Sprintf("change %s is %s", id, whole.State)}
	}
	return fate.Fate{State: fate.NotDone, Text: fmt.Sprintf("change %s is %s", id, whole.State)}
}

// newest returns the newest change that is meant.
func (h Hands) newest(ctx context.Context, is func(record.Record) bool) (record.Record, bool, error) {
	list, err := h.Pipeline().Changes(ctx, listMax)
	if err != nil {
		return record.Record{}, false, err
	}
	list = slices.DeleteFunc(list, func(r record.Record) bool { return !is(r) })
	if len(list) == 0 {
		return record.Record{}, false, nil
	}
	return slices.MaxFunc(list, func(a, b record.Record) int { return a.Created.Compare(b.Created) }), true, nil
}
