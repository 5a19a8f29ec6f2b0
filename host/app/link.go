package app

import (
	"context"
	"time"

	"github.com/homeostat/homeostat/host/app/links"
	"github.com/homeostat/homeostat/host/proxy"
	"github.com/homeostat/homeostat/host/proxy/control"
	"github.com/homeostat/homeostat/sdk"
)

// openLinks opens what keeps the proxies of links. None is started yet.
func (a *App) openLinks(ctx context.Context) error {
	dir, err := a.state.Sub("proxies")
	if err != nil {
		return err
	}
	a.proxies, err = proxy.New(proxy.Options{
		Dir: dir, Log: a.log.Named("proxy"), Tell: a.linkHappened,
		Measured: func(s control.Status) { a.observer.Measured(s.Spec.From, links.Samples(s)) },
	})
	if err != nil {
		return err
	}
	a.circuits, err = links.New(ctx, links.Options{Proxies: a.proxies, Settings: a.current, Memory: a.records, Audit: a.record})
	return err
}

// linkWarnings are the events of links that an operator should know of at once.
var linkWarnings = map[string]bool{"ended": true, "hung": true, "failed": true, "open": true}

// linkHappened takes in an event of a link. It is called from the goroutines of
// the proxies.
func (a *App) linkHappened(e proxy.Event) {
	say := a.log.Info
	if linkWarnings[e.What] {
		say = a.log.Warn
	}
	say("link", "from", e.From, "to", e.To, "event", e.What, "text", e.Text)
	fields := map[string]any{"from": e.From, "to": e.To, "text": e.Text}
	if err := a.record("proxy", "link."+e.What, fields); err != nil {
		a.log.Error("an event of a link is not in the audit log", "from", e.From, "to", e.To, "event", e.What, "error", err)
	}
	a.server.Events().Publish("link", map[string]any{
		"at": e.At.UTC().Format(time.RFC3339Nano), "from": e.From, "to": e.To, "event": e.What, "text": e.Text,
	})
	a.observer.Event(sdk.Event{Time: e.At, Component: e.From, Type: sdk.EventAction, Text: "link to " + e.To + ": " + e.Text})
}
