package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/hashicorp/go-plugin"

	"github.com/homeostat/homeostat/host/plugin/runner"
	"github.com/homeostat/homeostat/sdk/wire"
)

// instance is one running process of a plugin with the connection to it.
type instance struct {
	generation  uint64
	process     *runner.Process
	conn        *grpc.ClientConn
	wire        *wire.Client
	description wire.Description
	lookBack    time.Duration
	started     time.Time
	socketDir   string

	// calls and pulses count calls of the author's code and health calls that got
	// no answer in time. They are apart: a plugin that nobody asks must not
	// gather health misses over days, nor one that hangs in a call be saved by
	// its healthy pulse.
	calls  tally
	pulses tally
	// hung gets one value when there were too many misses in a row.
	hung chan struct{}
}

// launch starts a process and brings it to the point where it is configured.
// The context bounds all of it.
func launch(ctx context.Context, o Options) (*instance, error) {
	return connect(ctx, o, (*instance).configure)
}

// connect starts a process, speaks the handshake and lets prepare make the
// first calls. When anything fails, nothing of the process is left.
func connect(ctx context.Context, o Options, prepare func(*instance, context.Context, Options) error) (*instance, error) {
	ctx, cancel := context.WithTimeout(ctx, o.StartTimeout)
	defer cancel()
	begin := time.Now()
	starting := newLaunching(o.Launch, o.StartTimeout)
	addr, err := starting.handshake(ctx)
	if err != nil {
		return nil, starting.abandon(ctx, err, o.Timing.StopGrace)
	}
	conn, err := starting.dial(addr)
	if err != nil {
		return nil, starting.abandon(ctx, err, o.Timing.StopGrace)
	}
	i := &instance{
		process: starting.started(), conn: conn, wire: wire.NewClient(conn), started: begin,
		socketDir: starting.socketDir, hung: make(chan struct{}, 1),
	}
	if err := prepare(i, ctx, o); err != nil {
		_ = conn.Close()
		return nil, starting.abandon(ctx, err, o.Timing.StopGrace)
	}
	return i, nil
}

// Describe starts a plugin once, asks what it is, and ends it. The plugin is
// given o.TOML; a *wire.ConfigError says that it refused that, and the
// description is valid nevertheless. Of the options Launch, TOML, Seed,
// StartTimeout and Timing are used.
func Describe(ctx context.Context, o Options) (wire.Description, error) {
	var description wire.Description
	var refused *wire.ConfigError
	i, err := connect(ctx, o, func(i *instance, ctx context.Context, o Options) error {
		_, err := i.wire.Configure(ctx, o.TOML, o.Seed)
		if err != nil && !errors.As(err, &refused) {
			return err
		}
		description, err = i.wire.Describe(ctx)
		return err
	})
	if err != nil {
		return wire.Description{}, err
	}
	if err := i.end(o.Timing.StopGrace); err != nil {
		return wire.Description{}, err
	}
	if refused != nil {
		return description, refused
	}
	return description, nil
}

// configure asks what the plugin is, refuses the wrong kind, and hands over
// configuration and state.
func (i *instance) configure(ctx context.Context, o Options) error {
	d, err := i.wire.Describe(ctx)
	if err != nil {
		return err
	}
	if d.Kind != o.Kind {
		return &Refusal{Err: fmt.Errorf("it is a %s, the configuration says %s: correct kind or path", d.Kind, o.Kind)}
	}
	configured, err := i.wire.Configure(ctx, o.TOML, o.Seed)
	var config *wire.ConfigError
	if errors.As(err, &config) {
		return &Refusal{Err: fmt.Errorf("it refused its configuration: %w", err)}
	}
	if err != nil {
		return err
	}
	i.lookBack = configured.LookBack
	// Only now it is known what the configured plugin can do.
	if i.description, err = i.wire.Describe(ctx); err != nil {
		return err
	}
	if i.description.Has(wire.FeatureState) {
		return i.loadState(ctx, o)
	}
	return nil
}

// loadState hands over what was saved. A state that is damaged or refused is
// set aside, and the plugin starts fresh.
func (i *instance) loadState(ctx context.Context, o Options) error {
	state, err := o.States.LoadState(o.Launch.Name)
	if err == nil && state == nil {
		return nil
	}
	if err == nil {
		err = i.wire.LoadState(ctx, state)
	}
	var refused *wire.StateRefused
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused), o.States.Damaged(err):
		aside, asideError := o.States.SetAside(o.Launch.Name)
		o.Log.Warn("plugin starts without its saved state", "why", err, "kept_as", aside, "error", asideError)
		return nil
	}
	return err
}

// healthy makes one health call. It goes past the turn of the author's code, so
// a long calculation is no hang.
func (i *instance) healthy(ctx context.Context) error {
	_, err := grpc_health_v1.NewHealthClient(i.conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: plugin.GRPCServiceName})
	return err
}

// tally counts misses in a row. It may be used by several goroutines.
type tally struct{ count atomic.Int32 }

// miss notes a call without an answer and reports whether it was one too many.
func (t *tally) miss(limit int) bool { return int(t.count.Add(1)) >= limit }

// answered notes a call that had an answer.
func (t *tally) answered() { t.count.Store(0) }

func (i *instance) giveUp() {
	select {
	case i.hung <- struct{}{}:
	default:
	}
}

// end closes the plugin kindly, then by force, and waits for it.
func (i *instance) end(grace time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	_ = i.wire.Close(ctx)
	cancel()
	err := i.process.End(grace)
	_ = i.conn.Close()
	return errors.Join(err, os.RemoveAll(i.socketDir))
}
