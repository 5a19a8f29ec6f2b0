package cmaes

import "math"

// decompose brings Basis and Scale up to date with Cov. A matrix that is not
// positive, by rounding, is lifted.
func (c *CMA) decompose() {
	n := len(c.Mean)
	for i := range n { // rounding must not make it asymmetric
		for j := range i {
			c.Cov[i*n+j] = c.Cov[j*n+i]
		}
	}
	a := append([]float64(nil), c.Cov...)
	basis := identity(n)
	values := jacobi(a, basis, n)
	for i, v := range values {
		if !(v > 1e-300) || math.IsInf(v, 0) {
			c.Stopped = "the distribution is flat in a direction"
			return
		}
		c.Scale[i] = math.Sqrt(v)
	}
	c.Basis, c.Eigen = basis, c.Gen
}

// sweeps bounds the rounds of rotations; eight are enough for any matrix of this
// size, since they converge quadratically.
const sweeps = 30

// jacobi turns the symmetric matrix a into a diagonal one by rotations, which it
// collects in basis, and returns the diagonal: the eigenvalues, in the order of
// the columns of basis.
func jacobi(a, basis []float64, n int) []float64 {
	for range sweeps {
		off, diagonal := 0.0, 0.0
		for i := range n {
			diagonal += a[i*n+i] * a[i*n+i]
			for j := range i {
				off += a[i*n+j] * a[i*n+j]
			}
		}
		if off <= 1e-30*diagonal {
			break
		}
		for p := range n {
			for q := p + 1; q < n; q++ {
				rotate(a, basis, n, [2]int{p, q})
			}
		}
	}
	values := make([]float64, n)
	for i := range values {
		values[i] = a[i*n+i]
	}
	return values
}

// rotate makes the element at (p, q) zero.
func rotate(a, basis []float64, n int, at [2]int) {
	p, q := at[0], at[1]
	x := a[p*n+q]
	if x == 0 {
		return
	}
	theta := (a[q*n+q] - a[p*n+p]) / (2 * x)
	t := 1 / (math.Abs(theta) + math.Sqrt(theta*theta+1))
	if theta < 0 {
		t = -t
	}
	cos := 1 / math.Sqrt(t*t+1)
	sin := t * cos
	for k := range n {
		kp, kq := a[k*n+p], a[k*n+q]
		a[k*n+p], a[k*n+q] = cos*kp-sin*kq, sin*kp+cos*kq
	}
	for k := range n {
		pk, qk := a[p*n+k], a[q*n+k]
		a[p*n+k], a[q*n+k] = cos*pk-sin*qk, sin*pk+cos*qk
		kp, kq := basis[k*n+p], basis[k*n+q]
		basis[k*n+p], basis[k*n+q] = cos*kp-sin*kq, sin*kp+cos*kq
	}
}
