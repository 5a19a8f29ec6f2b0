package links

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/breaker"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/host/proxy"
	"github.com/homeostat/homeostat/host/proxy/circuit"
	"github.com/homeostat/homeostat/host/proxy/spec"
	"github.com/homeostat/homeostat/host/proxy/stats"
)

// Service is api.Links.
type Service struct{ Of *Links }

// Links lists the declared links in the order of the configuration.
func (s Service) Links() []api.Link {
	var out []api.Link
	for _, link := range s.Of.opt.Settings().Links {
		out = append(out, s.view(link))
	}
	return out
}

// Link returns one.
func (s Service) Link(from, to string) (api.Link, error) {
	link, ok := s.Of.find(from, to)
	if !ok {
		return api.Link{}, notDeclared(from, to)
	}
	return s.view(link), nil
}

func notDeclared(from, to string) error {
	return &api.Problem{
		Status: http.StatusNotFound, Detail: fmt.Sprintf("there is no link %s", spec.Name(from, to)), Hint: "see `homeostat link list`",
	}
}

// OpenLink is a person's order: the link stays open until they close it, unless
// they ask for trials.
func (s Service) OpenLink(ctx context.Context, from, to string, o api.LinkOrder) (string, error) {
	return s.ordered(ctx, from, to, circuit.Order{State: breaker.Open, Hold: !o.Trials, Reason: o.Reason})
}

// CloseLink closes a link at once, or by trials.
func (s Service) CloseLink(ctx context.Context, from, to string, o api.LinkOrder) (string, error) {
	order := circuit.Order{State: breaker.Closed, Reason: o.Reason}
	if o.Trials {
		order.State = breaker.HalfOpen
	}
	return s.ordered(ctx, from, to, order)
}

func (s Service) ordered(ctx context.Context, from, to string, o circuit.Order) (string, error) {
	if _, ok := s.Of.find(from, to); !ok {
		return "", notDeclared(from, to)
	}
	if err := s.Of.CheckLink(from, to); err != nil {
		return "", &api.Problem{Status: http.StatusConflict, Detail: err.Error()}
	}
	if o.Reason == "" {
		o.Reason = "ordered by " + api.Actor(ctx)
	}
	fields := map[string]any{"from": from, "to": to, "state": string(o.State), "hold": o.Hold, "reason": o.Reason}
	if err := s.Of.opt.Audit(api.Actor(ctx), "link.order", fields); err != nil {
		return "", fmt.Errorf("order the link %s: write the audit record: %w; nothing was done", spec.Name(from, to), err)
	}
	text, err := s.Of.order(ctx, from, to, o)
	if errors.Is(err, proxy.ErrDown) {
		err = &api.Problem{Status: http.StatusConflict, Detail: err.Error(), Hint: "it is started again by itself; see `homeostat link show`"}
	}
	return text, err
}

func (s Service) view(link config.Link) api.Link {
	out := api.Link{From: link.From, To: link.To, Control: "none", State: string(breaker.Closed)}
	state, ok := s.Of.opt.Proxies.State(link.From, link.To)
	switch {
	case ok:
		c := state.Status.Circuit
		out.Control, out.State, out.Since, out.Hold, out.Reason = "proxy", string(c.State), instant(c.Since), c.Hold, c.Reason
		out.TryAt, out.Proxy = instant(c.TryAt), proxyOf(state)
	case len(link.OpenCommand) > 0:
		out.Control = "command"
		if c, open := s.Of.commandedOf(spec.Name(link.From, link.To)); open {
			out.State, out.Since, out.Hold, out.Reason = string(breaker.Open), instant(c.At), c.Hold, c.Reason
		}
	}
	return out
}

func proxyOf(s proxy.State) *api.LinkProxy {
	return &api.LinkProxy{
		Listen: s.Spec.Listen, Target: s.Spec.Target, Type: string(s.Spec.Type), Running: s.Running, PID: s.Status.PID,
		Version: s.Status.Version, Started: instant(s.Status.Started), Problem: s.Problem, Guards: s.Status.Guards,
		Stats: statsOf(s.Status.Stats),
	}
}

func statsOf(s stats.Stats) api.LinkStats {
	out := api.LinkStats{
		Requests: s.Requests, Ended: map[string]uint64{}, Errors: s.Errors, Slow: s.Slow, Refused: s.Refused,
		Connections: s.Connections, ToTarget: s.ToTarget, FromTarget: s.FromTarget,
		Recent: s.Recent.Requests, RecentBad: s.Recent.Bad, P50: s.Recent.P50, P90: s.Recent.P90, P99: s.Recent.P99,
	}
	for class, n := range s.Ended {
		out.Ended[string(class)] = n
	}
	return out
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
