package config

import (
	"fmt"
	"math"
	"slices"

	"github.com/homeostat/homeostat/host/config/schema"
)

func (c *checker) parameters(component at, of Component) {
	seen := map[string]at{}
	for i, parameter := range of.Parameters {
		where := component.key("parameter").index(i)
		c.unique(where.key("name"), string(parameter.Name), seen)
		switch parameter.Type {
		case ParameterInt, ParameterLogInt, ParameterFloat:
			c.numeric(where, parameter)
		case ParameterBool:
			c.boolean(where, parameter)
		case ParameterChoice:
			c.choice(where, parameter)
		}
	}
}

// numeric checks bounds, default and step of a parameter that is a number.
func (c *checker) numeric(where at, p Parameter) {
	low, okLow := c.number(where.key("min"), p.Min, p.Type)
	high, okHigh := c.number(where.key("max"), p.Max, p.Type)
	start, okStart := c.start(where.key("default"), p)
	c.refuse(where, p, "choices")
	if okLow && okHigh && low >= high {
		c.wrong(where.key("min"), fmt.Sprintf("%v is not below max, %v", low, high))
		return
	}
	if okLow && okStart && start < low || okHigh && okStart && start > high {
		c.wrong(where.key("default"), fmt.Sprintf("%v is outside min to max", start))
	}
	if p.Type == ParameterLogInt && okLow && low < 1 {
		c.wrong(where.key("min"), "a log_int is moved by factors, so min must be 1 or more")
	}
	c.step(where.key("max_step"), p)
}

func (c *checker) step(where at, p Parameter) {
	step, given := p.MaxStep.Value()
	switch {
	case !given:
	case p.Type == ParameterLogInt && step <= 1:
		c.wrong(where, fmt.Sprintf("%v is not a factor above 1", step))
	case step <= 0:
		c.wrong(where, fmt.Sprintf("%v is not above 0", step))
	case p.Type == ParameterInt && step != math.Trunc(step):
		c.wrong(where, fmt.Sprintf("%v is not a whole number", step))
	}
}

// start returns the default of a numeric parameter.
func (c *checker) start(where at, p Parameter) (float64, bool) {
	if p.Default.Value() == nil {
		return 0, false
	}
	number := p.Default.Number()
	if _, ok := number.Value(); !ok {
		c.wrong(where, fmt.Sprintf("want a number for type %q", p.Type))
		return 0, false
	}
	return c.number(where, number, p.Type)
}

// number checks a value of a numeric parameter that must be there.
func (c *checker) number(where at, n schema.Number, kind ParameterType) (float64, bool) {
	value, given := n.Value()
	switch {
	case !given:
		c.wrong(where, fmt.Sprintf("is required for type %q", kind))
		return 0, false
	case kind != ParameterFloat && value != math.Trunc(value):
		c.wrong(where, fmt.Sprintf("%v is not a whole number, as type %q needs", value, kind))
		return 0, false
	}
	return value, true
}

func (c *checker) boolean(where at, p Parameter) {
	c.refuse(where, p, "min", "max", "max_step", "choices")
	if _, ok := p.Default.Value().(bool); !ok && p.Default.Value() != nil {
		c.wrong(where.key("default"), "want true or false for type \"bool\"")
	}
}

func (c *checker) choice(where at, p Parameter) {
	c.refuse(where, p, "min", "max", "max_step")
	if len(p.Choices) == 0 {
		c.wrong(where.key("choices"), "is required for type \"choice\"")
		return
	}
	if p.Default.Value() == nil {
		return
	}
	text, ok := p.Default.Value().(string)
	switch {
	case !ok:
		c.wrong(where.key("default"), "want a string for type \"choice\"")
	case !slices.Contains(p.Choices, text):
		c.wrongWithHint(where.key("default"), fmt.Sprintf("%q is not one of choices", text), schema.DidYouMean(text, p.Choices))
	}
}

// refuse reports keys that are set and mean nothing for the type.
func (c *checker) refuse(where at, p Parameter, keys ...string) {
	_, low := p.Min.Value()
	_, high := p.Max.Value()
	_, step := p.MaxStep.Value()
	set := map[string]bool{"min": low, "max": high, "max_step": step, "choices": len(p.Choices) > 0}
	for _, key := range keys {
		if set[key] {
			c.wrong(where.key(key), fmt.Sprintf("means nothing for type %q", p.Type))
		}
	}
}
