package score

import (
	"math"
	"slices"
)

// Sizes of a tail, in rows and values.
const (
	horizon   = 4000 // rows that count
	most98    = 128  // excesses kept, about the top 2 % of the horizon
	bodySize  = 64   // values that stand for the rest
	learning  = 60   // rows before anything surprises
	firstLook = 40   // rows before the first threshold
)

// tail tells how rare a value is among the last 4,000: by counting below its
// threshold, above it by a generalised Pareto tail fitted to the excesses
// (Siffer et al., Anomaly Detection in Streams with Extreme Value Theory, KDD
// 2017), here over a sliding horizon and fitted by moments.
type tail struct {
	Rows      uint32
	Count     uint32 // excesses kept, oldest first
	BodyCount uint32
	BodyNext  uint32
	FitAt     uint32 // row of the last fit, 0 when it must be done again
	Threshold float32
	Shape     float32
	Scale     float32
	Born      [most98]uint16 // row of each excess, modulo 2^16
	Excess    [most98]float32
	Body      [bodySize]float32
}

// surprise returns −log10 of the probability of a value of at least x, then
// takes x in. It is 0 while learning.
func (q *tail) surprise(x float64) float64 {
	v := float32(min(max(x, -math.MaxFloat32), math.MaxFloat32))
	out := 0.0
	if q.Rows >= learning {
		q.expire()
		rare := (float64(q.Count) + 1) / (float64(min(q.Rows, horizon)) + 1)
		if v > q.Threshold && q.Count > 4 {
			out = q.beyond(float64(v)-float64(q.Threshold)) - math.Log10(rare)
		} else {
			out = -math.Log10(max(q.share(v), rare))
		}
	}
	q.learn(v)
	return out
}

// expire forgets excesses that are older than the horizon.
func (q *tail) expire() {
	k := uint32(0)
	for k < q.Count && uint16(q.Rows)-q.Born[k] > horizon {
		k++
	}
	if k > 0 {
		copy(q.Born[:], q.Born[k:q.Count])
		copy(q.Excess[:], q.Excess[k:q.Count])
		q.Count -= k
	}
}

// share is the part of the body at or above v; equals count half.
func (q *tail) share(v float32) float64 {
	c := 0.5
	for _, b := range q.Body[:q.BodyCount] {
		switch {
		case b > v:
			c++
		case b == v:
			c += 0.5
		}
	}
	return c / (float64(q.BodyCount) + 1)
}

// beyond is −log10 of the fitted tail's probability of an excess of at least e.
func (q *tail) beyond(e float64) float64 {
	const refit, straight, never = 20, 0.02, 20
	if q.FitAt == 0 || q.Rows-q.FitAt > refit {
		q.fit()
	}
	shape, scale := float64(q.Shape), float64(q.Scale)
	if math.Abs(shape) < straight {
		return e / scale / math.Ln10
	}
	z := 1 + shape*e/scale
	if z <= 0 {
		return never
	}
	return math.Log(z) / shape / math.Ln10
}

// fit estimates shape and scale by the method of moments, which bounds the shape
// by one half; below −0.3 the tail would end too close to what was seen.
func (q *tail) fit() {
	const lowest, tiny = -0.3, 1e-12
	mean, square := 0.0, 0.0
	for _, e := range q.Excess[:q.Count] {
		mean += float64(e)
	}
	mean /= float64(q.Count)
	for _, e := range q.Excess[:q.Count] {
		square += (float64(e) - mean) * (float64(e) - mean)
	}
	mean = max(mean, tiny)
	shape := max(lowest, 0.5*(1-mean*mean/max(square/float64(q.Count), tiny*tiny)))
	q.Shape, q.Scale, q.FitAt = float32(shape), float32(mean*(1-shape)), q.Rows
}

func (q *tail) learn(v float32) {
	const everyRows, first, again, fewest, plenty, earliest = 256, 0.90, 0.97, 0.008, 0.04, 20
	q.Rows++
	q.remember(v)
	seen := float64(min(q.Rows, horizon))
	switch {
	case q.Rows == firstLook:
		q.lower(first)
	case q.Rows%everyRows == 0 && float64(q.Count) < fewest*seen:
		q.lower(again)
	}
	if q.Rows >= firstLook && v > q.Threshold {
		q.Born[q.Count], q.Excess[q.Count] = uint16(q.Rows), v-q.Threshold
		q.Count++
	}
	early := q.Rows < horizon && q.Count > earliest && float64(q.Count) > plenty*float64(q.Rows)
	if q.Count == most98 || early {
		q.raise()
	}
}

// remember puts about every 63rd of the horizon's values into the body.
func (q *tail) remember(v float32) {
	step := max(1, min(bodySize-1, q.Rows/bodySize))
	if q.Rows%step != 0 {
		return
	}
	q.Body[q.BodyNext%bodySize] = v
	q.BodyNext++
	q.BodyCount = min(q.BodyNext, bodySize)
}

// lower sets the threshold to a quantile of the body, if that is lower.
func (q *tail) lower(quantile float64) {
	var sorted [bodySize]float32
	body := sorted[:copy(sorted[:], q.Body[:q.BodyCount])]
	slices.Sort(body)
	t := body[int(quantile*float64(len(body)-1))]
	if q.Count > 0 && t >= q.Threshold {
		return
	}
	for i := range q.Excess[:q.Count] {
		q.Excess[i] += q.Threshold - t
	}
	q.Threshold, q.FitAt = t, 0
}

// raise lifts the threshold so that the upper half of the excesses remains.
func (q *tail) raise() {
	var sorted [most98]float32
	all := sorted[:copy(sorted[:], q.Excess[:q.Count])]
	slices.Sort(all)
	by := all[len(all)/2]
	k := uint32(0)
	for i, e := range q.Excess[:q.Count] {
		if e > by {
			q.Born[k], q.Excess[k] = q.Born[i], e-by
			k++
		}
	}
	q.Count, q.Threshold, q.FitAt = k, q.Threshold+by, 0
}

// median is the median of the body, 0 while it is empty.
func (q *tail) median() float64 {
	if q.BodyCount == 0 {
		return 0
	}
	var sorted [bodySize]float32
	body := sorted[:copy(sorted[:], q.Body[:q.BodyCount])]
	slices.Sort(body)
	return float64(body[len(body)/2])
}
