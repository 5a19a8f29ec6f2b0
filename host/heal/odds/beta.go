package odds

import "math"

// beta draws from a Beta distribution as the share of two Gamma draws.
func beta(src Source, b Belief) float64 {
	x, y := gamma(src, b.Alpha), gamma(src, b.Beta)
	if x+y == 0 {
		return b.Mean()
	}
	return x / (x + y)
}

// gamma draws from a Gamma distribution of that shape and scale 1, by Marsaglia and
// Tsang, "A simple method for generating gamma variables" (2000); shapes below 1 by
// their boost.
func gamma(src Source, shape float64) float64 {
	if shape < 1 {
		return gamma(src, shape+1) * math.Pow(1-src.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		z := normal(src)
		v := (1 + c*z) * (1 + c*z) * (1 + c*z)
		if v > 0 && math.Log(1-src.Float64()) < z*z/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// normal draws from the standard normal distribution by Box and Muller.
func normal(src Source) float64 {
	return math.Sqrt(-2*math.Log(1-src.Float64())) * math.Cos(2*math.Pi*src.Float64())
}

// Draw returns a chance that the belief holds for possible, as likely as it does.
func (b Belief) Draw(src Source) float64 { return beta(src, b) }
