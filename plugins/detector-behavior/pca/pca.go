// Package pca says how badly a row of signals fits the relations that earlier
// rows had between them.
//
// Two views of a row are combined. The residual is what the principal
// components that hold most of the variance do not explain: it grows when
// signals that used to move together no longer do. The distance is Hotelling's:
// it grows when signals move together further than they used to. The geometric
// mean of both, smoothed over a few rows, is the score.
//
// The package owns the moments (which are learnt row by row and forget), the
// model made from them and the scorer. It knows nothing of components or
// windows, takes no clock and no randomness. None of its types may be used from
// several goroutines at the same time.
package pca

import (
	"cmp"
	"errors"
	"math"
	"slices"
)

// The settings of every model. They were chosen by the means over the files at
// hand of the Server Machine Dataset and of the Application Server Dataset, so
// the figures on these files are no held-out ones.
const (
	// variance is the share of the variance that the kept components hold.
	variance = 0.95
	// minSpread is the least standard deviation that a signal is divided by, as a
	// share of its range: a signal that never moved is not infinitely precise.
	minSpread = 1e-2
	// minResidual is the least spread of a signal's residual, in standard
	// deviations of the signal.
	minResidual = 0.1
	// ridge is added to each variance of the distance, in standard deviations:
	// directions in which nothing moved do not decide alone.
	ridge = 1.0
	// drift is the share of the distance to the present value by which the centre
	// follows in each row, and driftLimit bounds that distance, in standard
	// deviations: slow change is followed, a fault is not learnt at once.
	drift, driftLimit = 0.001, 1.0
	// smoothing is the weight of the newest row in the smoothed score.
	smoothing = 0.25
	// lasting is the same for the long mean, lastingShare its weight in the
	// geometric mean of both.
	lasting, lastingShare = 0.02, 0.2
	// outlier is the residual, in usual spreads, beyond which it counts less.
	outlier = 5.0
	// softness keeps a row that fits perfectly from pulling the geometric mean to
	// zero, as a share of the usual value.
	softness = 0.05
)

// ErrTooFew means that there is not enough data for a model.
var ErrTooFew = errors.New("too few rows for a model")

// minRows is the least number of rows of a signal that a model is made from.
const minRows = 30

// Model is what a row is compared with. It is made by Moments.Model and is not
// changed afterwards.
type Model struct {
	mean, spread []float64
	// axes[k] is the k-th principal axis, strongest first; lambda its variance.
	axes   [][]float64
	lambda []float64
	// kept is the number of axes that explain enough.
	kept int
	// rest is the usual spread of each signal's residual.
	rest []float64
	// usualResidual and usualDistance are the views of an ordinary row.
	usualResidual, usualDistance float64
	known                        []bool
}

// Model makes a model of what was learnt so far, or returns ErrTooFew. Signals
// with fewer than 30 rows take no part in it.
func (m *Moments) Model() (*Model, error) {
	d := len(m.Mean)
	model := &Model{mean: slices.Clone(m.Mean), spread: make([]float64, d), known: make([]bool, d), rest: make([]float64, d)}
	any := false
	for j := range d {
		model.known[j] = m.Rows[j] >= minRows
		any = any || model.known[j]
		model.spread[j] = max(math.Sqrt(max(m.covariance(j, j), 0)), minSpread*m.scale(j))
	}
	if !any {
		return nil, ErrTooFew
	}
	model.decompose(m)
	model.expect()
	return model, nil
}

// decompose finds the principal axes of the correlations and how many of them
// are kept.
func (m *Model) decompose(from *Moments) {
	d := len(m.mean)
	a := make([][]float64, d)
	for i := range a {
		a[i] = make([]float64, d)
		for j := range a[i] {
			if m.known[i] && m.known[j] {
				a[i][j] = from.covariance(i, j) / (m.spread[i] * m.spread[j])
			}
		}
	}
	lambda, axes := eigen(a)
	order := make([]int, d)
	total := 0.0
	for i := range order {
		order[i] = i
		lambda[i] = max(lambda[i], 0)
		total += lambda[i]
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(lambda[y], lambda[x]) })
	held := 0.0
	for _, k := range order {
		m.axes, m.lambda = append(m.axes, axes[k]), append(m.lambda, lambda[k])
		if held < variance*total {
			m.kept = len(m.axes)
		}
		held += lambda[k]
	}
}

// expect works out the spread of each residual and the two views of an ordinary
// row from the axes that are left out. The mean of both views follows from the
// variances; typical turns it into the value of an ordinary row.
func (m *Model) expect() {
	for k, axis := range m.axes {
		m.usualDistance += typical * m.lambda[k] / (m.lambda[k] + ridge)
		if k < m.kept {
			continue
		}
		for j, x := range axis {
			m.rest[j] += m.lambda[k] * x * x
		}
	}
	for j, v := range m.rest {
		m.rest[j] = max(math.Sqrt(v), minResidual)
		m.usualResidual += typical * v / (m.rest[j] * m.rest[j])
	}
	m.usualResidual = max(m.usualResidual, minUsual)
	m.usualDistance = max(m.usualDistance, minUsual)
}

// typical is the share of its mean that a view has in an ordinary row: the views
// are sums of squares with heavy tails, so that the median lies well below the
// mean. minUsual keeps a model of constant signals from dividing by zero.
const (
	typical  = 0.4
	minUsual = 0.01
)
