package trial

import (
	"fmt"
	"path/filepath"

	"github.com/homeostat/homeostat/examples/tune-redis/guess"
)

// The ways of homeostat's own strategies; the others are named in package guess.
const (
	Reconfigure = "reconfigure"
	Genetic     = "genetic"
)

// Names are all ways in the order of the table.
func Names() []string {
	return []string{guess.Runbook, guess.Documented, guess.Random, Reconfigure, Genetic, guess.Known}
}

// bounded are the ways that must never leave the declared set.
var bounded = map[string]bool{Reconfigure: true, Genetic: true}

// rules are what an operator of redis knows: where few lookups hit there is too
// little memory, the less the fewer, and users wait for the store; where they do hit and are slow all
// the same, large hashes in the compact form keep redis itself busy.
const rules = `
[plugins.reconfigure]
kind = "strategy"
path = "strategy-reconfigure"

[[plugins.reconfigure.config.rules]]
kind = "probe"
reading = "users_hit_ratio"
below = 0.9
every = 0.1
parameter = "maxmemory"
step = 2

[[plugins.reconfigure.config.rules]]
kind = "probe"
reading = "users_hit_ratio"
above = 0.9
parameter = "hash-max-listpack-entries"
step = 0.0625
`

// evolving is the genetic strategy and its search, which is done before the first
// drift.
const evolving = `
[plugins.genetic]
kind = "strategy"
path = "strategy-genetic"

[plugins.genetic.config]
control_wait = "2s"

[evolve]
evaluations = %d
seeds = 2
look = "200ms"
`

// guessing is one of the ways of package guess.
const guessing = `
[plugins.guess]
kind = "strategy"
path = %q
sha256 = %q

[plugins.guess.config]
way = %q
seed = %d
`

// modelFile is what make makes of the folder model.
const modelFile = "model-redis.wasm"

// model is the key of a way's model; empty for none.
func (t *trial) model() (string, error) {
	if t.way != Genetic {
		return "", nil
	}
	module := filepath.Join(t.Bin, modelFile)
	sum, err := sumOf(module)
	return fmt.Sprintf("model = { module = %q, sha256 = %q }\n", module, sum), err
}

// plugins are the tables of a way, and its ladder.
func (t *trial) plugins(way string) (tables string, ladder []string, err error) {
	switch way {
	case Reconfigure:
		return rules, []string{"reconfigure"}, nil
	case Genetic:
		// One setting is tried in an incident; where it does not help the rules go on.
		return fmt.Sprintf(evolving, t.Evaluations) + rules, []string{"genetic", "reconfigure"}, nil
	case guess.Runbook, guess.Random, guess.Documented, guess.Known:
		program := filepath.Join(t.Bin, "strategy-guess")
		sum, err := sumOf(program)
		return fmt.Sprintf(guessing, program, sum, way, t.Seed), []string{"guess"}, err
	}
	return "", nil, fmt.Errorf("there is no way %q to tune; there are %v", way, Names())
}
