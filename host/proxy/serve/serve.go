// Package serve is the proxy's own process: one link, its listener and its
// control socket, until it is told to end.
//
// It owns the life of that process and the rights that it gives up. It is run by
// `homeostat proxy`, by hand or by the daemon, which it outlives. Run is called
// once, from one goroutine.
package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/proxy/circuit"
	"github.com/homeostat/homeostat/host/proxy/control"
	"github.com/homeostat/homeostat/host/proxy/forward"
	"github.com/homeostat/homeostat/host/proxy/spec"
	"github.com/homeostat/homeostat/host/proxy/stats"
)

// Options are what a proxy is made of.
type Options struct {
	Spec    spec.Spec
	Version string
	Log     hclog.Logger
	// Listener takes callers, Control the daemon; Control may be nil. Both are
	// closed by Run.
	Listener, Control net.Listener
	// Begin is where the circuit stands at first; the zero Order is closed.
	Begin circuit.Order
}

// process is control.Proxy.
type process struct {
	opt     Options
	circuit *circuit.Circuit
	stats   *stats.Recorder
	forward *forward.Forwarder
	started time.Time
	guards  []string

	once  sync.Once
	drain chan struct{}
}

// Run serves until the context ends or the daemon says so, lets what runs come
// to its end within the link's drain time, and returns.
func Run(ctx context.Context, opt Options) error {
	p := &process{
		opt: opt, circuit: circuit.New(opt.Spec.Retry), stats: stats.New(opt.Spec.MaxLatency),
		started: time.Now(), drain: make(chan struct{}),
	}
	if opt.Begin.State != "" {
		p.circuit.Obey(opt.Begin, p.started)
	}
	p.forward = forward.New(opt.Spec, p.circuit, p.stats)
	defer p.forward.Close()
	var err error
	if p.guards, err = confine(opt.Spec); err != nil {
		return errors.Join(fmt.Errorf("give up rights: %w", err), p.closeListeners())
	}
	opt.Log.Info("proxy serves", "link", opt.Spec.Name(), "listen", opt.Spec.Listen, "target", opt.Spec.Target,
		"type", opt.Spec.Type, "circuit", p.circuit.Status(p.started).State, "guards", p.guards)
	var running sync.WaitGroup
	defer running.Wait()
	if opt.Control != nil {
		server := control.NewServer(p)
		running.Go(func() { _ = server.Serve(opt.Control) })
		defer server.Close()
	}
	served := make(chan error, 1)
	running.Go(func() { served <- p.forward.Serve(opt.Listener) })
	select {
	case <-ctx.Done():
	case <-p.drain:
	case err := <-served:
		return err
	}
	opt.Log.Info("proxy ends, what runs may come to its end", "running", p.stats.Snapshot(time.Now()).Running, "drain", opt.Spec.Drain)
	opt.Listener.Close()
	p.Drain()
	p.forward.Drain()
	return nil
}

func (p *process) closeListeners() error {
	p.opt.Listener.Close()
	if p.opt.Control != nil {
		p.opt.Control.Close()
	}
	return nil
}

// Status tells all about the proxy.
func (p *process) Status() control.Status {
	now := time.Now()
	s := control.Status{
		PID: os.Getpid(), Version: p.opt.Version, Started: p.started, Spec: p.opt.Spec,
		Circuit: p.circuit.Status(now), Stats: p.stats.Snapshot(now), Guards: p.guards,
	}
	select {
	case <-p.drain:
		s.Draining = true
	default:
	}
	return s
}

// Obey carries an order to the circuit out.
func (p *process) Obey(o circuit.Order) {
	p.forward.Obey(o, time.Now())
	p.opt.Log.Info("order to the link", "link", p.opt.Spec.Name(), "state", o.State, "hold", o.Hold, "reason", o.Reason)
}

// Drain begins to end the proxy.
func (p *process) Drain() { p.once.Do(func() { close(p.drain) }) }
