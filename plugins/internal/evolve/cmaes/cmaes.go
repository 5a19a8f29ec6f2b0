// Package cmaes is the evolution strategy with covariance matrix adaptation and
// active update: it learns the shape of the valley that it searches.
//
// Formulas and constants are those of Hansen, "The CMA Evolution Strategy: A
// Tutorial" (arXiv 1604.00772, 2016), appendix A. A method is not safe for concurrent use.
package cmaes

import (
	"fmt"
	"math"
	"slices"

	"github.com/homeostat/homeostat/plugins/internal/evolve"
)

// CMA is one run. Its fields are its state; use New.
type CMA struct {
	Rand   *evolve.Source `json:"rand"`
	Lambda int            `json:"lambda"`
	Mean   evolve.Floats  `json:"mean"`
	Sigma  float64        `json:"sigma"`
	PathC  evolve.Floats  `json:"path_c"`
	PathS  evolve.Floats  `json:"path_s"`
	// Cov is the covariance matrix by rows. Basis holds its eigenvectors as
	// columns and Scale the roots of its eigenvalues, as of generation Eigen.
	Cov   evolve.Floats `json:"cov"`
	Basis evolve.Floats `json:"basis"`
	Scale evolve.Floats `json:"scale"`
	Gen   int           `json:"gen"`
	Eigen int           `json:"eigen"`
	// Steps are the members of the present generation, as (x-Mean)/Sigma.
	Steps []evolve.Floats `json:"steps"`
	// Bests are the best costs of the latest generations, newest last.
	Bests evolve.Floats `json:"bests"`
	// Stopped says why the run ended.
	Stopped string `json:"stopped,omitempty"`

	set *settings
}

// DefaultLambda is the usual size of a generation in n dimensions.
func DefaultLambda(n int) int { return 4 + int(3*math.Log(float64(n))) }

// MaxLambda bounds a generation.
const MaxLambda = 1 << 12

// New begins at a point of the unit cube with a step, in widths of the cube.
func New(rng *evolve.Source, start []float64, sigma float64, lambda int) *CMA {
	n := len(start)
	c := &CMA{
		Rand: rng, Lambda: max(4, min(lambda, MaxLambda)), Mean: append(evolve.Floats(nil), start...), Sigma: sigma,
		PathC: make(evolve.Floats, n), PathS: make(evolve.Floats, n), Cov: identity(n), Basis: identity(n), Scale: make(evolve.Floats, n),
	}
	for i := range c.Scale {
		c.Scale[i] = 1
	}
	c.set = newSettings(n, c.Lambda)
	c.draw()
	return c
}

func identity(n int) evolve.Floats {
	m := make(evolve.Floats, n*n)
	for i := range n {
		m[i*n+i] = 1
	}
	return m
}

// draw samples the next generation from the distribution.
func (c *CMA) draw() {
	n := len(c.Mean)
	c.Steps = make([]evolve.Floats, c.Lambda)
	var group []evolve.Floats
	for k := range c.Steps {
		if k%n == 0 {
			group = orthogonal(c.Rand, n, min(n, c.Lambda-k))
		}
		y, z := make(evolve.Floats, n), group[k%n]
		for j, v := range z {
			v *= c.Scale[j]
			for i := range y {
				y[i] += c.Basis[i*n+j] * v
			}
		}
		c.Steps[k] = y
	}
}

// orthogonal draws at most n standard normal vectors that stand upright on each
// other: a generation then looks into all directions alike, which saves about a
// tenth of the evaluations (Wang, Emmerich and Bäck, "Mirrored orthogonal
// sampling", 2014, without the mirrors). Each by itself is normal.
func orthogonal(rng *evolve.Source, n, count int) []evolve.Floats {
	out := make([]evolve.Floats, 0, count)
	lengths := make([]float64, 0, count)
	for len(out) < count {
		z := make(evolve.Floats, n)
		for i := range z {
			z[i] = rng.NormFloat64()
		}
		length := math.Sqrt(square(z))
		for _, other := range out {
			project(z, other)
		}
		rest := math.Sqrt(square(z))
		if rest < 1e-9*length { // practically never; drawn again
			continue
		}
		for i := range z {
			z[i] /= rest
		}
		out, lengths = append(out, z), append(lengths, length)
	}
	for k, z := range out {
		for i := range z {
			z[i] *= lengths[k]
		}
	}
	return out
}

// project takes from z what lies along the unit vector e.
func project(z, e evolve.Floats) {
	along := 0.0
	for i, v := range e {
		along += v * z[i]
	}
	for i, v := range e {
		z[i] -= along * v
	}
}

// Tell moves the distribution towards the better half and away from the worse.
func (c *CMA) Tell(costs []float64) {
	if c.set == nil {
		c.set = newSettings(len(c.Mean), c.Lambda)
	}
	order := make([]int, len(costs))
	for k := range order {
		order[k] = k
	}
	ranked := c.penalized(costs)
	slices.SortStableFunc(order, func(a, b int) int { return compare(ranked[a], ranked[b]) })
	c.Gen++
	c.Stopped = c.stop(ranked, order)
	c.adapt(order)
	if !c.Mean.Finite(len(c.Mean)) || !(c.Sigma > 0 && c.Sigma < 1e9) || !c.Cov.Finite(len(c.Cov)) {
		c.abandon()
	}
	if c.Stopped == "" {
		c.draw()
	}
}

// abandon ends a run whose numbers have left what can be calculated with, and
// leaves a state that can be saved.
func (c *CMA) abandon() {
	n := len(c.Mean)
	*c = *New(c.Rand, slices.Repeat([]float64{0.5}, n), 1, c.Lambda)
	c.Stopped = "its numbers ran out of range"
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (c *CMA) adapt(order []int) {
	s, n := c.set, len(c.Mean)
	step := make([]float64, n) // the weighted mean of the better half
	for k := range s.mu {
		for i, v := range c.Steps[order[k]] {
			step[i] += s.weights[k] * v
		}
	}
	whitened := c.whiten(step)
	length := 0.0
	for i := range n {
		c.Mean[i] += c.Sigma * step[i]
		c.PathS[i] = (1-s.cs)*c.PathS[i] + s.normS*whitened[i]
		length += c.PathS[i] * c.PathS[i]
	}
	length = math.Sqrt(length)
	c.Sigma *= math.Exp(min(1, s.cs/s.damps*(length/s.chi-1)))
	// While the step grows fast the path of the covariance waits.
	heaviside := 0.0
	if length/math.Sqrt(1-math.Pow(1-s.cs, 2*float64(c.Gen))) < (1.4+2/(float64(n)+1))*s.chi {
		heaviside = 1
	}
	for i := range n {
		c.PathC[i] = (1-s.cc)*c.PathC[i] + heaviside*s.normC*step[i]
	}
	c.learn(order, heaviside)
	if c.Gen-c.Eigen > s.lazy {
		c.decompose()
	}
}

// learn updates the covariance matrix by its path and by the whole generation.
func (c *CMA) learn(order []int, heaviside float64) {
	s, n := c.set, len(c.Mean)
	total := 0.0
	for _, w := range s.weights {
		total += w
	}
	keep := 1 + s.c1*(1-heaviside)*s.cc*(2-s.cc) - s.c1 - s.cmu*total
	for i := range c.Cov {
		c.Cov[i] *= keep
	}
	c.rankOne(c.PathC, s.c1)
	for k, w := range s.weights {
		y := c.Steps[order[k]]
		if w < 0 { // a far step must not make the matrix negative
			w *= float64(n) / max(square(c.whiten(y)), 1e-300)
		}
		c.rankOne(y, s.cmu*w)
	}
}

// rankOne adds w·y·yᵀ to the covariance matrix.
func (c *CMA) rankOne(y []float64, w float64) {
	n := len(y)
	for i := range n {
		row, wy := c.Cov[i*n:(i+1)*n], w*y[i]
		for j := range row {
			row[j] += wy * y[j]
		}
	}
}

// whiten returns C^(-1/2)·y.
func (c *CMA) whiten(y []float64) []float64 {
	n := len(y)
	z := make([]float64, n)
	for j := range n {
		for i := range n {
			z[j] += c.Basis[i*n+j] * y[i]
		}
		z[j] /= c.Scale[j]
	}
	out := make([]float64, n)
	for i := range n {
		for j, v := range z {
			out[i] += c.Basis[i*n+j] * v
		}
	}
	return out
}

func square(y []float64) float64 {
	sum := 0.0
	for _, v := range y {
		sum += v * v
	}
	return sum
}

// Done says why the run ended.
func (c *CMA) Done() string { return c.Stopped }

// Check reports a state that cannot be carried on.
func (c *CMA) Check(n int) error {
	fits := c.Rand.Usable() && c.Lambda >= 4 && c.Lambda <= MaxLambda && c.Sigma > 0 && !math.IsInf(c.Sigma, 0) && c.Gen >= 0 && c.Eigen >= 0 && c.Eigen <= c.Gen
	for _, v := range []evolve.Floats{c.Mean, c.PathC, c.PathS, c.Scale} {
		fits = fits && v.Finite(n)
	}
	fits = fits && c.Cov.Finite(n*n) && c.Basis.Finite(n*n) && (len(c.Steps) == c.Lambda || c.Stopped != "")
	for _, y := range c.Steps {
		fits = fits && y.Finite(n)
	}
	if fits {
		fits = slices.Min(c.Scale) > 0
	}
	if !fits {
		return fmt.Errorf("CMA-ES: its state does not fit %d dimensions", n)
	}
	return nil
}
