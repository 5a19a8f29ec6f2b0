package changes

import (
	"context"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/parameter"
	"github.com/homeostat/homeostat/host/change/txn"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/sdk"
)

// setting is one parameter with the value that it is to have.
type setting struct {
	config.Parameter
	root config.Root
	path string // below the root
	text string // the new value
}

// CheckParameters reports why parameters cannot be set.
func (h Hands) CheckParameters(s sdk.SetParameters) error {
	_, err := h.edits(s)
	return err
}

// SetParameters changes the files that hold the parameters, as one change.
func (h Hands) SetParameters(ctx context.Context, s sdk.SetParameters, reason string) (string, error) {
	c, err := h.edits(s)
	if err != nil {
		return "", err
	}
	c.Reason = reason[:min(len(reason), candidate.MaxText)]
	return h.submit(ctx, c)
}

// edits turns values into the change of the files that hold them. All must lie in one root: a change is of one.
func (h Hands) edits(s sdk.SetParameters) (candidate.Candidate, error) {
	out := candidate.Candidate{Author: byRecovery}
	texts := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(s.Values)) {
		set, err := h.setting(s.Component, name, s.Values[name])
		if err != nil {
			return out, err
		}
		if out.Root != "" && out.Root != string(set.root.Name) {
			return out, fmt.Errorf("the parameters lie in the roots %s and %s, and a change is of one: set them one by one", out.Root, set.root.Name)
		}
		out.Root = string(set.root.Name)
		text, seen := texts[set.path]
		if !seen {
			content, err := h.Pipeline().Current(out.Root, set.path)
			if err != nil {
				return out, err
			}
			text = string(content)
		}
		if texts[set.path], err = set.apply(text); err != nil {
			return out, err
		}
	}
	for _, path := range slices.Sorted(maps.Keys(texts)) {
		out.Edits = append(out.Edits, candidate.Edit{Kind: txn.Write, Path: path, Content: []byte(texts[path])})
	}
	return out, out.Check()
}

// setting checks one value against what the operator allows.
func (h Hands) setting(component, name string, v sdk.Value) (setting, error) {
	c, err := h.component(component)
	if err != nil {
		return setting{}, err
	}
	i := slices.IndexFunc(c.Parameters, func(p config.Parameter) bool { return string(p.Name) == name })
	if i < 0 {
		return setting{}, fmt.Errorf("parameter %q of %s is not declared; declared are: %s", name, component, names(c.Parameters))
	}
	set := setting{Parameter: c.Parameters[i]}
	file := set.File
	if !filepath.IsAbs(file) {
		file = filepath.Join(c.Dir, file)
	}
	if err := parameter.CheckFile(file); err != nil {
		return set, err
	}
	if set.root, set.path, err = h.within(file); err != nil {
		return set, err
	}
	set.text, err = set.format(v)
	return set, err
}

// format writes a value that is allowed.
func (s setting) format(v sdk.Value) (string, error) {
	switch s.Type {
	case config.ParameterChoice:
		if !slices.Contains(s.Choices, v.Choice) {
			return "", fmt.Errorf("%s: %q is none of %v", s.Name, v.Choice, s.Choices)
		}
		return v.Choice, nil
	case config.ParameterBool:
		return strconv.FormatBool(v.Number != 0), nil
	}
	least, _ := s.Min.Value()
	most, _ := s.Max.Value()
	if !(v.Number >= least && v.Number <= most) {
		return "", fmt.Errorf("%s: %v is outside %v to %v", s.Name, v.Number, least, most)
	}
	if s.Type == config.ParameterFloat {
		return strconv.FormatFloat(v.Number, 'g', -1, 64), nil
	}
	if v.Number != math.Trunc(v.Number) {
		return "", fmt.Errorf("%s: %v is no whole number", s.Name, v.Number)
	}
	return strconv.FormatFloat(v.Number, 'f', 0, 64), nil
}

// apply replaces the value in the file, if the step is allowed.
func (s setting) apply(text string) (string, error) {
	old, err := parameter.Value(text, s.Key)
	if err != nil {
		return "", fmt.Errorf("%s: %w", s.path, err)
	}
	if err := s.checkStep(old); err != nil {
		return "", err
	}
	out, err := parameter.Set(text, s.Key, s.text)
	if err != nil {
		return "", fmt.Errorf("%s: %w", s.path, err)
	}
	return out, nil
}

// checkStep refuses a move that is larger than the operator allows at once; for log_int the step is a factor.
func (s setting) checkStep(old string) error {
	step, limited := s.MaxStep.Value()
	if !limited || s.Type == config.ParameterChoice || s.Type == config.ParameterBool {
		return nil
	}
	from, err := strconv.ParseFloat(old, 64)
	if err != nil {
		return fmt.Errorf("%s: its present value %q is no number", s.Name, old)
	}
	to, err := strconv.ParseFloat(s.text, 64)
	if err != nil {
		return err
	}
	moved := math.Abs(to - from)
	if s.Type == config.ParameterLogInt {
		moved = max(to/from, from/to)
	}
	if !(moved <= step) {
		return fmt.Errorf("%s: from %s to %s is more than the step of %v that is allowed at once", s.Name, old, s.text, step)
	}
	return nil
}
