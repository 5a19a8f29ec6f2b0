package config

import (
	"fmt"
	"slices"

	"github.com/homeostat/homeostat/host/config/form"
	"github.com/homeostat/homeostat/host/config/schema"
)

// forbidden checks that each condition can hold at all, and speaks of declared parameters.
func (c *checker) forbidden(component at, of Component) {
	for i, f := range of.Forbidden {
		where := component.key("forbid").index(i).key("all")
		if len(f.All) == 0 {
			c.wrong(where, "is empty: it would forbid everything or nothing")
		}
		for n, text := range f.All {
			c.condition(where.index(n), text, of.Parameters)
		}
	}
}

func (c *checker) condition(where at, text string, declared []Parameter) {
	cond, err := form.ParseCondition(text)
	if err != nil {
		c.wrong(where, err.Error())
		return
	}
	names := make([]string, len(declared))
	for i, p := range declared {
		names[i] = string(p.Name)
	}
	i := slices.Index(names, cond.Parameter)
	if i < 0 {
		c.wrongWithHint(where, fmt.Sprintf("there is no parameter %q", cond.Parameter), schema.DidYouMean(cond.Parameter, names))
		return
	}
	if problem := declared[i].compared(cond, declared); problem != "" {
		c.wrong(where, problem)
	}
}

// compared says why a parameter cannot be compared in this way; empty when it can.
func (p Parameter) compared(cond form.Condition, declared []Parameter) string {
	ordered := cond.Comparison != "=" && cond.Comparison != "!="
	switch {
	case p.numeric():
		_, isNumber := cond.Number()
		other := slices.IndexFunc(declared, func(o Parameter) bool { return string(o.Name) == cond.With && o.numeric() })
		if !isNumber && other < 0 {
			return fmt.Sprintf("%q is neither a number nor a parameter that is one", cond.With)
		}
	case ordered:
		return fmt.Sprintf("a parameter of type %q is only = or != to something", p.Type)
	case p.Type == ParameterBool && cond.With != "true" && cond.With != "false":
		return fmt.Sprintf("%q is neither true nor false", cond.With)
	case p.Type == ParameterChoice && !slices.Contains(p.Choices, cond.With):
		return fmt.Sprintf("%q is not one of the choices of %s", cond.With, p.Name)
	}
	return ""
}

func (p Parameter) numeric() bool {
	return p.Type == ParameterInt || p.Type == ParameterLogInt || p.Type == ParameterFloat
}
