// Package reconfigure is the algorithm of the reconfigure strategy: which
// declared parameter to move, by how much, when to go on, and when to go back.
//
// It owns the rules and what it has learnt of them: which steps helped against
// which kind of incident, and where each parameter came from. It changes
// nothing: it proposes. The host judges each move by the declaration, and makes
// it through the change pipeline.
//
// A reading that is far beyond its limit asks for several steps at once (every): a
// try that is too small costs as much time as one that helps. What did not help is
// taken back by the host, and then a larger step is tried; where the host has not,
// the strategy itself proposes the way back. It does not oscillate. A parameter that
// was moved back is left alone for a while (forget), and none is moved against the
// direction of its last step within that time, whatever the rules say. Values that
// somebody else sets are respected in the same way.
//
// A Strategy is used by one goroutine at a time, as the host does.
package reconfigure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/sdk"
)

// Config is the plugin's table.
type Config struct {
	Rules  []Rule        `homeostat:"rules" doc:"What to move when; of those that apply, the one that helped most often is tried first, then the order counts."`
	Tries  int           `homeostat:"tries,default=3,min=1,max=20" doc:"How many steps in a row may fail to help before the parameter is moved back to where it was."`
	Forget time.Duration `homeostat:"forget,default=24h,min=1m,max=720h" doc:"How long a parameter that was moved back is left alone, and how long a step forbids one in the other direction."`
}

// Rule says which parameter is moved when an anomaly of some kind is open.
type Rule struct {
	Component string  `homeostat:"component,default=*" doc:"The component, or * for each that has the parameter."`
	Kind      string  `homeostat:"kind,default=*" doc:"The kind of the anomaly, such as threshold or probe; a * at the end stands for any rest."`
	Signal    string  `homeostat:"signal,default=*" doc:"The signal of the anomaly; a * at the end stands for any rest."`
	Reading   string  `homeostat:"reading" doc:"A signal of the component whose newest value must also be beyond a limit; empty for none."`
	Above     float64 `homeostat:"above,default=-1e300" doc:"The reading must be above this."`
	Below     float64 `homeostat:"below,default=1e300" doc:"The reading must be below this."`
	Every     float64 `homeostat:"every,default=0,min=0" doc:"How far the reading must be beyond its limit for each further step to be taken at once, at most eight together; 0 for one step however far it is."`
	Parameter string  `homeostat:"parameter,required" doc:"The declared parameter that is moved."`
	Step      float64 `homeostat:"step,default=0" doc:"What is added at once; for a log_int a factor, below 1 to go down."`
	To        string  `homeostat:"to" doc:"For a choice or a bool, in place of step: the value that is set; true or false for a bool."`
}

// String names what the rule does, which is also what successes are kept under.
func (r Rule) String() string {
	if r.To != "" {
		return r.Parameter + " to " + r.To
	}
	return fmt.Sprintf("%s by %v", r.Parameter, r.Step)
}

// Strategy proposes moves of parameters. Use New.
type Strategy struct {
	config Config
	log    hclog.Logger
	memory memory
}

// New returns the strategy, or says which rules make no sense.
func New(c Config, env sdk.Env) (sdk.Strategy, error) {
	var wrong []error
	for i, r := range c.Rules {
		if (r.Step == 0) == (r.To == "") {
			wrong = append(wrong, fmt.Errorf("rule %d, for %s: want either step or to", i+1, r.Parameter))
		}
		if r.Reading == "" && (r.Above != -unset || r.Below != unset) {
			wrong = append(wrong, fmt.Errorf("rule %d, for %s: above and below mean nothing without reading", i+1, r.Parameter))
		}
		if r.Every > 0 && !r.bounded() {
			wrong = append(wrong, fmt.Errorf("rule %d, for %s: every counts from above or below, and the rule has neither", i+1, r.Parameter))
		}
	}
	return &Strategy{config: c, log: env.Log, memory: newMemory()}, errors.Join(wrong...)
}

// unset is the bound that no reading reaches.
const unset = 1e300

// Propose offers the next step: back, where steps did not help, and at the same
// time forward with another parameter that has not been tried.
func (s *Strategy) Propose(_ context.Context, in sdk.Incident) (sdk.Proposal, error) {
	if len(in.Parameters) == 0 {
		return sdk.Proposal{Reason: in.Component + " has no parameters that can be moved"}, nil
	}
	s.memory.settle(in, s.config.Forget)
	backs := s.backs(in)
	next, why := s.next(in, backs)
	moves := backs
	if next.Parameter != "" {
		moves = append(slices.Clone(backs), next)
	}
	if len(moves) == 0 {
		return sdk.Proposal{Reason: why}, nil
	}
	values := map[string]sdk.Value{}
	texts := make([]string, len(moves))
	for i, m := range moves {
		values[m.Parameter], texts[i] = m.To, m.String()
	}
	s.memory.offer(in, moves)
	tries, helped := s.memory.record(in, next.Rule)
	return sdk.Proposal{
		Actions:    []sdk.Action{sdk.SetParameters{Component: in.Component, Values: values}},
		Reason:     strings.Join(texts, "; "),
		Confidence: float64(helped+1) / float64(tries+2), // Laplace's rule of succession
	}, nil
}

// backs are the moves of parameters whose steps did not help.
func (s *Strategy) backs(in sdk.Incident) []move {
	var out []move
	for _, p := range in.Parameters {
		t := s.memory.track(p)
		if t == nil || t.Phase != backing {
			continue
		}
		m := move{Parameter: p.Name, From: p.Value, To: toward(p, t.Origin), Back: true}
		m.Why = fmt.Sprintf("%d steps did not help, so it goes back to %v", t.Steps, t.Origin)
		if ruled := forbidden(in, []move{m}); ruled == "" {
			out = append(out, m)
		}
	}
	return out
}

// next returns the best step that is allowed beside the given moves, or says
// why there is none.
func (s *Strategy) next(in sdk.Incident, beside []move) (move, string) {
	why := "no rule is for what is wrong with " + in.Component
	best, score := move{}, -1.0
	for _, r := range s.config.Rules {
		p, ok := parameter(in, r)
		if !ok || !r.applies(in) {
			continue
		}
		m, against := s.step(in, r, p)
		if against == "" {
			against = forbidden(in, append(slices.Clone(beside), m))
		}
		if against != "" {
			why = against
			continue
		}
		tries, helped := s.memory.record(in, r.String())
		if own := float64(helped+1) / float64(tries+2); own > score {
			best, score = m, own
			if helped > 0 {
				best.Why += fmt.Sprintf("; that helped %d of %d times", helped, tries)
			}
		}
	}
	return best, why
}

// step returns the move that a rule asks for, or says what speaks against it.
func (s *Strategy) step(in sdk.Incident, r Rule, p sdk.Parameter) (move, string) {
	t := s.memory.track(p)
	strides := t.strides(p) * r.strides(in)
	to, err := r.target(p, strides)
	if err != nil {
		return move{}, err.Error()
	}
	m := move{Parameter: p.Name, From: p.Value, To: to, Rule: r.String(), Why: r.because(in)}
	switch {
	case to == p.Value:
		return move{}, fmt.Sprintf("%s is %v already and cannot go further", p.Name, to)
	case t.strides(p) > 1 && to == t.Last:
		return move{}, fmt.Sprintf("%s at %v did not help, and a larger step is not allowed", p.Name, to)
	}
	switch {
	case t == nil:
		return m, ""
	case t.Phase == resting || t.Phase == backing:
		return move{}, fmt.Sprintf("%s is left alone until %s: %s", p.Name, clock(t.At.Add(s.config.Forget)), t.Why)
	case !t.goesOn(m):
		return move{}, fmt.Sprintf("%s was moved the other way at %s, and going back and forth helps nobody", p.Name, clock(t.At))
	}
	return m, ""
}

// Learn takes in how the last offer for the incident ended.
func (s *Strategy) Learn(_ context.Context, o sdk.Outcome) error {
	s.memory.learn(o, s.config.Tries)
	return nil
}

// Explain tells what was learnt about a component.
func (s *Strategy) Explain(_ context.Context, component string) (string, error) {
	return s.memory.explain(component), nil
}

// SaveState returns what was learnt.
func (s *Strategy) SaveState() ([]byte, error) { return s.memory.save() }

// LoadState takes it back; what is not understood is refused as a whole.
func (s *Strategy) LoadState(state []byte) error {
	m, err := load(state)
	if err != nil {
		return err
	}
	s.memory = m
	return nil
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") + " UTC" }
