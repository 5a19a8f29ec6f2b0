package pca

import (
	"fmt"
	"math"
	"slices"
)

// MaxSignals is the most signals that Moments take: the covariance grows with
// the square, making a model with the cube of their number.
const MaxSignals = 64

// Moments are the running mean and covariance of signals. A missing value is
// NaN; a pair of signals learns from the rows that have both. Old rows fade: the
// memory is Memory rows long. The fields are exported for saving; use Grow and
// Add to change them.
type Moments struct {
	// Memory is the number of rows after which the weight of a row stops falling
	// with their count; 0 means that nothing is forgotten.
	Memory int
	// Rows counts the rows of each signal, at most Memory where that is set.
	Rows []int
	Mean []float64
	// Low and High are the extremes of each signal.
	Low, High []float64
	// Cov is the upper triangle of the covariances, column after column: the
	// pair (i, j) with i ≤ j is at j(j+1)/2 + i, so that signals can be added.
	Cov []float64
}

// Grow adds signals that have no rows yet until there are n of them, at most
// MaxSignals.
func (m *Moments) Grow(n int) {
	for len(m.Mean) < min(n, MaxSignals) {
		m.Rows, m.Mean = append(m.Rows, 0), append(m.Mean, 0)
		m.Low, m.High = append(m.Low, math.MaxFloat64), append(m.High, -math.MaxFloat64)
		m.Cov = append(m.Cov, make([]float64, len(m.Mean))...)
	}
}

// Add learns one row; its length is at most that of the signals.
func (m *Moments) Add(row []float64) {
	delta := make([]float64, len(row))
	for j, x := range row {
		delta[j] = math.NaN()
		if !usable(x) {
			continue
		}
		m.Low[j], m.High[j] = min(m.Low[j], x), max(m.High[j], x)
		if m.Rows[j] == 0 {
			m.Mean[j] = x
		}
		delta[j] = x - m.Mean[j]
		m.Rows[j]++
		if m.Memory > 0 {
			m.Rows[j] = min(m.Rows[j], m.Memory)
		}
	}
	for j, dj := range delta {
		if math.IsNaN(dj) {
			continue
		}
		m.Mean[j] += dj / float64(m.Rows[j])
		m.pairs(delta, j)
	}
}

// pairs updates the covariances of signal j with those before it. The weight is
// that of the younger signal.
func (m *Moments) pairs(delta []float64, j int) {
	column := m.Cov[j*(j+1)/2:]
	for i := 0; i <= j; i++ {
		if math.IsNaN(delta[i]) {
			continue
		}
		w := 1 / float64(min(m.Rows[i], m.Rows[j]))
		column[i] = (1 - w) * (column[i] + w*delta[i]*delta[j])
	}
}

func (m *Moments) covariance(i, j int) float64 {
	if i > j {
		i, j = j, i
	}
	return m.Cov[j*(j+1)/2+i]
}

// Clone returns a copy that shares nothing.
func (m *Moments) Clone() Moments {
	return Moments{
		Memory: m.Memory, Rows: slices.Clone(m.Rows), Mean: slices.Clone(m.Mean),
		Low: slices.Clone(m.Low), High: slices.Clone(m.High), Cov: slices.Clone(m.Cov),
	}
}

// scale is the size of a signal's values: its range or, where it never moved,
// its value, or 1 where that is (nearly) zero.
func (m *Moments) scale(j int) float64 {
	if s := max(m.High[j]-m.Low[j], math.Abs(m.Mean[j])); s > 1/hugest {
		return s
	}
	return 1
}

// hugest bounds the values that are learnt: the square of a larger one does not
// fit.
const hugest = 1e100

// usable reports whether a value can be learnt; a missing one is NaN.
func usable(x float64) bool { return math.Abs(x) < hugest }

// Check reports the first way in which saved moments contradict themselves.
func (m *Moments) Check() error {
	d := len(m.Mean)
	if d > MaxSignals || len(m.Rows) != d || len(m.Low) != d || len(m.High) != d || len(m.Cov) != d*(d+1)/2 || m.Memory < 0 {
		return fmt.Errorf("moments of %d signals with %d counts and %d covariances contradict themselves", d, len(m.Rows), len(m.Cov))
	}
	for j := range d {
		if m.Rows[j] < 0 || !usable(m.Mean[j]) {
			return fmt.Errorf("moments of signal %d are no numbers: %d rows, mean %v", j, m.Rows[j], m.Mean[j])
		}
	}
	for _, c := range m.Cov {
		if math.IsNaN(c) || math.IsInf(c, 0) {
			return fmt.Errorf("a covariance is %v", c)
		}
	}
	return nil
}
