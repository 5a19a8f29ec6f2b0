package sdk

import (
	"fmt"
	"strings"
)

// Comparison says how a parameter is compared.
type Comparison string

// The comparisons. Choices and switches know CompareEqual and CompareUnequal alone.
const (
	CompareEqual   Comparison = "="
	CompareUnequal Comparison = "!="
	CompareBelow   Comparison = "<"
	CompareAtMost  Comparison = "<="
	CompareAbove   Comparison = ">"
	CompareAtLeast Comparison = ">="
)

// Condition compares a parameter of a component with a value, or with another
// parameter of it where Other is given.
type Condition struct {
	Parameter string     `json:"parameter"`
	Is        Comparison `json:"is"`
	Value     Value      `json:"value"`
	Other     string     `json:"other,omitempty"`
}

// Forbidden is a combination of values that is never applied, although each of
// them is within its bounds: one for which all of its conditions hold.
type Forbidden struct {
	All []Condition `json:"all"`
	// Reason says to the operator why; it may be empty.
	Reason string `json:"reason,omitempty"`
}

// Holds reports that the values, by the name of the parameter, are forbidden. A
// condition on a parameter that is not among them does not hold, and neither
// does a Forbidden without conditions.
func (f Forbidden) Holds(values map[string]Value) bool {
	for _, c := range f.All {
		if !c.holds(values) {
			return false
		}
	}
	return len(f.All) > 0
}

func (c Condition) holds(values map[string]Value) bool {
	is, known := values[c.Parameter]
	with := c.Value
	if c.Other != "" {
		var knownToo bool
		with, knownToo = values[c.Other]
		known = known && knownToo
	}
	if !known {
		return false
	}
	switch c.Is {
	case CompareEqual:
		return is == with
	case CompareUnequal:
		return is != with
	case CompareBelow:
		return is.Number < with.Number
	case CompareAtMost:
		return is.Number <= with.Number
	case CompareAbove:
		return is.Number > with.Number
	case CompareAtLeast:
		return is.Number >= with.Number
	}
	return false
}

// String writes the conditions as they stand in the configuration, such as
// "workers >= 32 and cache = off".
func (f Forbidden) String() string {
	parts := make([]string, len(f.All))
	for i, c := range f.All {
		parts[i] = c.String()
	}
	return strings.Join(parts, " and ")
}

// String writes the condition as it stands in the configuration.
func (c Condition) String() string {
	with := c.Other
	if with == "" {
		with = c.Value.String()
	}
	return fmt.Sprintf("%s %s %s", c.Parameter, c.Is, with)
}

// String writes the choice, or the number without needless digits.
func (v Value) String() string {
	if v.Choice != "" {
		return v.Choice
	}
	return fmt.Sprint(v.Number)
}
