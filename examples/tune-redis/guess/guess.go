// Package guess is what homeostat's strategies are compared with, as strategies
// themselves, so that everything else is the same: a runbook that restarts the
// service and then sets the defaults, random settings within the declared set,
// random settings among all that redis documents, and the settings that a person who
// knows all drifts beforehand would set.
//
// It owns its random numbers. The documented values go through the pipeline as
// files, because the host refuses a parameter beyond its declaration. A Strategy
// is used by one goroutine at a time, as the host does.
package guess

import (
	"context"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/homeostat/homeostat/examples/tune-redis/service"
	"github.com/homeostat/homeostat/sdk"
)

// The ways to guess.
const (
	Runbook    = "runbook"
	Random     = "random"
	Documented = "documented"
	Known      = "known"
)

// Config is the plugin's table.
type Config struct {
	Way  string `homeostat:"way,required,choices=runbook|random|documented|known" doc:"What is proposed."`
	Seed int    `homeostat:"seed,default=1" doc:"The seed of random settings."`
}

// Strategy guesses. Use New.
type Strategy struct {
	way  string
	rand *rand.Rand
}

// New returns the strategy.
func New(c Config, _ sdk.Env) (sdk.Strategy, error) {
	return &Strategy{way: c.Way, rand: rand.New(rand.NewPCG(uint64(c.Seed), 3))}, nil
}

// Propose offers the next guess.
func (s *Strategy) Propose(_ context.Context, in sdk.Incident) (sdk.Proposal, error) {
	switch s.way {
	case Random:
		return set(in, s.random(in), "random settings within the declared set"), nil
	case Known:
		return set(in, known(in), "the settings that are known to help"), nil
	case Documented:
		file := sdk.FileChange{Path: "tuning.conf", Content: []byte(s.documented().String())}
		return sdk.Proposal{
			Reason:  "random settings among the documented ones",
			Actions: []sdk.Action{sdk.SubmitChange{Root: service.Name, Reason: "a guess", Files: []sdk.FileChange{file}}},
		}, nil
	}
	if len(in.Attempts) == 0 {
		return sdk.Proposal{Reason: "step 1 of the runbook", Actions: []sdk.Action{sdk.Restart{Component: in.Component}}}, nil
	}
	return set(in, defaults(in), "step 2 of the runbook"), nil
}

// set proposes the values that differ from the present ones.
func set(in sdk.Incident, values map[string]sdk.Value, reason string) sdk.Proposal {
	for _, p := range in.Parameters {
		if values[p.Name] == p.Value {
			delete(values, p.Name)
		}
	}
	if len(values) == 0 {
		return sdk.Proposal{Reason: reason + ": they are set already"}
	}
	return sdk.Proposal{Reason: reason, Actions: []sdk.Action{sdk.SetParameters{Component: in.Component, Values: values}}}
}

// random draws each parameter within its bounds and its step.
func (s *Strategy) random(in sdk.Incident) map[string]sdk.Value {
	values := map[string]sdk.Value{}
	for _, p := range in.Parameters {
		values[p.Name] = p.Decode(s.rand.Float64())
	}
	return values
}

// known are the values that a survey of each setting under each drift found to help,
// and the defaults of the others.
func known(in sdk.Incident) map[string]sdk.Value {
	values := defaults(in)
	for name, number := range map[string]float64{"maxmemory": 48 << 20, "hash-max-listpack-entries": 512} {
		if _, declared := values[name]; declared {
			values[name] = sdk.Value{Number: number}
		}
	}
	return values
}

func defaults(in sdk.Incident) map[string]sdk.Value {
	values := map[string]sdk.Value{}
	for _, p := range in.Parameters {
		values[p.Name] = p.Default
	}
	return values
}

// documented draws settings as redis.conf allows them.
func (s *Strategy) documented() service.Settings {
	policies := []string{
		"noeviction", "allkeys-lru", "allkeys-lfu", "allkeys-random",
		"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
	}
	return service.Settings{
		"maxmemory":                 s.between(1<<20, 1<<30),
		"maxmemory-policy":          policies[s.rand.IntN(len(policies))],
		"maxmemory-samples":         s.between(1, 64),
		"hash-max-listpack-entries": s.between(1, 1<<16),
		"hz":                        s.between(1, 500),
		"maxclients":                s.between(1, 10000),
	}
}

// between draws a whole number evenly among orders of magnitude.
func (s *Strategy) between(low, high float64) string {
	return strconv.Itoa(int(math.Round(low * math.Pow(high/low, s.rand.Float64()))))
}
