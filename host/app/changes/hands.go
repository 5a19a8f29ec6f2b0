package changes

import (
	"context"
	"errors"
	"fmt"

	"github.com/homeostat/homeostat/host/app/parameters"
	"github.com/homeostat/homeostat/host/change"
	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/txn"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/sdk"
)

// Hands is act.Changes: it carries out the actions of recoveries that touch files.
type Hands struct {
	// Pipeline is asked for at each use: it is opened after healing.
	Pipeline func() *change.Pipeline
	Settings func() *config.Settings
}

// byRecovery is who submits the changes of recoveries.
const byRecovery = "recovery"

// CheckChange reports why a change cannot be submitted at all.
func (h Hands) CheckChange(c sdk.SubmitChange) error {
	for _, r := range h.Settings().Roots {
		if string(r.Name) == c.Root {
			return candidateOf(c).Check()
		}
	}
	return fmt.Errorf("root %q is not declared", c.Root)
}

func candidateOf(c sdk.SubmitChange) candidate.Candidate {
	out := candidate.Candidate{Root: c.Root, Author: byRecovery, Reason: c.Reason[:min(len(c.Reason), candidate.MaxText)]}
	for _, f := range c.Files {
		e := candidate.Edit{Kind: txn.Write, Path: f.Path, Content: f.Content}
		if f.Delete {
			e = candidate.Edit{Kind: txn.Delete, Path: f.Path}
		}
		out.Edits = append(out.Edits, e)
	}
	return out
}

// SubmitChange applies a change and returns its id when it is watched.
func (h Hands) SubmitChange(ctx context.Context, key string, c sdk.SubmitChange) (string, error) {
	return h.submit(ctx, key, candidateOf(c))
}

func (h Hands) submit(ctx context.Context, key string, c candidate.Candidate) (string, error) {
	r, err := h.Pipeline().Submit(ctx, change.Submission{Candidate: c, By: byRecovery, Origin: record.FromRecovery, Order: key})
	if err != nil {
		return "", err
	}
	if err := h.Pipeline().Apply(ctx, r.ID); err != nil {
		return "", err
	}
	r, err = h.Pipeline().Wait(ctx, r.ID, func(r record.Record) bool { return r.State != record.Running })
	switch {
	case err != nil:
		return "", err
	case r.State == record.Watching, r.State == record.Kept:
		return r.ID, nil
	}
	return "", fmt.Errorf("change %s is %s: %s", r.ID, r.State, r.Why)
}

// Owner names the component that a root, or the root of a recorded change, belongs to; empty for none.
func (h Hands) Owner(a sdk.Action) string {
	switch a := a.(type) {
	case sdk.SubmitChange:
		for _, r := range h.Settings().Roots {
			if string(r.Name) == a.Root {
				return r.Component
			}
		}
	case sdk.RollbackChange:
		if r, err := h.Pipeline().Change(context.Background(), a.Change); err == nil {
			return r.Component
		}
	}
	return ""
}

// CheckRollback reports why a change cannot be undone.
func (h Hands) CheckRollback(c sdk.RollbackChange) error {
	return h.Pipeline().CheckRollback(context.Background(), c.Change)
}

// RollbackChange undoes a change and returns when the files are the old ones again.
func (h Hands) RollbackChange(ctx context.Context, c sdk.RollbackChange, reason string) (string, error) {
	id, err := h.Pipeline().Rollback(ctx, c.Change, byRecovery, reason)
	if id == c.Change || errors.Is(err, change.ErrState) {
		return h.rolledBack(ctx, c.Change, err)
	}
	if err != nil {
		return "", err
	}
	r, err := h.Pipeline().Wait(ctx, id, func(r record.Record) bool { return r.State != record.Running })
	if err == nil && r.State != record.Watching && r.State != record.Kept {
		err = fmt.Errorf("its restore %s is %s: %s", id, r.State, r.Why)
	}
	return fmt.Sprintf("change %s is undone by %s", c.Change, id), err
}

// CheckParameters reports why parameters cannot be set.
func (h Hands) CheckParameters(s sdk.SetParameters) error {
	_, err := h.Parameters().Edits(s)
	return err
}

// SetParameters changes the files that hold the parameters, as one change.
func (h Hands) SetParameters(ctx context.Context, key string, s sdk.SetParameters, reason string) (string, error) {
	c, err := h.Parameters().Edits(s)
	if err != nil {
		return "", err
	}
	c.Author, c.Reason = byRecovery, reason[:min(len(reason), candidate.MaxText)]
	return h.submit(ctx, key, c)
}

// rolledBack waits for the end of a change that is being rolled back by this order, or, where the order came too late, by
// its own watch.
func (h Hands) rolledBack(ctx context.Context, id string, late error) (string, error) {
	r, err := h.Pipeline().Wait(ctx, id, func(r record.Record) bool { return r.State.Ended() && r.Ended != nil })
	switch {
	case err != nil:
		return "", err
	case r.State == record.RolledBack:
		return fmt.Sprintf("change %s is rolled back: %s", id, r.Why), nil
	case late != nil:
		return "", late
	}
	return "", fmt.Errorf("change %s is %s: %s", id, r.State, r.Why)
}

// Parameters returns what is known of declared parameters.
func (h Hands) Parameters() parameters.Book {
	return parameters.Book{Files: func() parameters.Files { return h.Pipeline() }, Settings: h.Settings}
}
