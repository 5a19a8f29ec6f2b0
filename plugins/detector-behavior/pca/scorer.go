package pca

import "math"

// Scorer compares rows with a model, one after the other. Its state is the
// centre's slow drift and the smoothing, both bounded.
type Scorer struct {
	// Drift is how far the centre of each signal has moved since the model was
	// made, in standard deviations.
	Drift []float64
	// Level and Lasting are the score smoothed over a few rows and over many.
	Level, Lasting float64

	z, residual, expected, tolerance []float64
	missing                          []int
}

// Score is the judgement of one row.
type Score struct {
	// Level says how many times worse than an ordinary row this and the last few
	// fit: about 1 is usual.
	// What lasts is no accident: the last hundred rows have a fifth of the say.
	Level float64
	// Fit is the same of this row alone.
	Fit float64
	// Share is the part of each signal in the residual, from 0 to 1; all are 0
	// where nothing is left over. It is overwritten by the next call.
	Share []float64
	// Expected is the value of each signal that fits the others, in the signal's
	// unit, and Tolerance how far a value usually lies from it. They are
	// overwritten by the next call.
	Expected, Tolerance []float64
}

// Score judges one row. A missing value is NaN; it counts as what the other
// signals let expect.
func (s *Scorer) Score(m *Model, row []float64) Score {
	d := len(m.mean)
	s.fit(d)
	s.standardise(m, row)
	s.impute(m)
	copy(s.residual, s.z)
	distance := 0.0
	for k, axis := range m.axes {
		p := dot(s.z, axis)
		distance += p * p / (m.lambda[k] + ridge)
		if k < m.kept {
			for j, x := range axis {
				s.residual[j] -= p * x
			}
		}
	}
	total := 0.0
	for j, r := range s.residual {
		s.expected[j] = m.mean[j] + (s.z[j]-r+s.Drift[j])*m.spread[j]
		s.tolerance[j] = m.rest[j] * m.spread[j]
		s.residual[j] = bounded(r / m.rest[j])
		total += s.residual[j]
	}
	fit := math.Sqrt(relative(total, m.usualResidual) * relative(distance, m.usualDistance))
	if s.Level == 0 || s.Lasting == 0 {
		s.Level, s.Lasting = fit, fit
	}
	s.Level += smoothing * (fit - s.Level)
	s.Lasting += lasting * (fit - s.Lasting)
	level := math.Pow(s.Level, 1-lastingShare) * math.Pow(s.Lasting, lastingShare)
	if total > 0 {
		for j := range s.residual {
			s.residual[j] /= total
		}
	}
	return Score{Level: level, Fit: fit, Share: s.residual, Expected: s.expected, Tolerance: s.tolerance}
}

// bounded is the square of x up to outlier, and grows with x beyond it: one
// wild signal does not hide all others (Huber's loss).
func bounded(x float64) float64 {
	x = math.Abs(x)
	if x > outlier {
		return outlier * (2*x - outlier)
	}
	return x * x
}

// Rebase keeps the drifted centre where it is when one model takes the place of
// another; from is nil for the first.
func (s *Scorer) Rebase(from, to *Model) {
	if from == nil {
		s.Drift = nil
		return
	}
	s.fit(len(to.mean))
	for j, d := range s.Drift[:min(len(s.Drift), len(from.mean))] {
		s.Drift[j] = 0
		if from.known[j] && to.known[j] {
			centre := from.mean[j] + d*from.spread[j]
			s.Drift[j] = max(-mostDeviations, min(mostDeviations, (centre-to.mean[j])/to.spread[j]))
		}
	}
}

// fit makes room for d signals.
func (s *Scorer) fit(d int) {
	for len(s.Drift) < d {
		s.Drift = append(s.Drift, 0)
	}
	if len(s.z) < d {
		s.z, s.residual = make([]float64, d), make([]float64, d)
		s.expected, s.tolerance = make([]float64, d), make([]float64, d)
	}
}

// standardise turns a row into standard deviations from the drifting centre.
func (s *Scorer) standardise(m *Model, row []float64) {
	s.missing = s.missing[:0]
	for j := range s.z {
		s.z[j] = 0
		if !m.known[j] {
			continue
		}
		if j >= len(row) || !usable(row[j]) {
			s.missing = append(s.missing, j)
			continue
		}
		z := (row[j]-m.mean[j])/m.spread[j] - s.Drift[j]
		s.Drift[j] += drift * max(-driftLimit, min(driftLimit, z))
		s.z[j] = max(-mostDeviations, min(mostDeviations, z))
	}
}

// guesses is the number of rounds in which missing values settle.
const guesses = 8

// impute gives missing signals the value that the kept axes expect from the
// others, so that they break no relation.
func (s *Scorer) impute(m *Model) {
	if len(s.missing) == 0 {
		return
	}
	for range guesses {
		clear(s.residual)
		for _, axis := range m.axes[:m.kept] {
			p := dot(s.z, axis)
			for _, j := range s.missing {
				s.residual[j] += p * axis[j]
			}
		}
		for _, j := range s.missing {
			s.z[j] = s.residual[j]
		}
	}
}

// mostDeviations bounds what one signal can say, so that squares stay finite.
const mostDeviations = 1e6

// relative is a view as a multiple of its usual value.
func relative(x, usual float64) float64 {
	return (x + softness*usual) / ((1 + softness) * usual)
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}
