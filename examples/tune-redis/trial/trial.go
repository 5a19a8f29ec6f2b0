// Package trial puts each way to tune through the same stream of drifts, under a
// live homeostat with a redis-server of its own, and counts what it costs the
// users.
//
// It owns the order of events and the figures; package load owns the users and
// package service the server. One goroutine goes through the stream, a second one
// watches; both end with Run.
package trial

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/homeostat/homeostat/examples/harness/daemon"
	"github.com/homeostat/homeostat/examples/tune-redis/load"
	"github.com/homeostat/homeostat/examples/tune-redis/service"
)

// Options say what is tried.
type Options struct {
	// Bin is the folder with homeostat, plugins/, and strategy-guess;
	// Dir a scratch folder with a short path.
	Bin, Dir string
	Seed     uint64
	// Drift is how long each drift lasts, Calm the quiet before and after it.
	Drift, Calm time.Duration
	// EndWhenHealed ends each drift as soon as a recovery from it has counted; Drift
	// is then the longest.
	EndWhenHealed bool
	// Drifts are the names of those that the stream has; empty for all.
	Drifts []string
	// Evaluations is the budget of the search on the model.
	Evaluations int
	Say         func(line string)
}

// limits are what the users put up with: a 99th percentile that is far from both
// the usual one and Deadline, so that a busy machine does not decide.
var limits = load.Limits{P99: 150 * time.Millisecond, Errors: 0.01}

// healing are spans for a demonstration: a remedy that did not help may be
// followed by the next at once.
const healing = `hold = "3s"
reopen = "1s"
quarantine_period = "1ms"
`

// free lets any host be healthy enough: how busy it is says nothing here, and is no
// trouble for which a search would rest.
const free = `
[plugins.health.config]
defaults = false

[safety.health]
cpu_max = "100%"
memory_min_available = "0%"
disk_max = "100%"

[safety.rate]
max = 1000
per_author = 1000
per_component = 1000
`

type trial struct {
	Options
	way    string
	redis  service.Redis
	load   *load.Load
	daemon *daemon.Daemon
}

// Run puts one way through the stream.
func Run(ctx context.Context, way string, o Options) (row Row, err error) {
	t := &trial{Options: o, way: way}
	t.Dir = filepath.Join(o.Dir, way)
	if err := os.MkdirAll(t.Dir, 0o755); err != nil {
		return row, err
	}
	page, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return row, fmt.Errorf("find a free port: %w", err)
	}
	if err := t.prepare(page.Addr().String()); err != nil {
		return row, errors.Join(err, page.Close())
	}
	server := &http.Server{Handler: t.load.Page(limits), ReadHeaderTimeout: time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(page) }() // ends with Close below
	defer func() {
		if e := errors.Join(server.Close(), <-served); !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
	}()
	if err := t.start(ctx); err != nil {
		return row, err
	}
	defer func() {
		err = errors.Join(err, t.daemon.Stop())
		t.sweep(ctx)
	}()
	return t.under(ctx)
}

// sweep ends a redis-server that a killed daemon has left behind.
func (t *trial) sweep(ctx context.Context) {
	const patience = 10 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	_, _ = load.Tell(ctx, t.redis.Address, "SHUTDOWN", "NOSAVE") // it is gone as a rule, and ends without an answer
}

// prepare writes the service's files and makes its users, who are told of at the
// page.
func (t *trial) prepare(page string) error {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("find a free port: %w", err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		return err
	}
	t.redis, err = service.New(t.Dir, address, page)
	t.load = load.New(address, t.Seed, load.Mix{})
	return err
}

// start starts the daemon, which starts the service.
func (t *trial) start(ctx context.Context) error {
	tables, ladder, err := t.plugins(t.way)
	if err != nil {
		return err
	}
	model, err := t.model()
	if err != nil {
		return err
	}
	further := free + t.redis.Tables(ladder, model) + tables
	t.daemon, err = daemon.Start(ctx, daemon.Options{Bin: t.Bin, Dir: t.Dir, Further: further, Healing: healing})
	if err != nil {
		return err
	}
	return t.answers(ctx)
}

// answers waits until redis does.
func (t *trial) answers(ctx context.Context) error {
	const patience, pause = 30 * time.Second, 50 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		said, err := load.Tell(ctx, t.redis.Address, "PING")
		if err == nil && said == "PONG" {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("wait for redis to answer: it said %q: %w", said, err), t.daemon.Stop())
		case <-time.After(pause):
		}
	}
}

func sumOf(file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%w: run `make tune-redis-parts` first", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}
