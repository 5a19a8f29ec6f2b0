package links

import (
	"context"
	"time"

	"github.com/homeostat/homeostat/host/breaker"
	"github.com/homeostat/homeostat/host/observe/tape"
	"github.com/homeostat/homeostat/host/proxy"
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

// lookTime bounds the question to all proxies what passes through them now.
const lookTime = 300 * time.Millisecond

// Circuits returns the links with what is known of those that can be opened, for
// strategies. Proxies are asked anew: a callee that has just become slow would else
// be found out only when its caller has been restarted for it.
func (l *Links) Circuits(ctx context.Context, declared []sdk.Link) []sdk.Link {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	out := make([]sdk.Link, len(declared))
	for i, link := range declared {
		if s, guarded := l.opt.Proxies.Look(ctx, link.From, link.To); guarded {
			link.Circuit = measured(s)
		} else {
			link.Circuit = l.unmeasured(link.From, link.To)
		}
		out[i] = link
	}
	return out
}

// circuit is what was known of a link at most a second ago.
func (l *Links) circuit(from, to string) *sdk.Circuit {
	if s, guarded := l.opt.Proxies.State(from, to); guarded {
		return measured(s)
	}
	return l.unmeasured(from, to)
}

// measured is the circuit of a link that a proxy serves.
func measured(s proxy.State) *sdk.Circuit {
	c, r := s.Status.Circuit, s.Status.Stats.Recent
	return &sdk.Circuit{
		State: sdk.CircuitState(c.State), Since: c.Since, Hold: c.Hold, Measured: s.Running,
		Requests: r.Requests, Bad: r.Bad, P99: r.P99, Callers: s.Status.Stats.Connections,
	}
}

// unmeasured is that of a link with commands; nil for one that cannot be opened.
func (l *Links) unmeasured(from, to string) *sdk.Circuit {
	if l.CheckLink(from, to) != nil {
		return nil
	}
	if c, open := l.commandedOf(spec.Name(from, to)); open {
		return &sdk.Circuit{State: sdk.CircuitOpen, Since: c.At, Hold: c.Hold}
	}
	return &sdk.Circuit{State: sdk.CircuitClosed}
}
