package seasons

import (
	"math"
	"math/rand/v2"
)

const week = 7 * period

// hourly makes four to six weeks of positive values: a day of two humps of its
// own shape, another one at weekends in most series, an amplitude and a level that
// drift from day to day, noise that remembers a little, and rare spikes.
func hourly(seed uint64) []float64 {
	rng := rand.New(rand.NewPCG(seed, 23))
	level := math.Exp(3 + 4*rng.Float64())
	swing, noise := 0.15+0.35*rng.Float64(), 0.01+0.05*rng.Float64()
	work, free := shape(rng), shape(rng)
	rest := 0.0
	if rng.Float64() < 0.75 {
		rest = 0.1 + 0.4*rng.Float64()
	}
	trend, first := 0.0002*rng.NormFloat64(), rng.IntN(week)
	out := make([]float64, 700+rng.IntN(260)+ahead)
	height, move, ar := 0.0, 0.0, 0.0
	for i := range out {
		if i%period == 0 {
			height = 0.98*height + 0.15*rng.NormFloat64()
			move = 0.8*move + 0.01*rng.NormFloat64()
		}
		at := i + first
		x := swing * (1 + height) * work(at%period)
		if at/period%7 >= 5 {
			x = swing*(1+height)*((1-rest)*work(at%period)+rest*free(at%period)) - rest*swing
		}
		ar = 0.6*ar + noise*rng.NormFloat64()
		out[i] = level * math.Exp(x+move+ar+trend*float64(i))
		if rng.IntN(200) == 0 {
			out[i] *= 1 + 0.3*rng.Float64()
		}
	}
	return out
}

// shape is a day of two humps, from about −1 to 1.
func shape(rng *rand.Rand) func(hour int) float64 {
	phase, second := 2*math.Pi*rng.Float64(), 0.6*rng.Float64()
	phase2 := 2 * math.Pi * rng.Float64()
	return func(hour int) float64 {
		x := 2 * math.Pi * float64(hour) / period
		return math.Sin(x+phase) + second*math.Sin(2*x+phase2)
	}
}
