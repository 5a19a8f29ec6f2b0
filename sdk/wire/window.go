package wire

import (
	"time"

	"github.com/homeostat/homeostat/sdk"
	pb "github.com/homeostat/homeostat/sdk/proto/homeostat/plugin/v1"
)

// WindowToProto translates a window. The columns are shared, not copied: the
// window must not be written while the message is in use.
func WindowToProto(w sdk.Window) *pb.Window {
	return &pb.Window{
		Component: text(w.Component),
		Reason:    text(string(w.Reason)),
		Start:     toNano(w.Start),
		End:       toNano(w.End),
		Status:    statusToProto(w.Status),
		Series:    seriesToProto(w.Series),
		Logs:      each(w.Logs, logToProto),
		Events:    each(w.Events, eventToProto),
		Links:     each(w.Links, linkToProto),
	}
}

// WindowFromProto translates a window back. It shares the message's columns.
func WindowFromProto(p *pb.Window) sdk.Window {
	return sdk.Window{
		Component: p.GetComponent(),
		Reason:    sdk.WindowReason(p.GetReason()),
		Start:     fromNano(p.GetStart()),
		End:       fromNano(p.GetEnd()),
		Status:    statusFromProto(p.GetStatus()),
		Series:    each(p.GetSeries(), seriesFromProto),
		Logs:      each(p.GetLogs(), logFromProto),
		Events:    each(p.GetEvents(), eventFromProto),
		Links:     each(p.GetLinks(), linkFromProto),
	}
}

// seriesToProto allocates the messages of all series at once.
func seriesToProto(in []sdk.Series) []*pb.Series {
	block := make([]pb.Series, len(in))
	out := make([]*pb.Series, len(in))
	for i, s := range in {
		p := &block[i]
		p.Component, p.Name, p.Unit, p.Kind = text(s.Component), text(s.Name), text(s.Unit), string(s.Kind)
		p.Times, p.Values, p.Fresh = s.Times, s.Values, int32(s.Fresh)
		if s.Range != nil {
			p.Range = &pb.Range{Min: s.Range.Min, Max: s.Range.Max}
		}
		out[i] = p
	}
	return out
}

// seriesFromProto cuts columns of different length to the shorter one and keeps
// Fresh within them, so that no detector can index out of range.
func seriesFromProto(p *pb.Series) sdk.Series {
	n := min(len(p.GetTimes()), len(p.GetValues()))
	s := sdk.Series{
		Component: p.GetComponent(),
		Name:      p.GetName(),
		Unit:      p.GetUnit(),
		Kind:      sdk.Kind(p.GetKind()),
		Times:     p.GetTimes()[:n],
		Values:    p.GetValues()[:n],
		Fresh:     max(0, min(int(p.GetFresh()), n)),
	}
	if r := p.GetRange(); r != nil {
		s.Range = &sdk.Range{Min: r.GetMin(), Max: r.GetMax()}
	}
	return s
}

func logToProto(l sdk.LogLine) *pb.LogLine {
	return &pb.LogLine{
		Time: toNano(l.Time), Component: text(l.Component), Source: text(l.Source),
		Text: text(l.Text), Truncated: l.Truncated,
	}
}

func logFromProto(p *pb.LogLine) sdk.LogLine {
	return sdk.LogLine{
		Time: fromNano(p.GetTime()), Component: p.GetComponent(), Source: p.GetSource(),
		Text: p.GetText(), Truncated: p.GetTruncated(),
	}
}

func eventToProto(e sdk.Event) *pb.Event {
	out := &pb.Event{
		Time: toNano(e.Time), Component: text(e.Component), Type: text(string(e.Type)),
		Generation: e.Generation, Pid: int64(e.PID), Exit: exitToProto(e.Exit), Text: text(e.Text),
	}
	if e.Probe != nil {
		out.Probe = probeToProto(*e.Probe)
	}
	return out
}

func eventFromProto(p *pb.Event) sdk.Event {
	out := sdk.Event{
		Time: fromNano(p.GetTime()), Component: p.GetComponent(), Type: sdk.EventType(p.GetType()),
		Generation: p.GetGeneration(), PID: int(p.GetPid()), Exit: exitFromProto(p.GetExit()), Text: p.GetText(),
	}
	if p.GetProbe() != nil {
		probe := probeFromProto(p.GetProbe())
		out.Probe = &probe
	}
	return out
}

func exitToProto(e *sdk.Exit) *pb.Exit {
	if e == nil {
		return nil
	}
	return &pb.Exit{Code: int64(e.Code), Signal: text(e.Signal), Expected: e.Expected}
}

func exitFromProto(p *pb.Exit) *sdk.Exit {
	if p == nil {
		return nil
	}
	return &sdk.Exit{Code: int(p.GetCode()), Signal: p.GetSignal(), Expected: p.GetExpected()}
}

func probeToProto(r sdk.ProbeResult) *pb.ProbeResult {
	return &pb.ProbeResult{
		Name: text(r.Name), Verdict: uint32(r.Verdict), Latency: int64(r.Latency),
		Text: text(r.Text), Since: toNano(r.Since),
	}
}

func probeFromProto(p *pb.ProbeResult) sdk.ProbeResult {
	return sdk.ProbeResult{
		Name: p.GetName(), Verdict: verdict(p.GetVerdict()), Latency: time.Duration(p.GetLatency()),
		Text: p.GetText(), Since: fromNano(p.GetSince()),
	}
}

func linkToProto(l sdk.Link) *pb.Link {
	return &pb.Link{From: text(l.From), To: text(l.To), Depends: l.Depends, Circuit: circuitToProto(l.Circuit)}
}

func linkFromProto(p *pb.Link) sdk.Link {
	return sdk.Link{From: p.GetFrom(), To: p.GetTo(), Depends: p.GetDepends(), Circuit: circuitFromProto(p.GetCircuit())}
}

func circuitToProto(c *sdk.Circuit) *pb.Circuit {
	if c == nil {
		return nil
	}
	return &pb.Circuit{
		State: text(string(c.State)), Since: toNano(c.Since), Hold: c.Hold, Measured: c.Measured,
		Requests: int64(c.Requests), Bad: int64(c.Bad), P99: int64(c.P99), Callers: int64(c.Callers),
	}
}

func circuitFromProto(p *pb.Circuit) *sdk.Circuit {
	if p == nil {
		return nil
	}
	return &sdk.Circuit{
		State: sdk.CircuitState(p.GetState()), Since: fromNano(p.GetSince()), Hold: p.GetHold(), Measured: p.GetMeasured(),
		Requests: int(p.GetRequests()), Bad: int(p.GetBad()), P99: time.Duration(p.GetP99()), Callers: int(p.GetCallers()),
	}
}

func statusToProto(s sdk.ComponentStatus) *pb.ComponentStatus {
	return &pb.ComponentStatus{
		Name: text(s.Name), Kind: text(s.Kind), State: text(string(s.State)), Since: toNano(s.Since),
		Pid: int64(s.PID), Generation: s.Generation, Probes: each(s.Probes, probeToProto),
		LastExit: exitToProto(s.LastExit), Starts: each(s.Starts, toNano),
	}
}

func statusFromProto(p *pb.ComponentStatus) sdk.ComponentStatus {
	return sdk.ComponentStatus{
		Name: p.GetName(), Kind: p.GetKind(), State: sdk.ComponentState(p.GetState()), Since: fromNano(p.GetSince()),
		PID: int(p.GetPid()), Generation: p.GetGeneration(), Probes: each(p.GetProbes(), probeFromProto),
		LastExit: exitFromProto(p.GetLastExit()), Starts: each(p.GetStarts(), fromNano),
	}
}
