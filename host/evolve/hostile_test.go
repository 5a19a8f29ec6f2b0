package evolve

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/homeostat/homeostat/sdk"
)

// hostileGene is now and then a good gene, and else what a broken or malicious
// plugin may send.
func hostileGene(r *rand.Rand) float64 {
	switch r.IntN(12) {
	case 0:
		return math.NaN()
	case 1:
		return math.Inf(r.IntN(3) - 1)
	case 2:
		return math.Float64frombits(r.Uint64())
	case 3:
		return -math.SmallestNonzeroFloat64
	case 4:
		return math.Nextafter(1, 2)
	case 5:
		return math.Copysign(0, -1)
	case 6:
		return float64(r.IntN(2))
	}
	return r.Float64()
}

// hostileProblem holds every type, steps from odd places and a combination that
// is forbidden.
func hostileProblem(r *rand.Rand) sdk.Problem {
	n := func(v float64) sdk.Value { return sdk.Value{Number: v} }
	return sdk.Problem{
		Parameters: []sdk.Parameter{
			{Name: "int", Type: sdk.TypeInt, Min: -3, Max: 9, MaxStep: 4, Default: n(0), Value: n(float64(r.IntN(40) - 20))},
			{Name: "log", Type: sdk.TypeLogInt, Min: 1, Max: 1 << 20, MaxStep: 3, Default: n(1), Value: n(float64(1 + r.IntN(1<<20)))},
			{Name: "float", Type: sdk.TypeFloat, Min: -0.1, Max: 0.2, MaxStep: 0.07, Default: n(0), Value: n(r.Float64()*0.6 - 0.3)},
			{Name: "bool", Type: sdk.TypeBool, Max: 1, Value: n(float64(r.IntN(2)))},
			{Name: "choice", Type: sdk.TypeChoice, Choices: []string{"a", "b", "c"}, Default: sdk.Value{Choice: "a"}, Value: sdk.Value{Choice: "b"}},
		},
		Forbidden: []sdk.Forbidden{{All: []sdk.Condition{
			{Parameter: "choice", Is: sdk.CompareEqual, Value: sdk.Value{Choice: "c"}}, {Parameter: "int", Is: sdk.CompareAbove, Value: n(2)},
		}}},
	}
}

// outside judges values without any code that decoded or checked them.
func outside(p sdk.Problem, v map[string]sdk.Value) bool {
	clamp := func(x, low, high float64) float64 { return math.Max(low, math.Min(x, high)) }
	i, l, f, b, c := v["int"], v["log"], v["float"], v["bool"], v["choice"]
	fromInt, fromLog, fromFloat := clamp(p.Parameters[0].Value.Number, -3, 9), p.Parameters[1].Value.Number, clamp(p.Parameters[2].Value.Number, -0.1, 0.2)
	good := len(v) == 5 && i.Choice == "" && l.Choice == "" && f.Choice == "" && b.Choice == "" && c.Number == 0 &&
		i.Number == math.Floor(i.Number) && i.Number >= -3 && i.Number <= 9 && math.Abs(i.Number-fromInt) <= 4 &&
		l.Number == math.Floor(l.Number) && l.Number >= 1 && l.Number <= 1<<20 && l.Number <= 3*fromLog && 3*l.Number >= fromLog &&
		f.Number >= -0.1 && f.Number <= 0.2 && math.Abs(f.Number-fromFloat) <= 0.07*(1+1e-9) &&
		(b.Number == 0 || b.Number == 1) && (c.Choice == "a" || c.Choice == "b" || c.Choice == "c") &&
		(c.Choice != "c" || i.Number <= 2)
	return !good
}

func TestAMillionHostileGenomesGiveNoValueThatIsNotDeclared(t *testing.T) {
	const genomes = 1_000_000
	r := rand.New(rand.NewPCG(1, 2))
	var p sdk.Problem
	accepted := 0
	for n := range genomes {
		if n%100 == 0 {
			p = hostileProblem(r)
		}
		genes := make([]float64, 5)
		if r.IntN(50) == 0 {
			genes = make([]float64, r.IntN(9))
		}
		tame := r.IntN(2) == 0
		for i := range genes {
			if genes[i] = hostileGene(r); tame {
				genes[i] = r.Float64()
			}
		}
		values, err := p.Decode(genes)
		if err != nil {
			continue
		}
		if _, err := Params(p, values); err != nil {
			t.Fatalf("genes %v of %+v: the second judge refuses what the first let through: %v", genes, p, err)
		}
		accepted++
		if outside(p, values) {
			t.Fatalf("genes %v of %+v gave %v", genes, p, values)
		}
	}
	if accepted < genomes/4 {
		t.Errorf("%d of %d genomes were accepted, too few to show anything", accepted, genomes)
	}
}

func TestSecondJudgeRefusesWhatIsNotDeclared(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	p := hostileProblem(r)
	good, err := p.Decode([]float64{0.1, 0.5, 0.5, 1, 0})
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]sdk.Value{
		"int": {Number: 1.5}, "log": {Number: 0}, "float": {Number: math.NaN()}, "bool": {Number: 2}, "choice": {Choice: "d"},
	} {
		spoiled := map[string]sdk.Value{}
		for k, v := range good {
			spoiled[k] = v
		}
		spoiled[name] = bad
		if params, err := Params(p, spoiled); err == nil {
			t.Errorf("%s = %v was handed to the model as %v", name, bad, params)
		}
		delete(spoiled, name)
		if _, err := Params(p, spoiled); err == nil {
			t.Errorf("values without %s were accepted", name)
		}
	}
}
