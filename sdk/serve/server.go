package serve

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/hashicorp/go-hclog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/homeostat/homeostat/sdk"
	pb "github.com/homeostat/homeostat/sdk/proto/homeostat/plugin/v1"
	"github.com/homeostat/homeostat/sdk/wire"
)

// server answers the host's calls with one instance of the author's type.
type server struct {
	pb.UnimplementedPluginServiceServer
	plugin *Plugin
	log    hclog.Logger

	// turn holds one token: who has it may touch the fields below and call the
	// author's code. A channel and not a mutex, so that a caller whose deadline
	// passes stops waiting.
	turn chan struct{}
	// built is the author's detector or strategy, nil before Configure.
	built any
}

func newServer(p *Plugin, log hclog.Logger) *server {
	return &server{plugin: p, log: log, turn: make(chan struct{}, 1)}
}

func (s *server) register(r grpc.ServiceRegistrar) {
	pb.RegisterPluginServiceServer(r, s)
	switch s.plugin.description.Kind {
	case wire.KindDetector:
		pb.RegisterDetectorServiceServer(r, detectorServer{server: s})
	case wire.KindStrategy:
		pb.RegisterStrategyServiceServer(r, strategyServer{server: s})
	}
}

// exclusive waits for the turn and returns what gives it back.
func (s *server) exclusive(ctx context.Context) (func(), error) {
	select {
	case s.turn <- struct{}{}:
		return func() { <-s.turn }, nil
	case <-ctx.Done():
		return nil, wire.ToStatus(ctx.Err())
	}
}

// as waits for the turn and gives the author's value in the role asked for.
func as[Role any](ctx context.Context, s *server, ability string) (Role, func(), error) {
	var none Role
	release, err := s.exclusive(ctx)
	if err != nil {
		return none, nil, err
	}
	if s.built == nil {
		release()
		return none, nil, status.Error(codes.FailedPrecondition, "configure comes first")
	}
	role, ok := s.built.(Role)
	if !ok {
		release()
		return none, nil, wire.Unsupported(ability)
	}
	return role, release, nil
}

func (s *server) Describe(ctx context.Context, _ *pb.DescribeRequest) (*pb.Description, error) {
	release, err := s.exclusive(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	d := s.plugin.description
	d.Features = features(s.built)
	return wire.DescriptionToProto(d), nil
}

// features names what the author's value can do beyond the minimum.
func features(built any) []string {
	var out []string
	note := func(has bool, name string) {
		if has {
			out = append(out, name)
		}
	}
	_, stateful := built.(sdk.Stateful)
	note(stateful, wire.FeatureState)
	_, trainer := built.(sdk.Trainer)
	note(trainer, wire.FeatureTrain)
	_, corrector := built.(sdk.Corrector)
	note(corrector, wire.FeatureFeedback)
	_, learner := built.(sdk.Learner)
	note(learner, wire.FeatureLearn)
	_, evolver := built.(sdk.Evolver)
	note(evolver, wire.FeatureEvolve)
	_, explainer := built.(sdk.Explainer)
	note(explainer, wire.FeatureExplain)
	return out
}

func (s *server) Configure(ctx context.Context, in *pb.ConfigureRequest) (*pb.ConfigureResponse, error) {
	release, err := s.exclusive(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	if s.built != nil {
		return nil, status.Error(codes.FailedPrecondition, "the plugin is configured already")
	}
	s.plugin.ownOutput()
	built, problems := s.plugin.build(in.GetToml(), sdk.Env{Log: s.log, Seed: in.GetSeed()})
	if len(problems) > 0 {
		return &pb.ConfigureResponse{Problems: wire.ProblemsToProto(problems)}, nil
	}
	s.built = built
	return &pb.ConfigureResponse{LookBack: int64(lookBack(built))}, nil
}

func lookBack(built any) time.Duration {
	l, ok := built.(sdk.LookBacker)
	if !ok {
		return 0
	}
	return max(0, min(l.LookBack(), sdk.MaxLookBack))
}

func (s *server) SaveState(ctx context.Context, _ *pb.SaveStateRequest) (*pb.SaveStateResponse, error) {
	stateful, release, err := as[sdk.Stateful](ctx, s, wire.FeatureState)
	if err != nil {
		return nil, err
	}
	defer release()
	state, err := stateful.SaveState()
	if err != nil {
		return nil, wire.ToStatus(err)
	}
	return &pb.SaveStateResponse{State: state}, nil
}

func (s *server) LoadState(ctx context.Context, in *pb.LoadStateRequest) (*pb.LoadStateResponse, error) {
	stateful, release, err := as[sdk.Stateful](ctx, s, wire.FeatureState)
	if err != nil {
		return nil, err
	}
	defer release()
	if err := stateful.LoadState(in.GetState()); err != nil {
		return &pb.LoadStateResponse{Refused: status.Convert(wire.ToStatus(err)).Message()}, nil
	}
	return &pb.LoadStateResponse{}, nil
}

func (s *server) Explain(ctx context.Context, in *pb.ExplainRequest) (*pb.ExplainResponse, error) {
	explainer, release, err := as[sdk.Explainer](ctx, s, wire.FeatureExplain)
	if err != nil {
		return nil, err
	}
	defer release()
	answer, err := explainer.Explain(ctx, in.GetComponent())
	if err != nil {
		return nil, wire.ToStatus(err)
	}
	return &pb.ExplainResponse{Text: answer}, nil
}

// Close lets an author with an io.Closer tidy up. The process itself ends when
// the host closes the lifeline.
func (s *server) Close(ctx context.Context, _ *pb.CloseRequest) (*pb.CloseResponse, error) {
	release, err := s.exclusive(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	if closer, ok := s.built.(io.Closer); ok {
		if err := closer.Close(); err != nil {
			return nil, wire.ToStatus(err)
		}
	}
	return &pb.CloseResponse{}, nil
}

type detectorServer struct {
	pb.UnimplementedDetectorServiceServer
	*server
}

func (s detectorServer) Detect(ctx context.Context, in *pb.DetectRequest) (*pb.DetectResponse, error) {
	detector, release, err := as[sdk.Detector](ctx, s.server, "detector")
	if err != nil {
		return nil, err
	}
	defer release()
	found, err := detector.Detect(ctx, wire.WindowFromProto(in.GetWindow()))
	if errors.Is(err, sdk.ErrNotReady) {
		return &pb.DetectResponse{NotReady: true}, nil
	}
	if err != nil {
		return nil, wire.ToStatus(err)
	}
	return &pb.DetectResponse{Anomalies: wire.AnomaliesToProto(found)}, nil
}

func (s detectorServer) Train(ctx context.Context, in *pb.TrainRequest) (*pb.TrainResponse, error) {
	trainer, release, err := as[sdk.Trainer](ctx, s.server, wire.FeatureTrain)
	if err != nil {
		return nil, err
	}
	defer release()
	history := make([]sdk.Window, len(in.GetHistory()))
	for i, w := range in.GetHistory() {
		history[i] = wire.WindowFromProto(w)
	}
	return &pb.TrainResponse{}, wire.ToStatus(trainer.Train(ctx, history))
}

func (s detectorServer) Feedback(ctx context.Context, in *pb.FeedbackRequest) (*pb.FeedbackResponse, error) {
	corrector, release, err := as[sdk.Corrector](ctx, s.server, wire.FeatureFeedback)
	if err != nil {
		return nil, err
	}
	defer release()
	return &pb.FeedbackResponse{}, wire.ToStatus(corrector.Feedback(ctx, wire.MarkFromProto(in)))
}

type strategyServer struct {
	pb.UnimplementedStrategyServiceServer
	*server
}

func (s strategyServer) Propose(ctx context.Context, in *pb.ProposeRequest) (*pb.ProposeResponse, error) {
	strategy, release, err := as[sdk.Strategy](ctx, s.server, "strategy")
	if err != nil {
		return nil, err
	}
	defer release()
	proposal, err := strategy.Propose(ctx, wire.IncidentFromProto(in.GetIncident()))
	if err != nil {
		return nil, wire.ToStatus(err)
	}
	out, err := wire.ProposalToProto(proposal)
	return out, wire.ToStatus(err)
}

func (s strategyServer) Learn(ctx context.Context, in *pb.LearnRequest) (*pb.LearnResponse, error) {
	learner, release, err := as[sdk.Learner](ctx, s.server, wire.FeatureLearn)
	if err != nil {
		return nil, err
	}
	defer release()
	return &pb.LearnResponse{}, wire.ToStatus(learner.Learn(ctx, wire.OutcomeFromProto(in)))
}

func (s strategyServer) Ask(ctx context.Context, in *pb.AskRequest) (*pb.AskResponse, error) {
	evolver, release, err := as[sdk.Evolver](ctx, s.server, wire.FeatureEvolve)
	if err != nil {
		return nil, err
	}
	defer release()
	genomes, err := evolver.Ask(ctx, wire.ProblemFromProto(in.GetProblem()), int(in.GetCount()))
	if err != nil {
		return nil, wire.ToStatus(err)
	}
	return &pb.AskResponse{Genomes: wire.GenomesToProto(genomes)}, nil
}

func (s strategyServer) Tell(ctx context.Context, in *pb.TellRequest) (*pb.TellResponse, error) {
	evolver, release, err := as[sdk.Evolver](ctx, s.server, wire.FeatureEvolve)
	if err != nil {
		return nil, err
	}
	defer release()
	return &pb.TellResponse{}, wire.ToStatus(evolver.Tell(ctx, wire.ProblemFromProto(in.GetProblem()), wire.ScoresFromProto(in.GetScores())))
}
