package cmaes

import "math"

// settings are the constants of a run; they follow from its sizes.
type settings struct {
	mu           int
	weights      []float64 // of all members, the worse half negative
	cs, damps    float64
	cc, c1, cmu  float64
	normS, normC float64 // of the steps that enter the paths
	chi          float64 // expected length of a standard normal vector
	lazy         int     // generations between two decompositions
	window       int     // generations over which costs are compared
	most         int     // generations
}

func newSettings(dimensions, lambda int) *settings {
	n := float64(dimensions)
	s := &settings{mu: lambda / 2, weights: make([]float64, lambda)}
	for i := range s.weights {
		s.weights[i] = math.Log((float64(lambda)+1)/2) - math.Log(float64(i+1))
	}
	positive, effective := effect(s.weights[:s.mu])
	negative, effectiveNegative := effect(s.weights[s.mu:])
	s.cc = (4 + effective/n) / (n + 4 + 2*effective/n)
	s.cs = (effective + 2) / (n + effective + 5)
	s.c1 = 2 / ((n+1.3)*(n+1.3) + effective)
	s.cmu = min(1-s.c1, 2*(0.25+effective-2+1/effective)/((n+2)*(n+2)+effective))
	s.damps = 1 + 2*max(0, math.Sqrt((effective-1)/(n+1))-1) + s.cs
	worse := min(1+s.c1/s.cmu, 1+2*effectiveNegative/(effective+2), (1-s.c1-s.cmu)/(n*s.cmu))
	for i := range s.weights {
		if s.weights[i] >= 0 {
			s.weights[i] /= positive
		} else {
			s.weights[i] *= worse / -negative
		}
	}
	s.normS = math.Sqrt(s.cs * (2 - s.cs) * effective)
	s.normC = math.Sqrt(s.cc * (2 - s.cc) * effective)
	s.chi = math.Sqrt(n) * (1 - 1/(4*n) + 1/(21*n*n))
	s.lazy = int(1 / ((s.c1 + s.cmu) * n * 10))
	s.window = 10 + int(math.Ceil(30*n/float64(lambda)))
	s.most = int(100 + 150*(n+3)*(n+3)/math.Sqrt(float64(lambda)))
	return s
}

// effect returns the sum of weights and how many equal ones they are worth.
func effect(weights []float64) (sum, effective float64) {
	squares := 0.0
	for _, w := range weights {
		sum += w
		squares += w * w
	}
	if squares == 0 {
		return sum, 1
	}
	return sum, sum * sum / squares
}
