package plugin

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/homeostat/homeostat/sdk"
	pb "github.com/homeostat/homeostat/sdk/proto/homeostat/plugin/v1"
	"github.com/homeostat/homeostat/sdk/serve"
	"github.com/homeostat/homeostat/sdk/wire"
)

// creature is a detector made of one function.
type creature func(ctx context.Context, w sdk.Window) ([]sdk.Anomaly, error)

// Detect calls the function.
func (c creature) Detect(ctx context.Context, w sdk.Window) ([]sdk.Anomaly, error) { return c(ctx, w) }

func silent(context.Context, sdk.Window) ([]sdk.Anomaly, error) { return nil, nil }

type noConfig struct{}

func detector(d sdk.Detector) {
	serve.Detector("beast", "1.2.3", func(noConfig, sdk.Env) (sdk.Detector, error) { return d, nil })
}

// beasts are the misbehaving plugins, by name.
var beasts = map[string]func(){
	"mute":             func() { detector(creature(silent)) },
	"reporter":         func() { detector(creature(reportWindow)) },
	"hangs-in-call":    func() { detector(creature(hangs)) },
	"crashes-at-start": func() { fmt.Fprintln(os.Stderr, "cannot find my data"); os.Exit(3) },
	"crashes-in-call": func() {
		detector(creature(func(context.Context, sdk.Window) ([]sdk.Anomaly, error) { os.Exit(4); return nil, nil }))
	},
	"panics": func() {
		detector(creature(func(context.Context, sdk.Window) ([]sdk.Anomaly, error) { panic("the sky is falling") }))
	},
	"panics-on-close": func() { detector(closing{close: func() error { panic("not now") }}) },
	"hangs-on-close":  func() { detector(closing{close: func() error { select {} }}) },
	"stops-itself":    func() { detector(creature(stopsItself)) },
	"stops-early":     func() { _ = syscall.Kill(os.Getpid(), syscall.SIGSTOP); detector(creature(silent)) },
	"slow-start":      func() { time.Sleep(time.Hour) },
	"noisy-json":      func() { fmt.Fprintln(os.Stderr, `{"@message":1}`); detector(creature(silent)) },
	"long-line":       func() { fmt.Fprintln(os.Stderr, strings.Repeat("x", 10<<20)); detector(creature(chatty)) },
	"noisy-stdout":    func() { noisyStdout(); detector(creature(chatty)) },
	"floods":          func() { detector(creature(floods)) },
	"deaf":            func() { deaf(); detector(creature(silent)) },
	"forks":           func() { detector(creature(forks)) },
	"daemonizes":      func() { detector(creature(daemonizes)) },
	"newer":           func() { serveVersion(wire.Version + 1) },
	"older":           func() { fmt.Printf("1|%d|unix|/nowhere|grpc|\n", wire.Version-1); time.Sleep(time.Hour) },
	"strategy": func() {
		serve.Strategy("beast", "1", func(noConfig, sdk.Env) (sdk.Strategy, error) { return planner{}, nil })
	},
	"huge-answer":       func() { detector(creature(hugeAnswer)) },
	"many-answers":      func() { detector(creature(manyAnswers)) },
	"not-a-number":      func() { detector(creature(notANumber)) },
	"half-right":        func() { detector(creature(halfRight)) },
	"hungry":            func() { detector(creature(hungry)) },
	"from-the-future":   func() { serveRaw(futuristic{}) },
	"elsewhere":         func() { fmt.Printf("1|%d|unix|/tmp/elsewhere|grpc|\n", wire.Version); time.Sleep(time.Hour) },
	"mirror":            func() { detector(mirror{}) },
	"searcher":          func() { serve.Strategy("beast", "1", newSearcher) },
	"rememberer":        func() { serve.Detector("beast", "1", newRememberer) },
	"forgetful":         func() { detector(forgetful{}) },
	"dead-in-handshake": func() { fmt.Printf("1|%d|unix|", wire.Version) },
}

// runBeast is what the test binary does in the place of its tests.
func runBeast(name string) {
	beasts[name]()
}

func reportWindow(_ context.Context, w sdk.Window) ([]sdk.Anomaly, error) {
	return []sdk.Anomaly{{Kind: "test", Score: 1, Summary: w.Component + " was looked at"}}, nil
}

// hangs ignores its deadline in windows of the component "tar".
func hangs(_ context.Context, w sdk.Window) ([]sdk.Anomaly, error) {
	if w.Component == "tar" {
		select {}
	}
	return nil, nil
}

func stopsItself(context.Context, sdk.Window) ([]sdk.Anomaly, error) {
	_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	select {} // the signal may reach another thread first
}

func chatty(context.Context, sdk.Window) ([]sdk.Anomaly, error) {
	fmt.Println("a word on standard output")
	fmt.Fprintln(os.Stderr, "a word on standard error")
	return nil, nil
}

func noisyStdout() {
	fmt.Println("hello, I am a plugin")
	fmt.Println("1|2|3")
	fmt.Print(strings.Repeat("no end of line ", 100_000))
	fmt.Println()
}

func floods(context.Context, sdk.Window) ([]sdk.Anomaly, error) {
	const lines = 50_000
	for i := range lines {
		fmt.Fprintln(os.Stderr, "line", i)
	}
	return nil, nil
}

// deaf does not hear TERM and does not watch its lifeline.
func deaf() {
	signal.Ignore(syscall.SIGTERM)
	_ = os.Unsetenv(wire.Lifeline)
}

// forks starts a child and reports its process id.
func forks(context.Context, sdk.Window) ([]sdk.Anomaly, error) {
	return startChild(&syscall.SysProcAttr{})
}

// daemonizes starts a child that leaves the process group and keeps the
// standard error open.
func daemonizes(context.Context, sdk.Window) ([]sdk.Anomaly, error) {
	return startChild(&syscall.SysProcAttr{Setsid: true})
}

func startChild(how *syscall.SysProcAttr) ([]sdk.Anomaly, error) {
	child := exec.Command("/bin/sleep", "600")
	child.Stderr, child.Stdout, child.SysProcAttr = os.Stderr, os.Stdout, how
	if err := child.Start(); err != nil {
		return nil, err
	}
	return []sdk.Anomaly{{Kind: "child", Key: strconv.Itoa(child.Process.Pid)}}, nil
}

func serveVersion(version uint) {
	handshake := wire.Handshake
	handshake.ProtocolVersion = version
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: handshake, Plugins: wire.Set(func(grpc.ServiceRegistrar) {}), GRPCServer: goplugin.DefaultGRPCServer,
	})
}

func serveRaw(s pb.PluginServiceServer) {
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: wire.Handshake, GRPCServer: goplugin.DefaultGRPCServer,
		Plugins: wire.Set(func(r grpc.ServiceRegistrar) { pb.RegisterPluginServiceServer(r, s) }),
	})
}

// futuristic announces features that nobody knows yet.
type futuristic struct {
	pb.UnimplementedPluginServiceServer
}

// Describe names two unknown features.
func (futuristic) Describe(context.Context, *pb.DescribeRequest) (*pb.Description, error) {
	return &pb.Description{Name: "beast", Version: "9", Kind: "detector", Features: []string{"telepathy", "time-travel"}}, nil
}

// Configure accepts everything.
func (futuristic) Configure(context.Context, *pb.ConfigureRequest) (*pb.ConfigureResponse, error) {
	return &pb.ConfigureResponse{}, nil
}

type planner struct{}

// Propose restarts whatever is broken.
func (planner) Propose(_ context.Context, in sdk.Incident) (sdk.Proposal, error) {
	return sdk.Proposal{Actions: []sdk.Action{sdk.Restart{Component: in.Component}}}, nil
}

// hugeAnswer is within every rule but the limit of a message.
func hugeAnswer(context.Context, sdk.Window) ([]sdk.Anomaly, error) {
	out := make([]sdk.Anomaly, sdk.MaxAnomalies)
	for i := range out {
		out[i] = sdk.Anomaly{Kind: "huge", Evidence: make([]sdk.Evidence, sdk.MaxEvidence)}
		for j := range out[i].Evidence {
			out[i].Evidence[j].Text = strings.Repeat("x", 512)
		}
	}
	return out, nil
}

func manyAnswers(context.Context, sdk.Window) ([]sdk.Anomaly, error) {
	return make([]sdk.Anomaly, sdk.MaxAnomalies+1), nil
}

func notANumber(context.Context, sdk.Window) ([]sdk.Anomaly, error) {
	return []sdk.Anomaly{{Kind: "odd", Score: math.NaN()}, {}}, nil
}

func halfRight(context.Context, sdk.Window) ([]sdk.Anomaly, error) {
	inf := []sdk.Evidence{{Signal: "cpu", Value: math.Inf(1)}}
	return []sdk.Anomaly{{Kind: "good"}, {Kind: "odd", Score: math.NaN()}, {Kind: "odd", Evidence: inf}, {Kind: "good", Key: "2", Summary: "bad \xff text"}}, nil
}

// hungry takes memory until somebody stops it.
func hungry(context.Context, sdk.Window) ([]sdk.Anomaly, error) {
	var all [][]byte
	for {
		piece := make([]byte, 16<<20)
		for i := 0; i < len(piece); i += 4096 {
			piece[i] = 1
		}
		all = append(all, piece)
		if len(all) > 1<<10 {
			return nil, errors.New("nobody stopped me at 16 GiB")
		}
	}
}

// closing is a detector with an end of its own.
type closing struct{ close func() error }

// Detect finds nothing.
func (closing) Detect(context.Context, sdk.Window) ([]sdk.Anomaly, error) { return nil, nil }

// Close calls the function.
func (c closing) Close() error { return c.close() }

// mirror tells what it can see of itself.
type mirror struct{}

// Detect finds nothing.
func (mirror) Detect(context.Context, sdk.Window) ([]sdk.Anomaly, error) { return nil, nil }

// Explain returns a file of /proc/self.
func (mirror) Explain(_ context.Context, file string) (string, error) {
	data, err := os.ReadFile("/proc/self/" + file)
	return string(data), err
}

// rememberer counts its windows over restarts and is picky about the count.
type rememberer struct{ count, refuse byte }

type rememberConfig struct {
	Refuse int `homeostat:"refuse" doc:"The count that LoadState refuses."`
}

func newRememberer(c rememberConfig, _ sdk.Env) (sdk.Detector, error) {
	return &rememberer{refuse: byte(c.Refuse)}, nil
}

// Detect reports the count.
func (r *rememberer) Detect(context.Context, sdk.Window) ([]sdk.Anomaly, error) {
	r.count++
	return []sdk.Anomaly{{Kind: "count", Key: strconv.Itoa(int(r.count))}}, nil
}

// SaveState writes the count.
func (r *rememberer) SaveState() ([]byte, error) { return []byte{r.count}, nil }

// LoadState reads it.
func (r *rememberer) LoadState(state []byte) error {
	if len(state) != 1 || state[0] == r.refuse {
		return fmt.Errorf("a count of %v is not to my taste", state)
	}
	r.count = state[0]
	return nil
}

// searcher counts what it is told, asked and taught, and shows the counts in the
// reason of its proposals.
type searcher struct{ Asked, Told, Taught byte }

func newSearcher(noConfig, sdk.Env) (sdk.Strategy, error) { return &searcher{}, nil }

// Propose shows the counts.
func (s *searcher) Propose(context.Context, sdk.Incident) (sdk.Proposal, error) {
	s.Asked++
	return sdk.Proposal{Reason: fmt.Sprintf("asked %d, told %d, taught %d", s.Asked, s.Told, s.Taught)}, nil
}

// Learn counts.
func (s *searcher) Learn(context.Context, sdk.Outcome) error { s.Taught++; return nil }

// Ask has no candidates.
func (s *searcher) Ask(context.Context, sdk.Problem, int) ([]sdk.Genome, error) { return nil, nil }

// Tell counts.
func (s *searcher) Tell(context.Context, sdk.Problem, []sdk.Score) error { s.Told++; return nil }

// SaveState writes the counts.
func (s *searcher) SaveState() ([]byte, error) { return []byte{s.Asked, s.Told, s.Taught}, nil }

// LoadState reads them.
func (s *searcher) LoadState(state []byte) error {
	s.Asked, s.Told, s.Taught = state[0], state[1], state[2]
	return nil
}

// forgetful saves more than it may.
type forgetful struct{ mirror }

// SaveState is too large.
func (forgetful) SaveState() ([]byte, error) { return make([]byte, sdk.MaxState+1), nil }

// LoadState takes anything.
func (forgetful) LoadState([]byte) error { return nil }
