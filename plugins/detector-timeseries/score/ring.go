package score

import "math"

// Lengths of the rings in values: the newest rows, and means of twelve rows, which
// with rows of five minutes reach back 29 days.
const (
	ones    = 16
	twelves = 700
)

type (
	ring1 struct {
		N uint32
		V [ones]float32
	}
	ring12 struct {
		N uint32
		V [twelves]float32
	}
)

func (r *ring1) add(v float64)          { put(r.V[:], &r.N, v) }
func (r *ring12) add(v float64)         { put(r.V[:], &r.N, v) }
func (r *ring1) at(back uint32) float64 { return float64(r.V[(r.N-1-back)%ones]) }
func (r *ring1) len() int               { return int(min(r.N, ones)) }
func put(v []float32, n *uint32, x float64) {
	v[*n%uint32(len(v))] = float32(x)
	*n++
}

// mean is the mean of the newest n values, or of all where there are fewer.
func (r *ring1) mean(n int) float64 {
	n = min(n, r.len())
	sum := 0.0
	for i := range n {
		sum += r.at(uint32(i))
	}
	return sum / float64(n)
}

// search finds the nearest earlier stretch. Back is how far back the last one
// lay: the next is often its continuation, and a good first candidate lets most
// others fail at once. It does not change what is found.
type search struct{ Back uint32 }

func (r *ring12) nearest(n int, s *search) float64 { return s.nearest(r.V[:], r.N, n) }

// nearest is the Euclidean distance of the newest n values to the nearest
// earlier n that do not overlap them; 0 while there are fewer than 2n+1.
func (s *search) nearest(ring []float32, added uint32, n int) float64 {
	size := uint32(len(ring))
	kept := int(min(added, size))
	if kept <= 2*n {
		return 0
	}
	// In a straight line, oldest first, the search needs no look at the seam.
	var straight [twelves]float32
	oldest := (added - uint32(kept)) % size
	part := copy(straight[:], ring[oldest:min(oldest+uint32(kept), size)])
	copy(straight[part:kept], ring[:kept-part])
	last := kept - 1
	newest, wanted := straight[last], straight[last-n+1:last]
	best, found := float32(math.Inf(1)), last-n
	if at := last - int(s.Back); at >= n-1 && at <= last-n {
		d := straight[at] - newest
		best, found = distance(straight[at-n+1:at], wanted, reach{d * d, best}), at
	}
	for at := last - n; at >= n-1; at-- {
		d := straight[at] - newest
		// Most candidates fail by their newest value.
		if d *= d; d < best {
			if d = distance(straight[at-n+1:at], wanted, reach{d, best}); d < best {
				best, found = d, at
			}
		}
	}
	s.Back = uint32(last - found)
	return math.Sqrt(float64(best))
}

// reach is a sum of squares and the one that it has to stay below.
type reach struct{ sum, best float32 }

// distance adds the squared distance of two stretches of one length, newest
// first; it stops once it is not below the best.
func distance(a, b []float32, r reach) float32 {
	a = a[:len(b)]
	for k := len(b) - 1; k >= 0; k-- {
		d := a[k] - b[k]
		if r.sum += d * d; r.sum >= r.best {
			break
		}
	}
	return r.sum
}
