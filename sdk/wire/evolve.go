package wire

import (
	"github.com/homeostat/homeostat/sdk"
	pb "github.com/homeostat/homeostat/sdk/proto/homeostat/plugin/v1"
)

// ProblemToProto translates a search problem.
func ProblemToProto(p sdk.Problem) *pb.SearchProblem {
	return &pb.SearchProblem{
		Component: text(p.Component), Signature: text(p.Signature),
		Parameters: each(p.Parameters, parameterToProto), Budget: int64(p.Budget),
		Forbidden: each(p.Forbidden, forbiddenToProto), Round: int64(p.Round), Recorded: p.Recorded,
	}
}

// ProblemFromProto translates it back.
func ProblemFromProto(p *pb.SearchProblem) sdk.Problem {
	return sdk.Problem{
		Component: p.GetComponent(), Signature: p.GetSignature(),
		Parameters: each(p.GetParameters(), parameterFromProto), Budget: int(p.GetBudget()),
		Forbidden: each(p.GetForbidden(), forbiddenFromProto), Round: int(p.GetRound()), Recorded: p.GetRecorded(),
	}
}

// GenomesToProto translates candidates.
func GenomesToProto(in []sdk.Genome) []*pb.Genome {
	return each(in, func(g sdk.Genome) *pb.Genome { return &pb.Genome{Id: g.ID, Genes: g.Genes} })
}

// GenomesFromProto translates them back.
func GenomesFromProto(in []*pb.Genome) []sdk.Genome {
	return each(in, func(p *pb.Genome) sdk.Genome { return sdk.Genome{ID: p.GetId(), Genes: p.GetGenes()} })
}

// ScoresToProto translates evaluations.
func ScoresToProto(in []sdk.Score) []*pb.Score {
	return each(in, func(s sdk.Score) *pb.Score { return &pb.Score{Genome: s.Genome, Value: s.Value, Failed: s.Failed} })
}

// ScoresFromProto translates them back.
func ScoresFromProto(in []*pb.Score) []sdk.Score {
	return each(in, func(p *pb.Score) sdk.Score {
		return sdk.Score{Genome: p.GetGenome(), Value: p.GetValue(), Failed: p.GetFailed()}
	})
}
