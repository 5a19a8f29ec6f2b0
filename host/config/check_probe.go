package config

import (
	"fmt"
	"maps"
	"slices"
)

func (c *checker) probes(component at, probes []Probe) {
	seen := map[string]at{}
	for i, probe := range probes {
		where := component.key("probe").index(i)
		c.probeName(where, probe, seen)
		c.probeType(where, probe)
		c.argv(where.key("command"), probe.Command)
		if probe.MaxLatency > probe.Timeout {
			c.wrong(where.key("max_latency"), fmt.Sprintf("%s is longer than timeout, %s, and can never be reached", probe.MaxLatency, probe.Timeout))
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

// probeKeys maps each type of probe to the key that it needs and the others that it may have.
var probeKeys = map[ProbeType][]string{
	ProbeHTTP: {"url", "status", "body"},
	ProbeTCP:  {"address"},
	ProbeExec: {"command"},
	ProbeUnix: {"path"},
}

func (c *checker) probeType(where at, probe Probe) {
	needed := map[ProbeType]bool{
		ProbeHTTP: probe.URL != "", ProbeTCP: probe.Address != "", ProbeExec: len(probe.Command) > 0, ProbeUnix: probe.Path != "",
	}
	for _, kind := range slices.Sorted(maps.Keys(probeKeys)) {
		first := where.key(probeKeys[kind][0])
		if kind == probe.Type {
			if !needed[kind] && !c.reported(first) {
				c.wrong(first, fmt.Sprintf("is required for type %q", kind))
			}
			continue
		}
		c.foreignKeys(where, probe.Type, kind)
	}
}

// foreignKeys reports keys that belong to another type than the probe's own. A type that is wrong itself says enough.
func (c *checker) foreignKeys(where at, own, other ProbeType) {
	if own == "" {
		return
	}
	for _, key := range probeKeys[other] {
		if c.given(where.key(key)) {
			c.wrong(where.key(key), fmt.Sprintf("is for type %q, this probe is of type %q", other, own))
		}
	}
}

// reported says whether a key is already known to be wrong.
func (c *checker) reported(where at) bool {
	for _, p := range c.problems {
		if p.Path == string(where) {
			return true
		}
	}
	return false
}
