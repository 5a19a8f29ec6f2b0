package parameters

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/parameter"
	"github.com/homeostat/homeostat/host/change/txn"
	"github.com/homeostat/homeostat/sdk"
)

// Edits turns values into the change of the files that hold them, or says why they are not allowed. All must lie in one
// root, for a change is of one. Nothing is touched.
func (b Book) Edits(s sdk.SetParameters) (candidate.Candidate, error) {
	places, err := b.places(s.Component)
	if err != nil {
		return candidate.Candidate{}, err
	}
	m := mover{texts: b.texts(), edited: map[string]string{}}
	for _, name := range slices.Sorted(maps.Keys(s.Values)) {
		i := slices.IndexFunc(places, func(p place) bool { return p.Name == name })
		if i < 0 {
			return candidate.Candidate{}, fmt.Errorf("parameter %q of %s is not declared; declared are: %s", name, s.Component, names(places))
		}
		if err := m.move(places[i], s.Values[name]); err != nil {
			return candidate.Candidate{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := b.forbidden(s, places, m.texts); err != nil {
		return candidate.Candidate{}, err
	}
	return m.candidate()
}

// mover collects the new texts of the files of one root.
type mover struct {
	texts  *texts
	root   string
	edited map[string]string // by path below the root
	moved  bool
}

func (m *mover) move(p place, to sdk.Value) error {
	written, err := p.written(m.texts)
	if err != nil {
		return err
	}
	from, err := p.parse(written)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", p.file, p.key, err)
	}
	if err := p.allows(from, to); err != nil {
		return err
	}
	if m.root != "" && m.root != p.root {
		return fmt.Errorf("the parameters lie in the roots %s and %s, and a change is of one: set them one by one", m.root, p.root)
	}
	m.root = p.root
	m.moved = m.moved || from != to
	text, seen := m.edited[p.path]
	if !seen {
		if text, err = m.texts.of(p); err != nil {
			return err
		}
	}
	if text, err = parameter.Set(p.format, text, p.key, p.write(to, written)); err != nil {
		return fmt.Errorf("%s: %w", p.file, err)
	}
	m.edited[p.path] = text
	return nil
}

func (m *mover) candidate() (candidate.Candidate, error) {
	if !m.moved {
		return candidate.Candidate{}, errNothing
	}
	c := candidate.Candidate{Root: m.root}
	for _, path := range slices.Sorted(maps.Keys(m.edited)) {
		seen := m.texts.seen[textID(m.root, path)]
		c.Edits = append(c.Edits, candidate.Edit{
			Kind: txn.Write, Path: path, Content: []byte(m.edited[path]), Base: candidate.Sum([]byte(seen)),
		})
	}
	return c, c.Check()
}

// forbidden refuses a combination that the operator has ruled out. Parameters that stay count with their present values;
// where one of those is not known, nobody can say whether the combination is allowed.
func (b Book) forbidden(s sdk.SetParameters, places []place, t *texts) error {
	for _, f := range b.Forbidden(s.Component) {
		values := maps.Clone(s.Values)
		for _, p := range places {
			if _, given := values[p.Name]; given || !speaksOf(f, p.Name) {
				continue
			}
			value, err := p.read(t)
			if err != nil {
				return fmt.Errorf("whether %s is allowed depends on %s: %w", f, p.Name, err)
			}
			values[p.Name] = value
		}
		if f.Holds(values) {
			return fmt.Errorf("the combination %s is forbidden%s", f, because(f.Reason))
		}
	}
	return nil
}

func speaksOf(f sdk.Forbidden, name string) bool {
	return slices.ContainsFunc(f.All, func(c sdk.Condition) bool { return c.Parameter == name || c.Other == name })
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

// parse reads a present value. One outside the bounds is what it is: moves are judged by where they end.
func (p place) parse(written string) (sdk.Value, error) {
	switch p.Type {
	case sdk.TypeChoice:
		return sdk.Value{Choice: written}, nil
	case sdk.TypeBool:
		return parseTruth(written)
	}
	n, err := strconv.ParseFloat(written, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return sdk.Value{}, fmt.Errorf("its present value %q is no number", written)
	}
	return sdk.Value{Number: n}, nil
}

// truths are the ways to write a switch, off and on.
var truths = [][2]string{{"false", "true"}, {"no", "yes"}, {"off", "on"}, {"0", "1"}, {"False", "True"}, {"No", "Yes"}, {"Off", "On"}}

// parseTruth reads a switch in any of them.
func parseTruth(written string) (sdk.Value, error) {
	for _, pair := range truths {
		if i := slices.Index(pair[:], written); i >= 0 {
			return sdk.Value{Number: float64(i)}, nil
		}
	}
	return sdk.Value{}, fmt.Errorf("its present value %q is neither true nor false", written)
}

// writeTruth writes a switch in the way in which it was written before.
func writeTruth(v sdk.Value, before string) string {
	for _, pair := range truths {
		if slices.Contains(pair[:], before) {
			return pair[int(v.Number)]
		}
	}
	return strconv.FormatBool(v.Number == 1)
}

// allows judges a move by the declaration.
func (p place) allows(from, to sdk.Value) error {
	if p.Type != sdk.TypeChoice && to.Choice != "" {
		return fmt.Errorf("the text %q is no value of type %s", to.Choice, p.Type)
	}
	switch p.Type {
	case sdk.TypeChoice:
		if !slices.Contains(p.Choices, to.Choice) || to.Number != 0 {
			return fmt.Errorf("%q is none of %v", to, p.Choices)
		}
		return nil
	case sdk.TypeBool:
		if to.Number != 0 && to.Number != 1 {
			return fmt.Errorf("%v is neither 0 nor 1, which stand for false and true", to.Number)
		}
		return nil
	}
	if !(to.Number >= p.Min && to.Number <= p.Max) { // false for NaN as well
		return fmt.Errorf("%v is outside %v to %v", to.Number, p.Min, p.Max)
	}
	if p.Type != sdk.TypeFloat && to.Number != math.Trunc(to.Number) {
		return fmt.Errorf("%v is no whole number", to.Number)
	}
	return p.withinStep(from.Number, to.Number)
}

// stepSlack lets a step that is exact on paper not fail by the rounding of floats.
const stepSlack = 1e-9

// withinStep refuses a move that is larger than the operator allows at once; for log_int the step is a factor. A value that
// a person set outside the bounds may come back within them at once.
func (p place) withinStep(from, to float64) error {
	if p.MaxStep == 0 {
		return nil
	}
	start := min(max(from, p.Min), p.Max)
	moved := math.Abs(to - start)
	if p.Type == sdk.TypeLogInt {
		moved = max(to/start, start/to)
	}
	if !(moved <= p.MaxStep*(1+stepSlack)) {
		return fmt.Errorf("from %v to %v is more than the step of %v that is allowed at once", from, to, p.MaxStep)
	}
	return nil
}

// write returns a value that is allowed as it is to stand in the file, where before stands.
func (p place) write(v sdk.Value, before string) string {
	switch p.Type {
	case sdk.TypeChoice:
		return v.Choice
	case sdk.TypeBool:
		return writeTruth(v, before)
	case sdk.TypeFloat:
		return strconv.FormatFloat(v.Number, 'g', -1, 64)
	}
	return strconv.FormatFloat(v.Number, 'f', 0, 64)
}
