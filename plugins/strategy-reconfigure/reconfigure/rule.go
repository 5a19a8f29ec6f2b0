package reconfigure

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/homeostat/homeostat/sdk"
)

// move is one parameter from here to there.
type move struct {
	Parameter string    `json:"parameter"`
	From      sdk.Value `json:"from"`
	To        sdk.Value `json:"to"`
	// Rule is the rule's String, empty for a move back.
	Rule string `json:"rule,omitempty"`
	Back bool   `json:"back,omitempty"`
	Why  string `json:"why"`
}

// String tells the move to an operator.
func (m move) String() string {
	return fmt.Sprintf("%s from %v to %v: %s", m.Parameter, m.From, m.To, m.Why)
}

// direction is 1 for up, -1 for down, and 0 where there is neither.
func (m move) direction() int {
	if m.From.Choice != "" || m.To.Choice != "" {
		return 0
	}
	switch {
	case m.To.Number > m.From.Number:
		return 1
	case m.To.Number < m.From.Number:
		return -1
	}
	return 0
}

// parameter returns the parameter that the rule moves.
func parameter(in sdk.Incident, r Rule) (sdk.Parameter, bool) {
	i := slices.IndexFunc(in.Parameters, func(p sdk.Parameter) bool { return p.Name == r.Parameter && p.Component == in.Component })
	if i < 0 || r.Component != "*" && r.Component != in.Component {
		return sdk.Parameter{}, false
	}
	return in.Parameters[i], true
}

// applies says that an anomaly of the cause is one that the rule is for.
func (r Rule) applies(in sdk.Incident) bool {
	_, ok := r.anomaly(in)
	return ok && r.reads(in)
}

func (r Rule) anomaly(in sdk.Incident) (sdk.Anomaly, bool) {
	for _, a := range in.Anomalies {
		if a.Component == in.Component && !a.Ended && fits(r.Kind, a.Kind) && fits(r.Signal, a.Signal) {
			return a, true
		}
	}
	return sdk.Anomaly{}, false
}

// reads says that the reading, if there is one to look at, is beyond the limits.
func (r Rule) reads(in sdk.Incident) bool {
	_, ok := r.reading(in)
	return ok || r.Reading == ""
}

// reading is the value that is beyond the limits.
func (r Rule) reading(in sdk.Incident) (float64, bool) {
	for _, reading := range in.Readings {
		if reading.Component == in.Component && reading.Signal == r.Reading && reading.Value > r.Above && reading.Value < r.Below {
			return reading.Value, true
		}
	}
	return 0, false
}

// bounded says that there is a limit for the reading to be beyond.
func (r Rule) bounded() bool { return r.Above != -unset || r.Below != unset }

// mostStrides is how many steps a reading may ask for at once.
const mostStrides = 8

// strides is how many steps the reading asks for: one, and a further one for each
// multiple of Every that it is beyond the nearer limit.
func (r Rule) strides(in sdk.Incident) int {
	value, ok := r.reading(in)
	if !ok || r.Every <= 0 {
		return 1
	}
	further := min(value-r.Above, r.Below-value) / r.Every
	return 1 + int(min(further, mostStrides-1))
}

// because is the anomaly for which the rule speaks.
func (r Rule) because(in sdk.Incident) string {
	const most = 200
	a, _ := r.anomaly(in)
	text := a.Summary
	if text == "" {
		text = a.Kind
	}
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// fits compares a name with a pattern that may end in *.
func fits(pattern, name string) bool {
	if begin, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(name, begin)
	}
	return pattern == name
}

// target returns the value that so many steps of the rule lead to, as far as one
// move may go. It may be the present one, where that is at its bound.
func (r Rule) target(p sdk.Parameter, strides int) (sdk.Value, error) {
	switch p.Type {
	case sdk.TypeChoice:
		if !slices.Contains(p.Choices, r.To) {
			return sdk.Value{}, fmt.Errorf("%q is none of the choices of %s", r.To, p.Name)
		}
		return sdk.Value{Choice: r.To}, nil
	case sdk.TypeBool:
		if r.To != "true" && r.To != "false" {
			return sdk.Value{}, fmt.Errorf("%s is a bool, and its rule sets it to %q", p.Name, r.To)
		}
		if r.To == "true" {
			return sdk.Value{Number: 1}, nil
		}
		return sdk.Value{}, nil
	}
	if r.Step == 0 {
		return sdk.Value{}, fmt.Errorf("%s is a number, and its rule has no step", p.Name)
	}
	to := p.Value.Number + r.Step*float64(strides)
	if p.Type == sdk.TypeLogInt {
		if r.Step < 0 {
			return sdk.Value{}, fmt.Errorf("%s is a log_int, and %v is no factor", p.Name, r.Step)
		}
		to = p.Value.Number * math.Pow(r.Step, float64(strides))
	}
	return reach(p, to), nil
}

// toward returns the value nearest to a wanted one that one step may reach.
func toward(p sdk.Parameter, want sdk.Value) sdk.Value {
	if p.Type == sdk.TypeChoice || p.Type == sdk.TypeBool {
		return want
	}
	return reach(p, want.Number)
}

// reach returns the number nearest to want that bounds, step and type allow. It
// does not go beyond want, except to be within the bounds.
func reach(p sdk.Parameter, want float64) sdk.Value {
	low, high := p.Min, p.Max
	from := min(max(p.Value.Number, p.Min), p.Max)
	switch {
	case p.MaxStep == 0:
	case p.Type == sdk.TypeLogInt:
		low, high = max(low, from/p.MaxStep), min(high, from*p.MaxStep)
	default:
		low, high = max(low, from-p.MaxStep), min(high, from+p.MaxStep)
	}
	to := min(max(want, low), high)
	if p.Type != sdk.TypeFloat {
		if to = whole(p, to); to < low || to > high {
			to = from // no whole number lies within one step
		}
	}
	return sdk.Value{Number: to}
}

// whole rounds toward the present value, so that a step is not made larger by
// it; a step of less than one becomes one.
func whole(p sdk.Parameter, to float64) float64 {
	switch from := p.Value.Number; {
	case to > from:
		return max(math.Floor(to), math.Floor(from)+1)
	case to < from:
		return min(math.Ceil(to), math.Ceil(from)-1)
	}
	return to
}

// forbidden says that the moves together with what stays are a combination that
// the operator has ruled out; empty when they are not.
func forbidden(in sdk.Incident, moves []move) string {
	values := map[string]sdk.Value{}
	for _, p := range in.Parameters {
		values[p.Name] = p.Value
	}
	after := maps.Clone(values)
	for _, m := range moves {
		after[m.Parameter] = m.To
	}
	for _, f := range in.Forbidden {
		if f.Holds(after) {
			return fmt.Sprintf("%s would be a forbidden combination", f)
		}
	}
	return ""
}
