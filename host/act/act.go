// Package act carries out the actions of accepted proposals on the components
// of this host.
//
// It owns what each action does here, its undo, its reversibility and cost, and
// the check of a proposal against what exists and what the operator has
// declared. It decides neither whether nor when to act: healing does. An Actor
// holds no state of its own and may be used from several goroutines; orders to
// one component are put in line by the component itself.
package act

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/homeostat/homeostat/host/component"
	"github.com/homeostat/homeostat/sdk"
)

// Components is what actions are done to.
type Components interface {
	Start(ctx context.Context, name string, o component.Order) (component.Result, error)
	Stop(ctx context.Context, name string, o component.Order) (component.Result, error)
	Restart(ctx context.Context, name string, o component.Order) (component.Result, error)
	Reload(ctx context.Context, name string, o component.Order) (component.Result, error)
	Status(name string) (component.Status, bool)
	// Await returns when the orders of the component that were given before are
	// over, those of an earlier daemon included.
	Await(ctx context.Context, name string) error
}

// Actor carries actions out. Use New.
type Actor struct {
	components Components
	declared   func(component string) map[string]Command
	changes    Changes // nil where files cannot be changed
	links      Links   // nil where no link can be opened
}

// New returns an Actor. Declared returns the operator's commands of a
// component by name; it is called for each use, because a reload changes them.
// It may be nil when there are none.
func New(components Components, declared func(component string) map[string]Command) *Actor {
	if declared == nil {
		declared = func(string) map[string]Command { return nil }
	}
	return &Actor{components: components, declared: declared}
}

// Check reports why the proposal as a whole cannot be carried out on this
// host, naming every action that cannot. Nothing is done.
func (a *Actor) Check(p sdk.Proposal) error {
	if err := p.Validate(); err != nil {
		return err
	}
	var problems []error
	for i, action := range p.Actions {
		if err := a.check(action); err != nil {
			problems = append(problems, fmt.Errorf("action %d, %s %s: %w", i+1, action.Kind(), action.Target(), err))
		}
	}
	return errors.Join(problems...)
}

func (a *Actor) check(action sdk.Action) error {
	switch action := action.(type) {
	case sdk.Wait, sdk.HandOver:
		if action.Target() == sdk.HostComponent {
			return nil // the machine itself can be waited for, and left to a person
		}
		return a.exists(action.Target())
	case sdk.Start, sdk.Stop, sdk.Restart, sdk.Reload:
		return a.exists(action.Target())
	case sdk.RunDeclared:
		return a.checkDeclared(action)
	case sdk.SubmitChange, sdk.RollbackChange, sdk.SetParameters:
		return a.checkFiles(action)
	case sdk.OpenLink:
		return a.checkLink(action.From, action.To)
	case sdk.CloseLink:
		return a.checkLink(action.From, action.To)
	}
	return fmt.Errorf("this host cannot carry out %s yet, so the whole proposal is refused", action.Kind())
}

func (a *Actor) exists(name string) error {
	if _, ok := a.components.Status(name); !ok {
		return fmt.Errorf("component %q: there is none of that name", name)
	}
	return nil
}

func (a *Actor) checkDeclared(r sdk.RunDeclared) error {
	if err := a.exists(r.Component); err != nil {
		return err
	}
	if _, ok := a.declared(r.Component)[r.Name]; !ok {
		return fmt.Errorf("command %q of component %s is not declared in the configuration, and only declared commands are run", r.Name, r.Component)
	}
	return nil
}

// Do carries one action out and says what was done. The key names the order, for
// Trace; the reason goes into the component's events. The action has ended when
// Do returns. The receipt is what
// Undo needs to take it back, empty where nothing does; it comes with an error
// when something was done all the same.
func (a *Actor) Do(ctx context.Context, key string, action sdk.Action, reason string) (text, receipt string, err error) {
	if err := a.check(action); err != nil {
		return "", "", err
	}
	switch action := action.(type) {
	case sdk.SubmitChange, sdk.SetParameters:
		return a.doFiles(ctx, key, action, reason)
	case sdk.Stop:
		text, err = told(a.components.Stop(ctx, action.Component, component.Order{Reason: reason, Grace: action.Grace}))
		if err == nil {
			receipt = receiptDone
		}
		return text, receipt, err
	case sdk.RunDeclared:
		c := a.declared(action.Component)[action.Name]
		if len(c.Undo) > 0 {
			receipt = key
		}
		text, err = c.Marked(key).Run(ctx)
		return text, receipt, err
	case sdk.OpenLink, sdk.CloseLink:
		return a.doLink(ctx, action, reason)
	}
	text, err = a.doPlain(ctx, action, reason)
	return text, "", err
}

// receiptDone is the receipt of an action that needs no more than its own
// fields to be taken back.
const receiptDone = "done"

// doPlain carries out what nothing takes back.
func (a *Actor) doPlain(ctx context.Context, action sdk.Action, reason string) (string, error) {
	switch action := action.(type) {
	case sdk.Start:
		return told(a.components.Start(ctx, action.Component, component.Order{Reason: reason}))
	case sdk.Restart:
		return told(a.components.Restart(ctx, action.Component, component.Order{Reason: reason, Grace: action.Grace}))
	case sdk.Reload:
		return told(a.components.Reload(ctx, action.Component, component.Order{Reason: reason}))
	case sdk.RollbackChange:
		return a.changes.RollbackChange(ctx, action, reason)
	case sdk.Wait:
		return wait(ctx, action.For)
	case sdk.HandOver:
		return "left to a person: " + action.Message, nil
	}
	panic("an action passed its check and has no hand: " + string(action.Kind()))
}

// told puts an order's result in a sentence.
func told(r component.Result, err error) (string, error) {
	text := r.Text
	if len(r.Rungs) > 0 {
		text += " (" + strings.Join(r.Rungs, ", ") + ")"
	}
	if r.PID != 0 {
		text += fmt.Sprintf("; process %d runs after %v", r.PID, r.Took.Round(time.Millisecond))
	}
	return text, err
}

func wait(ctx context.Context, span time.Duration) (string, error) {
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-timer.C:
		return fmt.Sprintf("waited %v", span), nil
	case <-ctx.Done():
		return "", fmt.Errorf("wait %v: %w", span, context.Cause(ctx))
	}
}
