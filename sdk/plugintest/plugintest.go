// Package plugintest helps authors to test their plugins: it serves a plugin in
// memory, builds windows, and holds the suites that every detector and every
// strategy should pass.
//
// It owns no rule of its own: the suites check what package sdk promises to the
// host. Everything in it is for the goroutine of one test.
package plugintest

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/homeostat/homeostat/sdk/serve"
	"github.com/homeostat/homeostat/sdk/wire"
)

// Deadline bounds every call that a Harness makes. It is generous: it finds
// plugins that hang and does not judge speed.
const Deadline = 30 * time.Second

// Harness speaks to a plugin as the host does, over the same messages, without a
// process.
type Harness struct {
	*wire.Client
	t testing.TB
}

// Serve serves a fresh instance of p until the end of the test. It is not
// configured yet.
func Serve(t testing.TB, p *serve.Plugin) *Harness {
	t.Helper()
	const buffer = 1 << 20
	listener := bufconn.Listen(buffer)
	server := grpc.NewServer(grpc.MaxRecvMsgSize(wire.MaxMessage), grpc.MaxSendMsgSize(wire.MaxMessage))
	p.Register(server, hclog.NewNullLogger())
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	options := append(wire.DialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	conn, err := grpc.NewClient("passthrough:///memory", options...)
	if err != nil {
		t.Fatalf("connect to the plugin in memory: %v", err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		server.Stop()
		if err := <-served; err != nil {
			t.Errorf("serve the plugin in memory: %v", err)
		}
	})
	return &Harness{Client: wire.NewClient(conn), t: t}
}

// Configured serves p and hands it the configuration. A refusal fails the test.
func Configured(t testing.TB, p *serve.Plugin, toml string) *Harness {
	t.Helper()
	h := Serve(t, p)
	if _, err := h.Configure(h.ctx(), []byte(toml), seed); err != nil {
		t.Fatalf("the configuration was refused: %v", err)
	}
	return h
}

// seed is given to every plugin under test, so that its runs can be repeated.
const seed = 42

// ctx bounds one call; it ends with the test at the latest.
func (h *Harness) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), Deadline)
	h.t.Cleanup(cancel)
	return ctx
}
