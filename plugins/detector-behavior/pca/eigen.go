package pca

import "math"

// sweeps and negligible end the iteration: Jacobi's method converges
// quadratically, so that eight sweeps do for matrices of this size.
const (
	sweeps     = 30
	negligible = 1e-18
)

// eigen returns the eigenvalues of a symmetric matrix and its eigenvectors as
// rows, in no order, by cyclic Jacobi rotations (Golub and Van Loan, Matrix
// Computations, 8.5). It overwrites the matrix.
func eigen(a [][]float64) (values []float64, vectors [][]float64) {
	n := len(a)
	vectors = make([][]float64, n)
	for i := range vectors {
		vectors[i] = make([]float64, n)
		vectors[i][i] = 1
	}
	for range sweeps {
		if offDiagonal(a) < negligible {
			break
		}
		for p := range n {
			for q := p + 1; q < n; q++ {
				rotate(a, vectors, p, q)
			}
		}
	}
	values = make([]float64, n)
	for i := range values {
		values[i] = a[i][i]
	}
	return values, vectors
}

func offDiagonal(a [][]float64) float64 {
	sum := 0.0
	for i := range a {
		for j := i + 1; j < len(a); j++ {
			sum += a[i][j] * a[i][j]
		}
	}
	return sum
}

// rotate makes a[p][q] zero.
func rotate(a, vectors [][]float64, p, q int) {
	if a[p][q] == 0 {
		return
	}
	theta := (a[q][q] - a[p][p]) / (2 * a[p][q])
	t := 1 / (math.Abs(theta) + math.Sqrt(theta*theta+1))
	if theta < 0 {
		t = -t
	}
	c := 1 / math.Sqrt(t*t+1)
	s := t * c
	for k := range a {
		x, y := a[k][p], a[k][q]
		a[k][p], a[k][q] = c*x-s*y, s*x+c*y
	}
	turn(a[p], a[q], c, s)
	turn(vectors[p], vectors[q], c, s)
}

// turn rotates two rows into each other.
func turn(p, q []float64, c, s float64) {
	for k, x := range p {
		y := q[k]
		p[k], q[k] = c*x-s*y, s*x+c*y
	}
}
