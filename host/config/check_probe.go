package config

import (
	"cmp"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/config/form"
)

func (c *checker) probes(component at, probes []Probe) {
	seen := map[string]at{}
	for i, probe := range probes {
		where := component.key("probe").index(i)
		c.probeName(where, probe, seen)
		c.probeType(where, probe)
		c.argv(where.key("command"), probe.Command)
		if least := 10 * time.Millisecond; probe.Timeout > 0 && probe.Timeout < least {
			c.wrong(where.key("timeout"), fmt.Sprintf("%s is too short for any answer: want %s or more, or 0s", probe.Timeout, least))
		}
		if most := cmp.Or(probe.Timeout, DefaultProbeTimeout); probe.MaxLatency > most {
			c.wrong(where.key("max_latency"), fmt.Sprintf("%s is longer than timeout, %s, and can never be reached", probe.MaxLatency, most))
		}
	}
}

// probeName checks that two probes of one component can be told apart.
func (c *checker) probeName(where at, probe Probe, seen map[string]at) {
	if first, ok := seen[probe.Name]; ok && probe.Name != "" {
		c.wrongWithHint(where, fmt.Sprintf("another probe is called %q already, in line %d", probe.Name, c.positions.Line(string(first))), "give name")
	}
	seen[probe.Name] = where
	if probe.Name != "" && c.given(where.key("name")) {
		c.named(where.key("name"), probe.Name)
	}
}

// probeKey is a key that belongs to one type of probe.
type probeKey struct {
	name     string
	of       ProbeType
	set      bool
	required bool
}

// defaultStatus is the range that a probe has when it gives none.
var defaultStatus = form.StatusRange{From: 200, To: 399}

func keysOf(p Probe) []probeKey {
	return []probeKey{
		{name: "url", of: ProbeHTTP, set: p.URL != "", required: true},
		{name: "status", of: ProbeHTTP, set: p.Status != defaultStatus && p.Status != form.StatusRange{}},
		{name: "body", of: ProbeHTTP, set: p.Body != ""},
		{name: "address", of: ProbeTCP, set: p.Address != "", required: true},
		{name: "command", of: ProbeExec, set: len(p.Command) > 0, required: true},
		{name: "path", of: ProbeUnix, set: p.Path != "", required: true},
	}
}

// probeType checks that the keys fit the type. A type that is wrong itself says enough.
func (c *checker) probeType(where at, probe Probe) {
	if probe.Type == "" {
		return
	}
	for _, key := range keysOf(probe) {
		here := where.key(key.name)
		switch own := key.of == probe.Type; {
		case own && key.required && !key.set:
			c.wrong(here, fmt.Sprintf("is required for type %q", probe.Type))
		case !own && key.set:
			c.wrong(here, fmt.Sprintf("is for type %q, this probe is of type %q", key.of, probe.Type))
		}
	}
}
