// Package serve turns a detector or a strategy into a plugin program. An
// author's main is one line:
//
//	func main() { serve.Detector("ceiling", "0.1.0", New) }
//
// It owns the life of a plugin's process: the handshake, the configuration
// from struct tags (see the package settings below it), one call at a time to
// the author's code, logging, the end with its host, and what a person sees who
// runs the program by hand. It translates nothing itself (sdk/wire does) and
// judges no answer (the host does).
//
// The author's code is called by one goroutine at a time.
package serve

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/serve/settings"
	"github.com/homeostat/homeostat/sdk/wire"
)

// Plugin is a detector or a strategy that is ready to be served.
type Plugin struct {
	description wire.Description
	build       func(text []byte, env sdk.Env) (any, []wire.Problem)
	// ownOutput runs before the author's code is called for the first time.
	ownOutput func()
}

// keepOutput returns what gives the process its own standard output and error
// back. go-plugin puts pipes in their place that block when nobody streams
// them; the host reads the process's real output instead.
func keepOutput() func() {
	out, errs := os.Stdout, os.Stderr
	return func() { os.Stdout, os.Stderr = out, errs }
}

// Detector serves a detector and does not return before its host is gone. Config
// is the author's struct, build makes the detector from it.
func Detector[Config any](name, version string, build func(Config, sdk.Env) (sdk.Detector, error)) {
	NewDetector(name, version, build).main()
}

// Strategy serves a strategy and does not return before its host is gone.
func Strategy[Config any](name, version string, build func(Config, sdk.Env) (sdk.Strategy, error)) {
	NewStrategy(name, version, build).main()
}

// NewDetector describes a detector without serving it, for tests. It panics
// when the tags of Config are mistaken.
func NewDetector[Config any](name, version string, build func(Config, sdk.Env) (sdk.Detector, error)) *Plugin {
	return newPlugin(wire.Description{Name: name, Version: version, Kind: wire.KindDetector}, build)
}

// NewStrategy describes a strategy without serving it, for tests. It panics
// when the tags of Config are mistaken.
func NewStrategy[Config any](name, version string, build func(Config, sdk.Env) (sdk.Strategy, error)) *Plugin {
	return newPlugin(wire.Description{Name: name, Version: version, Kind: wire.KindStrategy}, build)
}

func newPlugin[Config, Built any](d wire.Description, build func(Config, sdk.Env) (Built, error)) *Plugin {
	var blank Config
	schema, err := settings.Schema(blank)
	if err != nil {
		panic(fmt.Sprintf("serve: plugin %s: %v", d.Name, err))
	}
	d.Settings = schema
	return &Plugin{description: d, ownOutput: func() {}, build: func(text []byte, env sdk.Env) (any, []wire.Problem) {
		var config Config
		if problems := settings.Decode(text, &config); len(problems) > 0 {
			return nil, problems
		}
		built, err := build(config, env)
		if err != nil {
			return nil, []wire.Problem{{Text: err.Error()}}
		}
		return built, nil
	}}
}

// Description returns what the plugin says of itself before it is configured.
func (p *Plugin) Description() wire.Description { return p.description }

// Register adds a fresh instance of the plugin to a gRPC server.
func (p *Plugin) Register(s grpc.ServiceRegistrar, log hclog.Logger) {
	newServer(p, log).register(s)
}

// LogLevel names the environment variable with the level of the plugin's log.
const LogLevel = "HOMEOSTAT_LOG"

func (p *Plugin) main() {
	if os.Getenv(wire.Handshake.MagicCookieKey) != wire.Handshake.MagicCookieValue {
		os.Exit(p.byHand(os.Args[1:], os.Stdout, os.Stderr))
	}
	log := hclog.New(&hclog.LoggerOptions{
		Name: p.description.Name, Level: hclog.LevelFromString(os.Getenv(LogLevel)), Output: os.Stderr, JSONFormat: true,
	})
	go endWithHost(os.Getenv(wire.Lifeline))
	p.ownOutput = keepOutput()
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: wire.Handshake,
		Plugins:         wire.Set(func(s grpc.ServiceRegistrar) { p.Register(s, log) }),
		GRPCServer:      newGRPCServer,
		Logger:          hclog.NewNullLogger(),
	})
}

func newGRPCServer(opts []grpc.ServerOption) *grpc.Server {
	return grpc.NewServer(append(opts, grpc.MaxRecvMsgSize(wire.MaxMessage), grpc.MaxSendMsgSize(wire.MaxMessage))...)
}

// byHand answers a person who runs the program without a host.
func (p *Plugin) byHand(args []string, out, errs io.Writer) int {
	const usage = 2
	switch {
	case len(args) == 1 && (args[0] == "--help" || args[0] == "-h"):
		p.help(out)
	case len(args) == 1 && args[0] == "--version":
		fmt.Fprintf(out, "%s %s (%s, protocol %d)\n", p.description.Name, p.description.Version, p.description.Kind, wire.Version)
	case len(args) == 1 && args[0] == "--schema":
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		if err := enc.Encode(p.description); err != nil {
			fmt.Fprintln(errs, err)
			return 1
		}
	default:
		fmt.Fprintf(errs, "%s is a %s plugin of homeostat, which starts it itself; see --help\n", p.description.Name, p.description.Kind)
		return usage
	}
	return 0
}

func (p *Plugin) help(out io.Writer) {
	d := p.description
	fmt.Fprintf(out, "%s %s is a %s plugin of homeostat.\n\n", d.Name, d.Version, d.Kind)
	fmt.Fprintf(out, "homeostat starts it from its configuration:\n\n")
	fmt.Fprintf(out, "  [plugins.%s]\n  kind = %q\n  path = %q\n\n  [plugins.%s.config]\n", d.Name, d.Kind, os.Args[0], d.Name)
	for _, s := range d.Settings {
		fmt.Fprintf(out, "  %s\n", s.Line())
	}
	fmt.Fprintf(out, "\nFlags: --help, --version, --schema (the same as JSON).\n")
}
