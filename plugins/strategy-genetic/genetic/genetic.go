// Package genetic is the algorithm of the genetic strategy. As an Evolver it
// searches the declared parameters of a component; the host evaluates on the
// component's model. As a Strategy it offers one of the best settings found, or
// the default, in an incident: which one is drawn by Thompson sampling over what
// each was worth live.
//
// It owns populations, elites and the evidence for them, and nothing outside: it
// runs no model and touches no file. Methods are called by one goroutine at a
// time, as package sdk promises.
package genetic

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/plugins/internal/evolve"
	"github.com/homeostat/homeostat/plugins/internal/evolve/arms"
	"github.com/homeostat/homeostat/sdk"
)

// Name is what the plugin calls itself, and what attempts of it are known by.
const Name = "genetic"

// Config is the plugin's table.
type Config struct {
	Kinds       []string      `homeostat:"kinds,default=*" doc:"The kinds of anomalies, such as threshold, that settings are tried for; * stands for all. Settings do not help a process that crashes."`
	ControlWait time.Duration `homeostat:"control_wait,default=5s,min=10ms,max=10m" doc:"How long the present settings are given where they are the ones to try: without such trials nobody would know what the others gain."`
}

// failedTimes is how much dearer a trial counts that did not heal than the time
// that it lasted; it counts as the dearest trial so far at least.
const failedTimes = 2

// Strategy is the strategy. Use New.
type Strategy struct {
	config Config
	log    hclog.Logger
	seed   uint64
	rand   *evolve.Source
	clock  uint64 // counts uses of records, for the oldest to go first
	// records are the populations, by component and schema.
	records map[string]*record
	// trials are those under way or ended, by incident.
	trials map[string]trial
}

// trial is what was proposed in an incident.
type trial struct {
	Record    string `json:"record"`
	Signature string `json:"signature"`
	// Drawn is the key of the arm. Arm is the same where the arm itself was proposed;
	// empty for a step on the way to it, which proves nothing, and once it is told.
	Drawn string `json:"drawn"`
	Arm   string `json:"arm"`
	Used  uint64 `json:"used"`
}

// New returns the strategy.
func New(c Config, env sdk.Env) (sdk.Strategy, error) {
	log := env.Log
	if log == nil {
		log = hclog.NewNullLogger()
	}
	return &Strategy{
		config: c, log: log, seed: env.Seed, rand: evolve.NewSource(env.Seed),
		records: map[string]*record{}, trials: map[string]trial{},
	}, nil
}

// Propose offers one setting in each incident.
func (s *Strategy) Propose(_ context.Context, in sdk.Incident) (sdk.Proposal, error) {
	problem := sdk.Problem{Component: in.Component, Parameters: in.Parameters, Forbidden: in.Forbidden}
	if len(in.Parameters) == 0 {
		return nothing("no parameter of %s is declared, with a file in a root of its own, so there is nothing to move", in.Component), nil
	}
	if err := problem.Check(); err != nil {
		return nothing("%v", err), nil
	}
	if !s.meant(in) {
		return nothing("settings are tried for anomalies of the kinds %s alone (key kinds)", strings.Join(s.config.Kinds, ", ")), nil
	}
	if s.triedIn(in) {
		return nothing("one setting was tried in this incident; a second would tell nothing of either"), nil
	}
	r, err := s.record(problem)
	if err != nil {
		return nothing("%v", err), nil
	}
	table := r.table(in.Signature, problem)
	if len(table.Arms) < 2 {
		return nothing("no settings of %s were evolved yet: the search needs a model of it (key model), and time", in.Component), nil
	}
	return s.offer(in, problem, r), nil
}

// meant reports that the incident is of a kind that settings are tried for.
func (s *Strategy) meant(in sdk.Incident) bool {
	return len(s.config.Kinds) == 0 || slices.Contains(s.config.Kinds, "*") ||
		slices.ContainsFunc(in.Anomalies, func(a sdk.Anomaly) bool { return slices.Contains(s.config.Kinds, a.Kind) })
}

// triedIn reports that this strategy had its trial in the incident. An offer alone
// is none: another strategy may have been preferred to it.
func (s *Strategy) triedIn(in sdk.Incident) bool {
	return slices.ContainsFunc(in.Attempts, func(a sdk.Attempt) bool { return a.Strategy == Name })
}

// drawn is the arm for an incident: drawn once, so that asking again changes nothing.
func (s *Strategy) drawn(in sdk.Incident, table *arms.Table) arms.Arm {
	before := s.trials[in.ID].Drawn
	for _, a := range table.Arms {
		if before != "" && a.Key == before {
			return a
		}
	}
	return table.Choose(s.rand)
}

// offer draws an arm and proposes the way to it.
func (s *Strategy) offer(in sdk.Incident, problem sdk.Problem, r *record) sdk.Proposal {
	table := r.Tables[in.Signature]
	arm := s.drawn(in, table)
	wanted, err := valuesOf(arm.Key)
	if err != nil {
		return nothing("the setting that was drawn cannot be read: %v", err)
	}
	reached, err := problem.Decode(problem.Encode(wanted))
	if err != nil {
		return nothing("the way from the present values to the setting that was drawn is closed: %v", err)
	}
	t := trial{Record: r.key(), Signature: in.Signature, Drawn: arm.Key, Arm: arm.Key, Used: s.tick()}
	if same(reached, wanted) {
		reached = wanted // exactly, without the last digits of a way through genes
	} else {
		t.Arm = ""
	}
	s.remember(in.ID, t)
	moves := differing(problem, reached)
	if len(moves) == 0 {
		return sdk.Proposal{
			Actions: []sdk.Action{sdk.Wait{Component: in.Component, For: s.config.ControlWait}}, Trial: true,
			Reason: fmt.Sprintf("the present settings were drawn among %d, so they are given %v: the trial that the others are compared with", len(table.Arms), s.config.ControlWait),
		}
	}
	return sdk.Proposal{
		Actions:    []sdk.Action{sdk.SetParameters{Component: in.Component, Values: moves}},
		Reason:     s.reason(table, arm, t),
		Confidence: table.Better(arm.Key),
	}
}

// reason says why this arm, in one sentence.
func (s *Strategy) reason(t *arms.Table, a arms.Arm, now trial) string {
	text := "the default settings were drawn"
	if a.Key != t.Arms[0].Key {
		text = fmt.Sprintf("settings evolved in the sandbox were drawn; they are at least 5 %% better than the default with probability %.2f", t.Better(a.Key))
	}
	text += fmt.Sprintf(" (%d live trials", len(a.Costs))
	if trusted, _ := t.Trust(); !trusted {
		text += "; the model is not listened to, for live trials contradict it"
	}
	if now.Arm == "" {
		text += "; one step of the allowed size towards them"
	}
	return text + ")"
}

// Learn takes the time that a trial took as its cost.
func (s *Strategy) Learn(_ context.Context, o sdk.Outcome) error {
	t, ok := s.trials[o.Incident]
	if !ok || t.Arm == "" {
		return nil
	}
	r, ok := s.records[t.Record]
	if !ok || r.Tables[t.Signature] == nil {
		return nil
	}
	table := r.Tables[t.Signature]
	cost := max(o.Downtime, time.Millisecond).Seconds()
	switch o.Result {
	case sdk.ResultHealed:
	case sdk.ResultFailed:
		cost = max(failedTimes*cost, table.Worst())
	default:
		return nil // it was not carried out, or nobody knows how far
	}
	table.Tell(t.Arm, cost)
	t.Arm = "" // it is told once
	s.trials[o.Incident] = t
	return nil
}

// mostTrials is how many incidents are remembered.
const mostTrials = 200

func (s *Strategy) remember(incident string, t trial) {
	s.trials[incident] = t
	for len(s.trials) > mostTrials {
		oldest := ""
		for _, id := range slices.Sorted(maps.Keys(s.trials)) {
			if oldest == "" || s.trials[id].Used < s.trials[oldest].Used {
				oldest = id
			}
		}
		delete(s.trials, oldest)
	}
}

func (s *Strategy) tick() uint64 {
	s.clock++
	return s.clock
}

// differing returns the values that are not the present ones.
func differing(p sdk.Problem, values map[string]sdk.Value) map[string]sdk.Value {
	out := map[string]sdk.Value{}
	for _, param := range p.Parameters {
		if v := values[param.Name]; !sameValue(v, param.Value) {
			out[param.Name] = v
		}
	}
	return out
}

func nothing(format string, args ...any) sdk.Proposal {
	return sdk.Proposal{Reason: fmt.Sprintf(format, args...)}
}
