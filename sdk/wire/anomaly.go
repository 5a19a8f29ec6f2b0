package wire

import (
	"time"

	"github.com/homeostat/homeostat/sdk"
	pb "github.com/homeostat/homeostat/sdk/proto/homeostat/plugin/v1"
)

// AnomalyToProto translates an anomaly.
func AnomalyToProto(a sdk.Anomaly) *pb.Anomaly {
	return &pb.Anomaly{
		Component: text(a.Component), Key: text(a.Key), Kind: text(a.Kind), Signal: text(a.Signal),
		Severity: uint32(a.Severity), Score: a.Score, Start: toNano(a.Start), End: toNano(a.End),
		Ended: a.Ended, Ttl: int64(a.TTL), Summary: text(a.Summary), Evidence: each(a.Evidence, evidenceToProto),
	}
}

// AnomalyFromProto translates an anomaly back. It does not judge it: values
// out of range stay out of range, for sdk.Anomaly.Validate to find.
func AnomalyFromProto(p *pb.Anomaly) sdk.Anomaly {
	return sdk.Anomaly{
		Component: p.GetComponent(), Key: p.GetKey(), Kind: p.GetKind(), Signal: p.GetSignal(),
		Severity: severity(p.GetSeverity()), Score: p.GetScore(), Start: fromNano(p.GetStart()), End: fromNano(p.GetEnd()),
		Ended: p.GetEnded(), TTL: time.Duration(p.GetTtl()), Summary: p.GetSummary(),
		Evidence: each(p.GetEvidence(), evidenceFromProto),
	}
}

// AnomaliesToProto translates a detector's answer.
func AnomaliesToProto(in []sdk.Anomaly) []*pb.Anomaly { return each(in, AnomalyToProto) }

func evidenceToProto(e sdk.Evidence) *pb.Evidence {
	return &pb.Evidence{
		Component: text(e.Component), Signal: text(e.Signal), Value: e.Value, Low: e.Low, High: e.High,
		Unit: text(e.Unit), Text: text(e.Text),
	}
}

func evidenceFromProto(p *pb.Evidence) sdk.Evidence {
	return sdk.Evidence{
		Component: p.GetComponent(), Signal: p.GetSignal(), Value: p.GetValue(), Low: p.GetLow(), High: p.GetHigh(),
		Unit: p.GetUnit(), Text: p.GetText(),
	}
}

// MarkToProto translates an operator's judgement.
func MarkToProto(m sdk.Mark) *pb.FeedbackRequest {
	return &pb.FeedbackRequest{Anomaly: AnomalyToProto(m.Anomaly), Right: m.Right, At: toNano(m.At)}
}

// MarkFromProto translates it back.
func MarkFromProto(p *pb.FeedbackRequest) sdk.Mark {
	return sdk.Mark{Anomaly: AnomalyFromProto(p.GetAnomaly()), Right: p.GetRight(), At: fromNano(p.GetAt())}
}
