package sdk

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// anyParameter draws a parameter that is declared well.
func anyParameter(t *rapid.T, name string) Parameter {
	p := Parameter{Name: name, Type: rapid.SampledFrom([]ParameterType{TypeInt, TypeLogInt, TypeFloat, TypeBool, TypeChoice}).Draw(t, "type")}
	switch p.Type {
	case TypeChoice:
		p.Choices = rapid.SliceOfNDistinct(rapid.StringMatching("[a-z]{1,5}"), 1, 5, rapid.ID).Draw(t, "choices")
		p.Default = Value{Choice: p.Choices[0]}
		p.Value = Value{Choice: rapid.SampledFrom(p.Choices).Draw(t, "value")}
		return p
	case TypeBool:
		p.Max = 1
		p.Value = Value{Number: float64(rapid.IntRange(0, 1).Draw(t, "value"))}
		return p
	case TypeFloat:
		p.Min = rapid.Float64Range(-1000, 1000).Draw(t, "min")
		p.Max = p.Min + rapid.Float64Range(0.001, 1000).Draw(t, "width")
		p.MaxStep = rapid.SampledFrom([]float64{0, 0.01, 1, 5000}).Draw(t, "step")
		p.Default.Number = p.Min
		p.Value.Number = rapid.Float64Range(p.Min, p.Max).Draw(t, "value")
		return p
	}
	p.Min = float64(rapid.IntRange(1, 50).Draw(t, "min"))
	p.Max = p.Min + float64(rapid.IntRange(1, 100_000).Draw(t, "width"))
	p.MaxStep = float64(rapid.SampledFrom([]int{0, 2, 7, 1 << 20}).Draw(t, "step"))
	p.Default.Number = p.Max
	p.Value.Number = float64(rapid.IntRange(int(p.Min), int(p.Max)).Draw(t, "value"))
	return p
}

// declared judges a value without the code under test.
func declared(p Parameter, v Value) bool {
	switch p.Type {
	case TypeBool:
		return v == Value{} || v == Value{Number: 1}
	case TypeChoice:
		return v.Number == 0 && slices.Contains(p.Choices, v.Choice)
	}
	from, step := p.Value.Number, p.MaxStep
	near := step == 0 || math.Abs(v.Number-from) <= step*(1+1e-9)
	if p.Type == TypeLogInt && step > 0 {
		near = v.Number <= from*step && v.Number >= from/step
	}
	whole := p.Type == TypeFloat || v.Number == math.Trunc(v.Number)
	return v.Choice == "" && v.Number >= p.Min && v.Number <= p.Max && whole && near
}

func TestEveryGeneIsADeclaredValueWithinOneStep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyParameter(t, "p")
		if err := p.Check(); err != nil {
			t.Fatalf("%+v: %v", p, err)
		}
		gene := rapid.OneOf(rapid.Float64(), rapid.Float64Range(0, 1), rapid.SampledFrom([]float64{0, 1, math.NaN(), math.Inf(1), math.Inf(-1), math.Nextafter(1, 0)})).Draw(t, "gene")
		if v := p.Decode(gene); !declared(p, v) {
			t.Fatalf("gene %v of %+v gave %+v", gene, p, v)
		}
	})
}

func TestValueWithinReachSurvivesEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyParameter(t, "p")
		v := p.Decode(rapid.Float64Range(0, 1).Draw(t, "gene"))
		back := p.Decode(p.Encode(v))
		if p.Type == TypeFloat {
			if math.Abs(back.Number-v.Number) > 1e-9*(p.Max-p.Min) {
				t.Fatalf("%+v: %v came back as %v", p, v, back)
			}
			return
		}
		if back != v {
			t.Fatalf("%+v: %v came back as %v", p, v, back)
		}
	})
}

func TestParameterThatCannotBeSearchedSaysWhy(t *testing.T) {
	good := Parameter{Name: "workers", Type: TypeInt, Min: 1, Max: 8, Default: Value{Number: 2}, Value: Value{Number: 2}}
	for name, spoil := range map[string]func(*Parameter){
		"no bounds":            func(p *Parameter) { p.Min, p.Max = 0, 0 },
		"endless bounds":       func(p *Parameter) { p.Max = math.Inf(1) },
		"bounds that are NaN":  func(p *Parameter) { p.Min = math.NaN() },
		"default outside":      func(p *Parameter) { p.Default.Number = 9 },
		"half a default":       func(p *Parameter) { p.Default.Number = 1.5 },
		"a step that is NaN":   func(p *Parameter) { p.MaxStep = math.NaN() },
		"a factor from zero":   func(p *Parameter) { p.Type, p.Min = TypeLogInt, 0 },
		"no choices":           func(p *Parameter) { p.Type = TypeChoice },
		"an unknown type":      func(p *Parameter) { p.Type = "complex" },
		"no name":              func(p *Parameter) { p.Name = "" },
		"an unreadable value":  func(p *Parameter) { p.Value.Number = math.NaN() },
		"a span without end":   func(p *Parameter) { p.Type, p.Min, p.Max = TypeFloat, -math.MaxFloat64, math.MaxFloat64 },
		"bounds in wrong turn": func(p *Parameter) { p.Min, p.Max = 8, 1 },
	} {
		p := good
		spoil(&p)
		if err := (Problem{Component: "web", Parameters: []Parameter{p}}).Check(); err == nil {
			t.Errorf("%s: was accepted: %+v", name, p)
		}
	}
	if err := (Problem{Component: "web", Parameters: []Parameter{good, good}}).Check(); err == nil {
		t.Error("two parameters of one name were accepted")
	}
	if err := (Problem{Component: "web"}).Check(); err == nil {
		t.Error("a problem without parameters was accepted")
	}
}

func TestForbiddenCombinationIsNoGenome(t *testing.T) {
	p := Problem{Parameters: []Parameter{
		{Name: "workers", Type: TypeInt, Min: 1, Max: 4, Default: Value{Number: 1}},
		{Name: "cache", Type: TypeBool, Max: 1},
	}, Forbidden: []Forbidden{{All: []Condition{{Parameter: "workers", Is: CompareAbove, Value: Value{Number: 2}}, {Parameter: "cache", Is: CompareEqual, Value: Value{}}}}}}
	if _, err := p.Decode([]float64{1, 0}); !errors.Is(err, ErrForbidden) {
		t.Errorf("four workers without a cache: got %v, want ErrForbidden", err)
	}
	if v, err := p.Decode([]float64{1, 1}); err != nil || v["workers"].Number != 4 || v["cache"].Number != 1 {
		t.Errorf("four workers with a cache: got %v, %v", v, err)
	}
	for _, genes := range [][]float64{nil, {0}, {0, 0, 0}, {math.NaN(), 0}, {-0.1, 0}, {0, 1.1}} {
		if v, err := p.Decode(genes); err == nil {
			t.Errorf("genes %v gave %v", genes, v)
		}
	}
}
