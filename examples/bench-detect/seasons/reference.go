package seasons

import "slices"

// seasonalNaive repeats the last period.
func seasonalNaive(x []float64) []float64 {
	out := make([]float64, ahead)
	for k := range out {
		out[k] = x[len(x)-period+k%period]
	}
	return out
}

// naive2 repeats the last value of the series without its season, and puts the
// season back.
func naive2(x []float64) []float64 {
	index := indices(x)
	last := x[len(x)-1] / index[(len(x)-1)%period]
	out := make([]float64, ahead)
	for k := range out {
		out[k] = last * index[(len(x)+k)%period]
	}
	return out
}

// theta is the Theta method (Assimakopoulos, Nikolopoulos, 2000) as M4 ran it:
// without the season, exponential smoothing with the best of a few rates and
// half the slope of the straight line.
func theta(x []float64) []float64 {
	index := indices(x)
	plain := make([]float64, len(x))
	for i, v := range x {
		plain[i] = v / index[i%period]
	}
	level := smooth(plain)
	slope := slopeOf(plain) / 2
	out := make([]float64, ahead)
	for k := range out {
		out[k] = (level + slope*float64(k+1)) * index[(len(x)+k)%period]
	}
	return out
}

// indices is the classical multiplicative decomposition: the mean ratio of each
// slot to the centred mean of a period around it.
func indices(x []float64) []float64 {
	var ratios [period][]float64
	for i := period / 2; i+period/2 < len(x); i++ {
		sum := (x[i-period/2] + x[i+period/2]) / 2
		for _, v := range x[i-period/2+1 : i+period/2] {
			sum += v
		}
		ratios[i%period] = append(ratios[i%period], x[i]*period/sum)
	}
	out, all := make([]float64, period), 0.0
	for k, r := range ratios {
		for _, v := range r {
			out[k] += v / float64(len(r))
		}
		all += out[k] / period
	}
	for k := range out {
		out[k] /= all
	}
	return out
}

// smooth is the last level of simple exponential smoothing, with the rate that
// forecast the series best one step ahead.
func smooth(x []float64) float64 {
	rates := []float64{0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1}
	levels, errs := make([]float64, len(rates)), make([]float64, len(rates))
	for k, rate := range rates {
		levels[k] = x[0]
		for _, v := range x[1:] {
			d := v - levels[k]
			errs[k] += d * d
			levels[k] += rate * d
		}
	}
	return levels[slices.Index(errs, slices.Min(errs))]
}

// slopeOf is the slope of the least-squares line.
func slopeOf(x []float64) float64 {
	n := float64(len(x))
	middle := (n - 1) / 2
	up, down := 0.0, 0.0
	for i, v := range x {
		d := float64(i) - middle
		up += d * v
		down += d * d
	}
	return up / down
}
