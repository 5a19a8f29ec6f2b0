package supervisor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	gorunner "github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/homeostat/homeostat/host/plugin/logsink"
	"github.com/homeostat/homeostat/host/plugin/runner"
	"github.com/homeostat/homeostat/sdk/serve"
	"github.com/homeostat/homeostat/sdk/wire"
)

// Launch says how one process of a plugin is started.
type Launch struct {
	Name     string
	Program  *os.File
	Identity *runner.Identity
	// Memory bounds the process, in bytes; zero is no bound.
	Memory int64
	// Sockets is the folder for the plugin's socket. The plugin's user must be
	// able to enter it.
	Sockets  string
	LogLevel hclog.Level
	Output   *logsink.Sink
}

// allowedEnvironment are the variables of the daemon that a plugin may see.
var allowedEnvironment = []string{"PATH", "LANG", "LC_ALL", "TZ", "GOTRACEBACK"}

func environment(l Launch) []string {
	env := []string{serve.LogLevel + "=" + l.LogLevel.String()}
	for _, name := range allowedEnvironment {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	if l.Memory > 0 {
		// The collector works harder before the hard limit ends the process.
		const share = 10
		env = append(env, fmt.Sprintf("GOMEMLIMIT=%d", l.Memory-l.Memory/share))
	}
	return env
}

// launching is a start in progress.
type launching struct {
	launch Launch
	config *plugin.ClientConfig
	client *plugin.Client

	mu        sync.Mutex
	process   *runner.Process
	socketDir string
}

func newLaunching(l Launch, timeout time.Duration) *launching {
	s := &launching{launch: l}
	s.config = &plugin.ClientConfig{
		HandshakeConfig:  wire.Handshake,
		Plugins:          wire.Set(nil),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         true,
		SkipHostEnv:      true,
		Logger:           hclog.New(&hclog.LoggerOptions{Level: hclog.Off}),
		StartTimeout:     timeout,
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: l.Sockets},
		RunnerFunc:       s.runner,
	}
	s.client = plugin.NewClient(s.config)
	return s
}

func (s *launching) runner(_ hclog.Logger, cmd *exec.Cmd, socketDir string) (gorunner.Runner, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.socketDir = socketDir
	cmd.Env = append(cmd.Env, environment(s.launch)...)
	process, err := runner.New(runner.Options{
		Name: s.launch.Name, Program: s.launch.Program, Identity: s.launch.Identity, Memory: s.launch.Memory,
		SocketDir: socketDir, Log: s.launch.Output.Read,
	}, cmd)
	if err != nil {
		return nil, err
	}
	s.process = process
	return process, nil
}

func (s *launching) started() *runner.Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process
}

// handshake runs go-plugin's Start, which is all that is used of its client: it
// makes the certificates, starts the process through our runner and reads the
// handshake line. It holds its lock for as long as its own timeout whatever
// happens, so when ctx ends the process is killed under it.
func (s *launching) handshake(ctx context.Context) (net.Addr, error) {
	type result struct {
		addr net.Addr
		err  error
	}
	results := make(chan result, 1)
	go func() {
		addr, err := s.client.Start()
		results <- result{addr, err}
	}()
	select {
	case r := <-results:
		return r.addr, r.err
	case <-ctx.Done():
	}
	const again = 20 * time.Millisecond
	for {
		if p := s.started(); p != nil {
			p.Signal(syscall.SIGKILL)
		}
		select {
		case <-results:
			return nil, ctx.Err()
		case <-time.After(again):
		}
	}
}

// dial opens our own connection. go-plugin's would bring its broker and its
// copying of standard output along, which we do not use, and leaks itself when
// the process ends at the wrong moment.
func (s *launching) dial(addr net.Addr) (*grpc.ClientConn, error) {
	dialer := func(ctx context.Context, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, addr.Network(), addr.String())
	}
	options := append(wire.DialOptions(),
		grpc.WithTransportCredentials(credentials.NewTLS(s.config.TLSConfig)),
		grpc.WithContextDialer(dialer),
		grpc.WithIdleTimeout(0),
		grpc.WithDisableServiceConfig(),
	)
	return grpc.NewClient("passthrough:///"+s.launch.Name, options...)
}

// abandon ends what a failed start left and says why it failed.
func (s *launching) abandon(ctx context.Context, cause error, grace time.Duration) error {
	process := s.started()
	defer os.RemoveAll(s.socketDir)
	if process == nil || process.PID() == 0 {
		return cause
	}
	exited := false
	select {
	case <-process.Done():
		exited = true
	default:
	}
	endError := process.End(grace)
	return errors.Join(s.explain(ctx, cause, exited), endError)
}

func (s *launching) explain(ctx context.Context, cause error, exited bool) error {
	process := s.started()
	if version, ok := wire.OfferedVersion(process.Handshake()); ok && version != wire.Version {
		return &Refusal{Err: wire.VersionMismatch(version)}
	}
	var refusal *Refusal
	switch {
	case errors.As(cause, &refusal):
		return cause
	case ctx.Err() != nil:
		return fmt.Errorf("not ready after its start timeout: %w", cause)
	case exited || process.Handshake() == "":
		return fmt.Errorf("ended before it was ready: %s%s", process.Exit(), lastWords(s.launch.Output))
	}
	return cause
}

func lastWords(output *logsink.Sink) string {
	if words := output.LastWords(); words != "" {
		return ": " + words
	}
	return ""
}
