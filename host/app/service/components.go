package service

import (
	"cmp"
	"context"
	"fmt"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/app/translate"
	"github.com/homeostat/homeostat/host/component"
	"github.com/homeostat/homeostat/host/heal"
	"github.com/homeostat/homeostat/sdk"
)

// Facts are what the settings say of components; they change with a reload.
type Facts interface {
	DependsOn(component string) []string
	Mode(component string) string
	RestartOrders(component string) int
}

// Components is api.Components.
type Components struct {
	Set    *component.Set
	Healer *heal.Healer
	Facts  Facts
	// Ordered is told before an operator's order is carried out, for the audit
	// log; an error stops the order.
	Ordered func(ctx context.Context, order api.Order, name, reason string) error
	// Happened reads the events of a component, the newest first.
	Happened func(ctx context.Context, name string, limit int) ([]sdk.Event, error)
}

// Components lists all components.
func (c Components) Components() []api.Component { return convert(c.Set.Statuses(), c.view) }

// Component returns one component.
func (c Components) Component(name string) (api.Component, error) {
	status, ok := c.Set.Status(name)
	if !ok {
		return api.Component{}, notFound("component", name)
	}
	return c.view(status), nil
}

func (c Components) view(s component.Status) api.Component {
	incident, next := c.Healer.Next(s.Name)
	return api.Component{
		ComponentStatus: translate.Status(s), RestartOrders: c.Facts.RestartOrders(s.Name), NextTryAt: next,
		OpenIncident: incident, DependsOn: c.Facts.DependsOn(s.Name), Mode: c.Facts.Mode(s.Name),
		KeptDown: c.keptDown(s),
	}
}

// Events reads what happened to a component. One that is no longer declared has
// events for as long as they are kept.
func (c Components) Events(ctx context.Context, name string, limit int) ([]sdk.Event, error) {
	events, err := c.Happened(ctx, name, limit)
	if _, ok := c.Set.Status(name); !ok && err == nil && len(events) == 0 {
		return nil, notFound("component", name)
	}
	return events, err
}

// keptDown says where the question stands now; the component knows how it stood
// when the daemon started.
func (c Components) keptDown(s component.Status) string {
	if s.Kept == "" {
		return ""
	}
	return cmp.Or(c.Healer.Asked(s.Name), s.Kept)
}

// Order carries an operator's order out and says what was done.
func (c Components) Order(ctx context.Context, name string, order api.Order, reason string) (string, error) {
	if _, ok := c.Set.Status(name); !ok {
		return "", notFound("component", name)
	}
	if err := c.Ordered(ctx, order, name, reason); err != nil {
		return "", fmt.Errorf("%s %s: write the audit record: %w; nothing was done", order, name, err)
	}
	if reason == "" {
		reason = "ordered by " + api.Actor(ctx)
	}
	carryOut := map[api.Order]func(context.Context, string, component.Order) (component.Result, error){
		api.OrderStart: c.Set.Start, api.OrderStop: c.Set.Stop, api.OrderRestart: c.Set.Restart, api.OrderReload: c.Set.Reload,
	}[order]
	result, err := carryOut(ctx, name, component.Order{Reason: reason})
	return result.Text, problem(err)
}
