package sdk

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// MaxParameters is the most parameters that one Problem may have.
const MaxParameters = 64

// Check reports why a parameter cannot be searched, such as a number without
// bounds. The host's configuration refuses the same things earlier.
func (p Parameter) Check() error {
	bad := func(why string) error { return fmt.Errorf("parameter %q: %s", p.Name, why) }
	if p.Name == "" || len(p.Name) > MaxNameLength {
		return bad("its name is missing or too long")
	}
	switch p.Type {
	case TypeBool:
		return nil
	case TypeChoice:
		if len(p.Choices) == 0 || !slices.Contains(p.Choices, p.Default.Choice) {
			return bad("its default is none of its choices")
		}
		return nil
	case TypeInt, TypeLogInt, TypeFloat:
	default:
		return bad(fmt.Sprintf("its type %q is not known", p.Type))
	}
	whole := func(v float64) bool { return p.Type == TypeFloat || v == math.Trunc(v) }
	switch {
	case !(p.Min < p.Max) || math.IsInf(p.Min, 0) || math.IsInf(p.Max, 0) || math.IsInf(p.Max-p.Min, 0):
		return bad(fmt.Sprintf("it has no bounds: min %v, max %v", p.Min, p.Max))
	case p.Type == TypeLogInt && p.Min < 1:
		return bad("a log_int is moved by factors, so min must be 1 or more")
	case !whole(p.Min) || !whole(p.Max) || !whole(p.Default.Number):
		return bad("bounds and default must be whole numbers")
	case !(p.Default.Number >= p.Min && p.Default.Number <= p.Max):
		return bad("its default is outside its bounds")
	case !(p.MaxStep >= 0):
		return bad(fmt.Sprintf("its step %v is none", p.MaxStep))
	case math.IsNaN(p.Value.Number):
		return bad("its present value is no number")
	}
	return nil
}

// reach returns the smallest and the largest value that one step of MaxStep from
// the present value may lead to. A present value outside the bounds counts as the
// bound, as it does where the step is checked.
func (p Parameter) reach() (low, high float64) {
	start := max(p.Min, min(p.Value.Number, p.Max))
	low, high = p.Min, p.Max
	switch {
	case p.MaxStep <= 0:
	case p.Type == TypeLogInt && p.MaxStep > 1:
		low, high = max(low, start/p.MaxStep), min(high, start*p.MaxStep)
	case p.Type != TypeLogInt:
		low, high = max(low, start-p.MaxStep), min(high, start+p.MaxStep)
	}
	if p.Type == TypeFloat {
		return low, high
	}
	if low, high = math.Ceil(low), math.Floor(high); low > high {
		return math.Round(start), math.Round(start)
	}
	return low, high
}

// Decode turns a gene from 0 to 1 into a value. Every gene, even one outside 0
// to 1 or NaN, gives a value that is declared and at most one step from the
// present one: equal parts of the scale for float and int, equal factors for
// log_int, equal shares for choices.
func (p Parameter) Decode(gene float64) Value {
	if !(gene >= 0) {
		gene = 0
	}
	gene = min(gene, 1)
	switch p.Type {
	case TypeBool:
		if gene >= 0.5 {
			return Value{Number: 1}
		}
		return Value{}
	case TypeChoice:
		if len(p.Choices) == 0 {
			return Value{}
		}
		return Value{Choice: p.Choices[min(int(gene*float64(len(p.Choices))), len(p.Choices)-1)]}
	}
	low, high := p.reach()
	v := low + gene*(high-low)
	switch p.Type {
	case TypeInt:
		v = low + math.Floor(gene*(high-low+1))
	case TypeLogInt:
		v = math.Round((low - 0.5) * math.Pow((high+0.5)/(low-0.5), gene))
	}
	return Value{Number: max(low, min(v, high))}
}

// Encode returns the gene whose Decode is the value, in the middle of those
// where several are. A value that is out of reach gets the nearest end.
func (p Parameter) Encode(v Value) float64 {
	switch p.Type {
	case TypeBool:
		return 0.25 + v.Number/2
	case TypeChoice:
		return (float64(max(0, slices.Index(p.Choices, v.Choice))) + 0.5) / float64(max(1, len(p.Choices)))
	}
	low, high := p.reach()
	x, gene := max(low, min(v.Number, high)), 0.5
	switch {
	case p.Type == TypeInt:
		gene = (x - low + 0.5) / (high - low + 1)
	case p.Type == TypeLogInt:
		gene = math.Log(x/(low-0.5)) / math.Log((high+0.5)/(low-0.5))
	case high > low:
		gene = (x - low) / (high - low)
	}
	return max(0, min(gene, 1))
}

// ErrForbidden matches the error of a genome whose values are each allowed and
// together are not.
var ErrForbidden = errors.New("the combination is forbidden")

// Check reports why a problem cannot be searched.
func (p Problem) Check() error {
	if len(p.Parameters) == 0 || len(p.Parameters) > MaxParameters {
		return fmt.Errorf("search of %q: %d parameters, want 1 to %d", p.Component, len(p.Parameters), MaxParameters)
	}
	seen := map[string]bool{}
	for _, param := range p.Parameters {
		if err := param.Check(); err != nil {
			return fmt.Errorf("search of %q: %w", p.Component, err)
		}
		if seen[param.Name] {
			return fmt.Errorf("search of %q: two parameters are called %q", p.Component, param.Name)
		}
		seen[param.Name] = true
	}
	return nil
}

// Decode turns genes into values by the name of the parameter. Genes that are
// not as many as the parameters, or outside 0 to 1, are refused; a forbidden
// combination is an error that matches ErrForbidden.
func (p Problem) Decode(genes []float64) (map[string]Value, error) {
	if len(genes) != len(p.Parameters) {
		return nil, fmt.Errorf("genome: %d genes, the problem has %d parameters", len(genes), len(p.Parameters))
	}
	values := make(map[string]Value, len(genes))
	for i, gene := range genes {
		if !(gene >= 0 && gene <= 1) {
			return nil, fmt.Errorf("genome: gene %v of %q is outside 0 to 1", gene, p.Parameters[i].Name)
		}
		values[p.Parameters[i].Name] = p.Parameters[i].Decode(gene)
	}
	for _, f := range p.Forbidden {
		if f.Holds(values) {
			return nil, fmt.Errorf("genome: %s: %w", f, ErrForbidden)
		}
	}
	return values, nil
}

// Encode returns the genes of values; a parameter without one keeps its present
// value.
func (p Problem) Encode(values map[string]Value) []float64 {
	genes := make([]float64, len(p.Parameters))
	for i, param := range p.Parameters {
		v, ok := values[param.Name]
		if !ok {
			v = param.Value
		}
		genes[i] = param.Encode(v)
	}
	return genes
}
