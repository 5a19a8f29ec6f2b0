package tuning

import (
	"math"
	"math/rand/v2"

	"github.com/homeostat/homeostat/sdk"
)

const (
	// floor is how long an incident lasts with the best settings, and ceiling with
	// the worst, in seconds.
	floor, ceiling = 30.0, 200.0
	// luck is the deviation of the logarithm of an incident's own severity.
	luck = 0.5
	// reach is how wide the valley of good settings is, as a share of the range.
	reach = 0.35
	// guess is how far the default, which a person chose, is off the best value of
	// a parameter: the deviation as a share of the range.
	guess = 0.4
)

// world is a service whose incidents last as long as its parameters make them, and a
// model of it that is wrong by a chosen error. It is pure. Use newWorld.
type world struct {
	parameters []sdk.Parameter
	truth      valley
	model      valley
	recorded   valley // the model under recorded load
}

// valley is a cost over the genes of the parameters: least at best, and rising
// with the square of the distance until it is as bad as it gets.
type valley struct {
	best    []float64
	weights []float64
}

func (v valley) cost(genes []float64) float64 {
	distance := 0.0
	for i, g := range genes {
		d := (g - v.best[i]) / reach
		distance += v.weights[i] * d * d
	}
	return floor + (ceiling-floor)*(1-math.Exp(-distance/2))
}

// add adds a parameter whose best value is kept within the range.
func (v *valley) add(best, weight float64) {
	v.best, v.weights = append(v.best, math.Max(0, math.Min(best, 1))), append(v.weights, weight)
}

// modelErrors are the error of a model and what is left of it under recorded load,
// which is not more.
type modelErrors struct{ model, recorded float64 }

// newWorld draws a world. The model's idea of the best value of each parameter is off
// by a normal error of this deviation, as a share of the range, and its idea of
// how much a parameter matters by a factor whose logarithm deviates as much. Under
// recorded load a part of the error remains, for only the rest came of the load that
// the model makes up.
func newWorld(component string, seed uint64, of modelErrors) *world {
	r := rand.New(rand.NewPCG(seed, 3))
	w := &world{parameters: []sdk.Parameter{
		{Name: "workers", Type: sdk.TypeInt, Min: 1, Max: 64},
		{Name: "cache", Type: sdk.TypeLogInt, Min: 16, Max: 1 << 20},
		{Name: "timeout", Type: sdk.TypeFloat, Min: 0.05, Max: 30},
		{Name: "wait", Type: sdk.TypeFloat, Min: 0, Max: 60},
		{Name: "queue", Type: sdk.TypeLogInt, Min: 1, Max: 1 << 14},
	}}
	for i := range w.parameters {
		p := &w.parameters[i]
		p.Component = component
		best, weight := 0.1+0.8*r.Float64(), 0.2+0.6*r.Float64()
		p.Default = p.Decode(best + guess*r.NormFloat64())
		p.Value = p.Default
		w.truth.best, w.truth.weights = append(w.truth.best, best), append(w.truth.weights, weight)
		load := math.Sqrt(of.model*of.model - of.recorded*of.recorded)
		rest, restWeight := of.recorded*r.NormFloat64(), of.recorded*r.NormFloat64()
		w.recorded.add(best+rest, weight*math.Exp(restWeight))
		w.model.add(best+rest+load*r.NormFloat64(), weight*math.Exp(restWeight+load*r.NormFloat64()))
	}
	return w
}

// declared are the parameters, with their defaults as present values.
func (w *world) declared() []sdk.Parameter {
	return append([]sdk.Parameter(nil), w.parameters...)
}

func (w *world) genes(values map[string]sdk.Value) []float64 {
	return sdk.Problem{Parameters: w.parameters}.Encode(values)
}

// foretold is what the model thinks that an incident lasts, in seconds.
func (w *world) foretold(values map[string]sdk.Value) float64 { return w.model.cost(w.genes(values)) }

// replayed is what the model thinks under recorded load.
func (w *world) replayed(values map[string]sdk.Value) float64 {
	return w.recorded.cost(w.genes(values))
}

// mean is how long incidents last on average, in seconds.
func (w *world) mean(values map[string]sdk.Value) float64 { return w.truth.cost(w.genes(values)) }

// incident is how long one incident lasts, in seconds. The same number is the
// same incident, whatever the settings are.
func (w *world) incident(number uint64, values map[string]sdk.Value) float64 {
	r := rand.New(rand.NewPCG(number, 5))
	return w.mean(values) * math.Exp(luck*r.NormFloat64()-luck*luck/2)
}

// best are the values that the truth likes best.
func (w *world) best() map[string]sdk.Value {
	out := make(map[string]sdk.Value, len(w.parameters))
	for i, p := range w.parameters {
		out[p.Name] = p.Decode(w.truth.best[i])
	}
	return out
}

// outside reports a value that is not declared.
func (w *world) outside(values map[string]sdk.Value) bool {
	for _, p := range w.parameters {
		v := values[p.Name]
		whole := p.Type == sdk.TypeFloat || v.Number == math.Trunc(v.Number)
		if v.Choice != "" || !whole || !(v.Number >= p.Min && v.Number <= p.Max) {
			return true
		}
	}
	return len(values) != len(w.parameters)
}

func valuesOf(list []sdk.Parameter) map[string]sdk.Value {
	out := make(map[string]sdk.Value, len(list))
	for _, p := range list {
		out[p.Name] = p.Value
	}
	return out
}
