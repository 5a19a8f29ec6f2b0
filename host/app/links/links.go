// Package links opens and closes the links of the host: by the proxies that
// host/proxy keeps, or by commands that the operator has declared.
//
// It owns which way a link has, what the API, the detectors and the strategies
// see of it, and the memory of what commands have opened. A Links may be used
// from several goroutines.
package links

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/homeostat/homeostat/host/act"
	"github.com/homeostat/homeostat/host/breaker"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/host/history"
	"github.com/homeostat/homeostat/host/proxy"
	"github.com/homeostat/homeostat/host/proxy/circuit"
	"github.com/homeostat/homeostat/host/proxy/spec"
	"github.com/homeostat/homeostat/sdk"
)

// Memory keeps a value durably by its key, as history.Records does.
type Memory interface {
	Setting(ctx context.Context, key string) ([]byte, error)
	Set(ctx context.Context, key string, value []byte) error
}

// Options are what a Links needs. All are required.
type Options struct {
	Proxies  *proxy.Set
	Settings func() *config.Settings
	Memory   Memory
	// Audit writes who ordered what before it is done.
	Audit func(actor, kind string, fields map[string]any) error
}

// Links opens and closes links. Use New.
type Links struct {
	opt Options

	mu     sync.Mutex
	opened map[string]commanded // under mu; links that commands have opened, by name
}

// commanded is what is remembered of a link that a command has opened.
type commanded struct {
	At     time.Time `json:"at"`
	Hold   bool      `json:"hold"`
	Reason string    `json:"reason"`
	// Unsure reports that the command was begun and not seen to end.
	Unsure bool `json:"unsure,omitempty"`
}

const memoryKey = "links_opened"

// New reads which links commands have opened.
func New(ctx context.Context, opt Options) (*Links, error) {
	l := &Links{opt: opt, opened: map[string]commanded{}}
	data, err := opt.Memory.Setting(ctx, memoryKey)
	if errors.Is(err, history.ErrNotFound) {
		return l, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &l.opened)
	}
	if err != nil {
		return nil, fmt.Errorf("read which links are open: %w", err)
	}
	return l, nil
}

// Wanted returns the links that are to have a proxy.
func Wanted(settings *config.Settings) []proxy.Link {
	var out []proxy.Link
	for _, l := range settings.Links {
		if l.Listen == "" {
			continue
		}
		out = append(out, proxy.Link{Ends: l.OnExit == "stop", Spec: spec.Spec{
			From: l.From, To: l.To, Listen: string(l.Listen), Target: string(l.Target), Type: spec.Type(l.Type),
			MaxConnections: l.MaxConnections, DialTimeout: l.DialTimeout, IdleTimeout: l.IdleTimeout,
			MaxLatency: l.MaxLatency, Retry: l.Retry, Drain: l.Drain,
		}})
	}
	return out
}

func (l *Links) find(from, to string) (config.Link, bool) {
	for _, link := range l.opt.Settings().Links {
		if link.From == from && link.To == to {
			return link, true
		}
	}
	return config.Link{}, false
}

// CheckLink reports why a link can be neither opened nor closed.
func (l *Links) CheckLink(from, to string) error {
	link, ok := l.find(from, to)
	switch {
	case !ok:
		return fmt.Errorf("the link %s is not declared", spec.Name(from, to))
	case link.Listen == "" && len(link.OpenCommand) == 0:
		return fmt.Errorf("the link %s has neither listen nor open_command, so nothing can open it", spec.Name(from, to))
	}
	return nil
}

// OpenLink opens a link until trials go well; where commands do it, until it is
// closed. One that is open already stays as it is.
func (l *Links) OpenLink(ctx context.Context, from, to, reason string) (text string, changed bool, err error) {
	if c := l.circuit(from, to); c != nil && c.State == sdk.CircuitOpen {
		return fmt.Sprintf("the link %s is open already", spec.Name(from, to)), false, nil
	}
	text, err = l.order(ctx, from, to, circuit.Order{State: breaker.Open, Reason: reason})
	return text, err == nil, err
}

// TraceLink says what is known of a link and of a recovery's order to it.
func (l *Links) TraceLink(from, to, recovery string) act.LinkTrace {
	ours := func(reason string) bool { return strings.HasPrefix(reason, recovery+" ") }
	if s, ok := l.opt.Proxies.State(from, to); ok {
		c := s.Status.Circuit
		if !s.Running {
			return act.LinkTrace{Err: fmt.Errorf("the proxy of the link %s does not answer yet", spec.Name(from, to))}
		}
		return act.LinkTrace{Open: c.State != breaker.Closed, Ours: ours(c.Reason)}
	}
	c, open := l.commandedOf(spec.Name(from, to))
	return act.LinkTrace{Open: open, Ours: open && ours(c.Reason), Unsure: open && c.Unsure}
}

// CloseLink begins to close a link: by trials, where it has a proxy. A link that
// a person holds is left to them.
func (l *Links) CloseLink(ctx context.Context, from, to, reason string) (text string, changed bool, err error) {
	switch c := l.circuit(from, to); {
	case c == nil:
	case c.State == sdk.CircuitClosed:
		return fmt.Sprintf("the link %s is closed already", spec.Name(from, to)), false, nil
	case c.State == sdk.CircuitHalfOpen:
		return fmt.Sprintf("the link %s is being tried already", spec.Name(from, to)), false, nil
	case c.Hold:
		return "", false, fmt.Errorf("the link %s is held open by a person", spec.Name(from, to))
	}
	text, err = l.order(ctx, from, to, circuit.Order{State: breaker.HalfOpen, Reason: reason})
	return text, err == nil, err
}

// ReleaseLink closes a link at once, unless a person holds it open by now.
func (l *Links) ReleaseLink(ctx context.Context, from, to, reason string) (string, error) {
	switch c := l.circuit(from, to); {
	case c == nil:
	case c.State == sdk.CircuitClosed:
		return fmt.Sprintf("the link %s is closed already", spec.Name(from, to)), nil
	case c.Hold:
		return fmt.Sprintf("the link %s is held open by a person, and stays so", spec.Name(from, to)), nil
	}
	return l.order(ctx, from, to, circuit.Order{State: breaker.Closed, Reason: reason})
}

func (l *Links) order(ctx context.Context, from, to string, o circuit.Order) (string, error) {
	if err := l.CheckLink(from, to); err != nil {
		return "", err
	}
	link, _ := l.find(from, to)
	if link.Listen == "" {
		return l.command(ctx, link, o)
	}
	s, err := l.opt.Proxies.Order(ctx, from, to, o)
	if err != nil {
		return "", err
	}
	switch s.Circuit.State {
	case breaker.Open:
		return fmt.Sprintf("the link %s is open: callers are refused at once", s.Spec.Name()), nil
	case breaker.HalfOpen:
		return fmt.Sprintf("the link %s lets one request at a time through; it closes when trials go well", s.Spec.Name()), nil
	default:
		return fmt.Sprintf("the link %s is closed: everything passes", s.Spec.Name()), nil
	}
}

// command runs the declared command of a link without a proxy. What it opens or
// closes is remembered before it begins, as unsure: a daemon that is killed in
// between never forgets an open link, and counts it as open until a command has
// closed it.
func (l *Links) command(ctx context.Context, link config.Link, o circuit.Order) (string, error) {
	argv := link.CloseCommand
	if o.State == breaker.Open {
		argv = link.OpenCommand
	}
	name := spec.Name(link.From, link.To)
	before, was := l.commandedOf(name)
	during := commanded{At: time.Now(), Hold: o.Hold, Reason: o.Reason, Unsure: true}
	if err := l.remember(ctx, name, &during); err != nil {
		return "", err
	}
	text, err := act.Command{Command: argv, Dir: filepath.Dir(l.opt.Settings().File)}.Run(ctx)
	after := &during
	switch {
	case err != nil && was:
		after = &before
	case err != nil, o.State != breaker.Open:
		after = nil
	}
	during.Unsure = false
	// What the command has done is kept in any case.
	return text, errors.Join(err, l.remember(context.WithoutCancel(ctx), name, after))
}

// remember keeps that commands have opened a link, or, with nil, that it is
// closed.
func (l *Links) remember(ctx context.Context, name string, c *commanded) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c == nil {
		delete(l.opened, name)
	} else {
		l.opened[name] = *c
	}
	data, err := json.Marshal(l.opened)
	if err == nil {
		err = l.opt.Memory.Set(ctx, memoryKey, data)
	}
	if err != nil {
		return fmt.Errorf("remember the state of the link %s: %w", name, err)
	}
	return nil
}

func (l *Links) commandedOf(name string) (commanded, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := l.opened[name]
	return c, ok
}
