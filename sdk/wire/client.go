package wire

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/homeostat/homeostat/sdk"
	pb "github.com/homeostat/homeostat/sdk/proto/homeostat/plugin/v1"
)

// Client speaks to one running plugin. Every call wants a context with a
// deadline; errors are those of errors.go. A Client judges nothing that it
// brings back: the caller validates.
type Client struct {
	plugin   pb.PluginServiceClient
	detector pb.DetectorServiceClient
	strategy pb.StrategyServiceClient
}

// NewClient speaks over an open connection, which stays the caller's.
func NewClient(conn grpc.ClientConnInterface) *Client {
	return &Client{
		plugin:   pb.NewPluginServiceClient(conn),
		detector: pb.NewDetectorServiceClient(conn),
		strategy: pb.NewStrategyServiceClient(conn),
	}
}

// DialOptions are the limits that every connection to a plugin needs.
func DialOptions() []grpc.DialOption {
	return []grpc.DialOption{grpc.WithDefaultCallOptions(
		grpc.MaxCallRecvMsgSize(MaxMessage), grpc.MaxCallSendMsgSize(MaxMessage),
	)}
}

// Describe asks a plugin what it is.
func (c *Client) Describe(ctx context.Context) (Description, error) {
	out, err := c.plugin.Describe(ctx, &pb.DescribeRequest{})
	if err != nil {
		return Description{}, fromStatus("describe", err)
	}
	return DescriptionFromProto(out), nil
}

// Configured is what a plugin says of itself once it has its configuration.
type Configured struct {
	// LookBack is how much of the past it wants with each window.
	LookBack time.Duration
}

// Configure hands over the plugin's own TOML table and a seed. A refusal is a
// *ConfigError.
func (c *Client) Configure(ctx context.Context, toml []byte, seed uint64) (Configured, error) {
	out, err := c.plugin.Configure(ctx, &pb.ConfigureRequest{Toml: toml, Seed: seed})
	if err != nil {
		return Configured{}, fromStatus("configure", err)
	}
	if len(out.GetProblems()) > 0 {
		return Configured{}, &ConfigError{Problems: each(out.GetProblems(), func(p *pb.Problem) Problem {
			return Problem{Key: p.GetKey(), Text: p.GetText()}
		})}
	}
	return Configured{LookBack: time.Duration(out.GetLookBack())}, nil
}

// SaveState asks for the plugin's state, at most sdk.MaxState bytes.
func (c *Client) SaveState(ctx context.Context) ([]byte, error) {
	out, err := c.plugin.SaveState(ctx, &pb.SaveStateRequest{})
	if err != nil {
		return nil, fromStatus("save state", err)
	}
	if len(out.GetState()) > sdk.MaxState {
		return nil, fmt.Errorf("save state: %w: %d bytes, at most %d are kept", ErrTooLarge, len(out.GetState()), sdk.MaxState)
	}
	return out.GetState(), nil
}

// LoadState hands the state back. A state that the plugin cannot use is a
// *StateRefused.
func (c *Client) LoadState(ctx context.Context, state []byte) error {
	out, err := c.plugin.LoadState(ctx, &pb.LoadStateRequest{State: state})
	if err != nil {
		return fromStatus("load state", err)
	}
	if out.GetRefused() != "" {
		return &StateRefused{Reason: out.GetRefused()}
	}
	return nil
}

// Explain asks what the plugin has learnt about a component.
func (c *Client) Explain(ctx context.Context, component string) (string, error) {
	out, err := c.plugin.Explain(ctx, &pb.ExplainRequest{Component: text(component)})
	if err != nil {
		return "", fromStatus("explain", err)
	}
	return out.GetText(), nil
}

// Close asks the plugin to end its process.
func (c *Client) Close(ctx context.Context) error {
	_, err := c.plugin.Close(ctx, &pb.CloseRequest{})
	return fromStatus("close", err)
}

// Detect hands a window to a detector. sdk.ErrNotReady means that it lacks data.
func (c *Client) Detect(ctx context.Context, w sdk.Window) ([]sdk.Anomaly, error) {
	out, err := c.detector.Detect(ctx, &pb.DetectRequest{Window: WindowToProto(w)})
	if err != nil {
		return nil, fromStatus("detect", err)
	}
	if out.GetNotReady() {
		return nil, sdk.ErrNotReady
	}
	if n := len(out.GetAnomalies()); n > sdk.MaxAnomalies {
		return nil, fmt.Errorf("detect: %w: %d anomalies, at most %d are taken", ErrTooLarge, n, sdk.MaxAnomalies)
	}
	return each(out.GetAnomalies(), AnomalyFromProto), nil
}

// maxTraining is where one message of history ends and the next begins. It
// leaves room for a last window of the same size.
const maxTraining = MaxMessage / 2

// Train hands over history, in order, in as many calls as the limit of messages
// needs. It stops at the first error.
func (c *Client) Train(ctx context.Context, history []sdk.Window) error {
	piece, size := &pb.TrainRequest{}, 0
	for i, w := range history {
		p := WindowToProto(w)
		piece.History = append(piece.History, p)
		size += proto.Size(p)
		if size < maxTraining && i < len(history)-1 {
			continue
		}
		if _, err := c.detector.Train(ctx, piece); err != nil {
			return fromStatus("train", err)
		}
		piece, size = &pb.TrainRequest{}, 0
	}
	return nil
}

// Feedback passes on an operator's judgement.
func (c *Client) Feedback(ctx context.Context, m sdk.Mark) error {
	_, err := c.detector.Feedback(ctx, MarkToProto(m))
	return fromStatus("feedback", err)
}

// Propose asks a strategy for a remedy.
func (c *Client) Propose(ctx context.Context, in sdk.Incident) (sdk.Proposal, error) {
	out, err := c.strategy.Propose(ctx, &pb.ProposeRequest{Incident: IncidentToProto(in)})
	if err != nil {
		return sdk.Proposal{}, fromStatus("propose", err)
	}
	return ProposalFromProto(out)
}

// Learn tells a strategy how its recovery ended.
func (c *Client) Learn(ctx context.Context, o sdk.Outcome) error {
	_, err := c.strategy.Learn(ctx, OutcomeToProto(o))
	return fromStatus("learn", err)
}

// Ask asks an evolver for at most n candidates.
func (c *Client) Ask(ctx context.Context, p sdk.Problem, n int) ([]sdk.Genome, error) {
	out, err := c.strategy.Ask(ctx, &pb.AskRequest{Problem: ProblemToProto(p), Count: int32(n)})
	if err != nil {
		return nil, fromStatus("ask", err)
	}
	return GenomesFromProto(out.GetGenomes()), nil
}

// Tell hands the scores of candidates to an evolver.
func (c *Client) Tell(ctx context.Context, p sdk.Problem, scores []sdk.Score) error {
	_, err := c.strategy.Tell(ctx, &pb.TellRequest{Problem: ProblemToProto(p), Scores: ScoresToProto(scores)})
	return fromStatus("tell", err)
}
