package act

import (
	"context"
	"fmt"
	"slices"

	"github.com/homeostat/homeostat/host/component"
	"github.com/homeostat/homeostat/sdk"
)

// Undo takes back an action that Do has carried out, with Do's receipt. To take
// back what is taken back already is no error.
func (a *Actor) Undo(ctx context.Context, action sdk.Action, receipt, reason string) (string, error) {
	switch action := action.(type) {
	case sdk.Stop:
		return told(a.components.Start(ctx, action.Component, component.Order{Reason: reason}))
	case sdk.RunDeclared:
		return a.undoDeclared(ctx, action, receipt)
	case sdk.SubmitChange, sdk.SetParameters:
		return a.undoFiles(ctx, receipt, reason)
	case sdk.OpenLink, sdk.CloseLink:
		return a.undoLink(ctx, action, reason)
	}
	return "", fmt.Errorf("%s %s has no undo", action.Kind(), action.Target())
}

// undoDeclared runs the undo of a command, after what is left of the command, or
// of an undo that was cut off.
func (a *Actor) undoDeclared(ctx context.Context, r sdk.RunDeclared, key string) (string, error) {
	c, ok := a.declared(r.Component)[r.Name]
	if !ok || len(c.Undo) == 0 {
		return "", fmt.Errorf("command %q of component %s has no undo in the configuration any more", r.Name, r.Component)
	}
	if err := endLeftovers(key); err != nil {
		return "", err
	}
	c.Command = c.Undo
	return c.Marked(key).Run(ctx)
}

// undoFiles rolls a change back. The pipeline may have done so before, for it
// watches the same component.
func (a *Actor) undoFiles(ctx context.Context, id, reason string) (string, error) {
	if a.changes == nil {
		return "", errNoChanges
	}
	back := sdk.RollbackChange{Change: id}
	if err := a.changes.CheckRollback(back); err != nil {
		return fmt.Sprintf("there is nothing to roll back: %v", err), nil
	}
	return a.changes.RollbackChange(ctx, back, reason)
}

// Targets lists the components that a proposal is done to, in its order: whom
// it starts, stops or moves, and who owns the files that it changes. Files that
// no component owns belong to the host. A link is done to its caller, or to the
// callee where that is hit and the caller is not.
func (a *Actor) Targets(p sdk.Proposal, hit []string) []string {
	var out []string
	for _, action := range p.Actions {
		name := action.Target()
		switch action := action.(type) {
		case sdk.Wait, sdk.HandOver:
			continue
		case sdk.SubmitChange, sdk.RollbackChange:
			name = a.owner(action)
		case sdk.OpenLink:
			name = end(action.From, action.To, hit)
		case sdk.CloseLink:
			name = end(action.From, action.To, hit)
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

func end(from, to string, hit []string) string {
	if !slices.Contains(hit, from) && slices.Contains(hit, to) {
		return to
	}
	return from
}

func (a *Actor) owner(action sdk.Action) string {
	if a.changes != nil {
		if name := a.changes.Owner(action); name != "" {
			return name
		}
	}
	return sdk.HostComponent
}
