package act

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/fate"
	"github.com/homeostat/homeostat/sdk"
)

// Changes carries out what touches files. Everything goes through the change pipeline, which has its own backups, checks
// and watch.
type Changes interface {
	// CheckChange reports why a change cannot be submitted at all.
	CheckChange(c sdk.SubmitChange) error
	// SubmitChange returns the change's id when it is applied and watched; an error says why it is not. The record holds
	// the key.
	SubmitChange(ctx context.Context, key string, c sdk.SubmitChange) (id string, err error)
	// CheckRollback reports why a change cannot be undone.
	CheckRollback(c sdk.RollbackChange) error
	// RollbackChange returns when the files are the old ones again.
	RollbackChange(ctx context.Context, c sdk.RollbackChange, reason string) (string, error)
	// CheckParameters reports why parameters cannot be set: unknown ones, values or steps that are not allowed.
	CheckParameters(s sdk.SetParameters) error
	// SetParameters changes the files that hold them, as one change, and returns its id as SubmitChange does.
	SetParameters(ctx context.Context, key string, s sdk.SetParameters, reason string) (id string, err error)
	// TraceChange says what became of the change that was submitted with the key.
	TraceChange(ctx context.Context, key string) fate.Fate
	// TraceRollback says what became of the rollback of a change that was ordered at that time.
	TraceRollback(ctx context.Context, change string, since time.Time) fate.Fate
	// Owner names the component that a root, or the root of a recorded change, belongs to; empty for none.
	Owner(a sdk.Action) string
}

// WithChanges returns an Actor that can also change files.
func (a *Actor) WithChanges(c Changes) *Actor {
	b := *a
	b.changes = c
	return &b
}

var errNoChanges = errors.New("this host cannot change files, so the whole proposal is refused")

// checkFiles checks an action that touches files.
func (a *Actor) checkFiles(action sdk.Action) error {
	if a.changes == nil {
		return errNoChanges
	}
	switch action := action.(type) {
	case sdk.SubmitChange:
		return a.changes.CheckChange(action)
	case sdk.RollbackChange:
		return a.changes.CheckRollback(action)
	case sdk.SetParameters:
		if err := a.exists(action.Component); err != nil {
			return err
		}
		return a.changes.CheckParameters(action)
	}
	return errNoChanges
}

// doFiles carries out a change of files that has passed its check; the receipt is the change's id.
func (a *Actor) doFiles(ctx context.Context, key string, action sdk.Action, reason string) (text, receipt string, err error) {
	switch action := action.(type) {
	case sdk.SubmitChange:
		if action.Reason == "" {
			action.Reason = reason
		}
		receipt, err = a.changes.SubmitChange(ctx, key, action)
	case sdk.SetParameters:
		receipt, err = a.changes.SetParameters(ctx, key, action, reason)
	}
	if err != nil {
		return "", "", err // what the pipeline could not apply it has taken back itself
	}
	return fmt.Sprintf("change %s is applied and watched", receipt), receipt, nil
}
