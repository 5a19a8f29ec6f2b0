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
	start, okStart := c.number(where.key("default"), p.Default, p.Type)
	c.refuseKeys(where, p.Type, "choices")
	if okLow && okHigh && low >= high {
		c.wrong(where.key("min"), fmt.Sprintf("%v is not below max, %v", low, high))
		return
	}
	if okLow && okStart && start < low || okHigh && okStart && start > high {
		c.wrong(where.key("default"), fmt.Sprintf("%v is outside %v to %v", start, low, high))
	}
	if p.Type == ParameterLogInt && okLow && low < 1 {
		c.wrong(where.key("min"), "a log_int is moved by factors, so min must be 1 or more")
	}
	c.step(where.key("max_step"), p)
}

func (c *checker) step(where at, p Parameter) {
	if p.MaxStep.Value() == nil {
		return
	}
	step, ok := p.MaxStep.Number()
	switch {
	case !ok:
		c.wrong(where, "want a number")
	case p.Type == ParameterLogInt && step <= 1:
		c.wrong(where, fmt.Sprintf("%v is not a factor above 1", step))
	case step <= 0:
		c.wrong(where, fmt.Sprintf("%v is not above 0", step))
	case p.Type == ParameterInt && step != math.Trunc(step):
		c.wrong(where, fmt.Sprintf("%v is not a whole number", step))
	}
}

// number checks a value of a numeric parameter that must be there.
func (c *checker) number(where at, s schema.Scalar, kind ParameterType) (float64, bool) {
	if s.Value() == nil {
		if !c.reported(where) {
			c.wrong(where, fmt.Sprintf("is required for type %q", kind))
		}
		return 0, false
	}
	value, ok := s.Number()
	switch {
	case !ok:
		c.wrong(where, fmt.Sprintf("want a number for type %q", kind))
		return 0, false
	case kind != ParameterFloat && value != math.Trunc(value):
		c.wrong(where, fmt.Sprintf("%v is not a whole number, as type %q needs", value, kind))
		return 0, false
	}
	return value, true
}

func (c *checker) boolean(where at, p Parameter) {
	c.refuseKeys(where, p.Type, "min", "max", "max_step", "choices")
	if _, ok := p.Default.Value().(bool); !ok && p.Default.Value() != nil {
		c.wrong(where.key("default"), "want true or false for type \"bool\"")
	}
}

func (c *checker) choice(where at, p Parameter) {
	c.refuseKeys(where, p.Type, "min", "max", "max_step")
	if len(p.Choices) == 0 {
		c.wrong(where.key("choices"), "is required for type \"choice\"")
		return
	}
	if p.Default.Value() == nil {
		return
	}
	text, ok := p.Default.Value().(string)
	if !ok || !slices.Contains(p.Choices, text) {
		c.wrong(where.key("default"), fmt.Sprintf("%v is not one of choices", p.Default.Value()))
	}
}

// refuseKeys reports keys that mean nothing for the type.
func (c *checker) refuseKeys(where at, kind ParameterType, keys ...string) {
	for _, key := range keys {
		if c.given(where.key(key)) {
			c.wrong(where.key(key), fmt.Sprintf("means nothing for type %q", kind))
		}
	}
}
