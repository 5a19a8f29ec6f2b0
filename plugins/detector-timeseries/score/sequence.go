package score

import "math"

// levels turns values into five symbols: how far a value is from the slow mean, in
// slow standard deviations. It learns after it has told.
type levels struct {
	N              uint32
	Mean, Variance float32
}

const symbols = 5

// bounds are the least and the most a value can have; the zero value means that
// they are not known.
type bounds struct{ Low, High float32 }

func (b bounds) known() bool { return b.High > b.Low }

// symbol returns in which fifth of the bounds v is, 0 to 4.
func (b bounds) symbol(v float64) uint8 {
	share := (v - float64(b.Low)) / (float64(b.High) - float64(b.Low))
	return uint8(max(0, min(symbols-1, symbols*share)))
}

// symbol returns the level of v, 0 to 4, and learns v with the weight of the
// newest value.
func (l *levels) symbol(v, newest float64) uint8 {
	const near, far = 0.8, 2.5
	d := v - float64(l.Mean)
	if l.N == 0 {
		d, l.Mean = 0, float32(v)
	}
	z := 0.0
	if l.Variance > 0 {
		z = d / math.Sqrt(float64(l.Variance))
	}
	l.N++
	r := max(newest, 1/float64(l.N))
	l.Mean += float32(r * d)
	l.Variance += float32(r * (d*(v-float64(l.Mean)) - float64(l.Variance)))
	out := uint8(0)
	for _, cut := range [symbols - 1]float64{-far, -near, near, far} {
		if z > cut {
			out++
		}
	}
	return out
}

// sequence tells in bits how surprising the next symbol is after the last two.
// It counts what followed each context of two, one and no symbols; a shorter one
// stands in, with the weight of one observation, for what a longer one has not
// seen (back-off by blending, as in prediction by partial matching).
type sequence struct {
	// Last are the last two symbols, the newest first, Seen how many there are.
	Last [2]uint8
	Seen uint8
	None [symbols]uint8
	One  [symbols][symbols]uint8
	Two  [symbols][symbols][symbols]uint8
}

// bits returns −log2 of the probability that the next symbol is s, and learns it.
func (q *sequence) bits(s uint8) float64 {
	p := blend(&q.None, s, 1.0/symbols)
	if q.Seen > 0 {
		p = blend(&q.One[q.Last[0]], s, p)
	}
	if q.Seen > 1 {
		p = blend(&q.Two[q.Last[0]][q.Last[1]], s, p)
	}
	count(&q.None, s)
	if q.Seen > 0 {
		count(&q.One[q.Last[0]], s)
	}
	if q.Seen > 1 {
		count(&q.Two[q.Last[0]][q.Last[1]], s)
	}
	q.Last[1], q.Last[0] = q.Last[0], s
	q.Seen = min(q.Seen+1, 2)
	return -math.Log2(p)
}

// blend is the probability of s by the counts, with a shorter context's
// probability as one observation.
func blend(counts *[symbols]uint8, s uint8, shorter float64) float64 {
	n := 0
	for _, c := range counts {
		n += int(c)
	}
	return (float64(counts[s]) + shorter) / float64(n+1)
}

// count adds one observation; full counts are halved, so that old ones fade.
func count(counts *[symbols]uint8, s uint8) {
	if counts[s] == math.MaxUint8 {
		for i := range counts {
			counts[i] /= 2
		}
	}
	counts[s]++
}

// sound reports whether saved symbols are symbols.
func (q *sequence) sound() bool {
	return q.Last[0] < symbols && q.Last[1] < symbols && q.Seen <= 2
}

// order1 adds up how surprising the levels of the last twelve rows are.
type order1 struct {
	Levels   levels
	Sequence sequence
	N        uint32
	Bits     [12]float32
}

func (o *order1) next(v float64) float64 {
	o.Bits[o.N%uint32(len(o.Bits))] = float32(o.Sequence.bits(o.Levels.symbol(v, slow)))
	o.N++
	sum := float32(0)
	for _, b := range o.Bits {
		sum += b
	}
	return float64(sum)
}

// order6 does the same for means of six rows, on a slow scale and on a fast one; a
// known range is a better scale than the fast one and takes its place.
type order6 struct {
	Slow, Quick                 levels
	SlowSequence, QuickSequence sequence
	N                           uint32
	Bits                        [4]float32
	// Newest, Four and Fast are the features as of the last mean.
	Newest, Four, Fast float64
}

func (o *order6) next(mean float64, known bounds) {
	o.Newest = o.SlowSequence.bits(o.Slow.symbol(mean, slow))
	o.Bits[o.N%uint32(len(o.Bits))] = float32(o.Newest)
	o.N++
	o.Four = 0
	for _, b := range o.Bits {
		o.Four += float64(b)
	}
	quick := o.Quick.symbol(mean, fast)
	if known.known() {
		quick = known.symbol(mean)
	}
	o.Fast = o.QuickSequence.bits(quick)
}
