package links

import (
	"github.com/homeostat/homeostat/host/breaker"
	"github.com/homeostat/homeostat/host/observe/tape"
	"github.com/homeostat/homeostat/host/proxy/circuit"
	"github.com/homeostat/homeostat/host/proxy/control"
	"github.com/homeostat/homeostat/host/proxy/spec"
	"github.com/homeostat/homeostat/sdk"
)

// isolation is the value of the signal link_isolated in each state. What a person
// holds open is no trouble.
func isolation(c circuit.Status) float64 {
	switch {
	case c.State == breaker.Open && !c.Hold:
		return 1
	case c.State == breaker.HalfOpen:
		return 0.5
	}
	return 0
}

// Samples are the signals of the calling component that a proxy's answer gives,
// named "link_…/" and the component that is called. Percentiles are left out
// while nothing passes: no data is no zero.
func Samples(s control.Status) []tape.Sample {
	to := "/" + s.Spec.To
	gauge := func(name, unit string, v float64) tape.Sample {
		return tape.Sample{Signal: tape.Signal{Name: name + to, Unit: unit, Kind: sdk.Gauge}, Value: v}
	}
	counter := func(name, unit string, v uint64) tape.Sample {
		return tape.Sample{Signal: tape.Signal{Name: name + to, Unit: unit, Kind: sdk.Counter}, Value: float64(v)}
	}
	st := s.Stats
	out := []tape.Sample{
		counter("link_requests", "requests", st.Requests), counter("link_errors", "requests", st.Errors),
		counter("link_slow", "requests", st.Slow), counter("link_refused", "requests", st.Refused),
		counter("link_sent_bytes", "bytes", st.ToTarget), counter("link_received_bytes", "bytes", st.FromTarget),
		gauge("link_connections", "connections", float64(st.Connections)), gauge("link_isolated", "fraction", isolation(s.Circuit)),
	}
	if r := st.Recent; r.Requests > 0 {
		out = append(out, gauge("link_bad_ratio", "fraction", float64(r.Bad)/float64(r.Requests)))
		if r.P50 > 0 {
			out = append(out, gauge("link_latency_p50", "seconds", r.P50.Seconds()), gauge("link_latency_p99", "seconds", r.P99.Seconds()))
		}
	}
	return out
}

// Circuits returns the links with what is known of those that can be opened, for
// strategies.
func (l *Links) Circuits(declared []sdk.Link) []sdk.Link {
	out := make([]sdk.Link, len(declared))
	for i, link := range declared {
		link.Circuit = l.circuit(link.From, link.To)
		out[i] = link
	}
	return out
}

func (l *Links) circuit(from, to string) *sdk.Circuit {
	if s, ok := l.opt.Proxies.State(from, to); ok {
		c, r := s.Status.Circuit, s.Status.Stats.Recent
		return &sdk.Circuit{
			State: sdk.CircuitState(c.State), Since: c.Since, Hold: c.Hold, Measured: s.Running,
			Requests: r.Requests, Bad: r.Bad, P99: r.P99, Callers: s.Status.Stats.Connections,
		}
	}
	if l.CheckLink(from, to) != nil {
		return nil
	}
	if c, open := l.commandedOf(spec.Name(from, to)); open {
		return &sdk.Circuit{State: sdk.CircuitOpen, Since: c.At, Hold: c.Hold}
	}
	return &sdk.Circuit{State: sdk.CircuitClosed}
}
