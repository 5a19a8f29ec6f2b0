package stats

import (
	"math/bits"
	"time"
)

// histogram counts spans of time in buckets that grow with them: 16 to each
// doubling, so a percentile is at most 1/16 too large. It reaches from a
// microsecond to over an hour; what is longer counts as the longest.
type histogram struct {
	counts [buckets]uint32
	total  uint32
}

const (
	fine    = 4 // bits of a bucket below the leading one
	widest  = 32
	buckets = (widest - fine + 1) << fine
)

func (h *histogram) add(d time.Duration) {
	h.counts[bucket(d)]++
	h.total++
}

func bucket(d time.Duration) int {
	us := uint64(min(max(d.Microseconds(), 0), 1<<widest-1))
	if us < 1<<fine {
		return int(us)
	}
	shift := bits.Len64(us) - fine - 1
	return (shift+1)<<fine + int(us>>shift) - 1<<fine
}

// upper is the longest span that falls into the bucket.
func upper(bucket int) time.Duration {
	if bucket < 1<<fine {
		return time.Duration(bucket) * time.Microsecond
	}
	shift := bucket>>fine - 1
	return time.Duration((bucket&(1<<fine-1)+1<<fine+1)<<shift-1) * time.Microsecond
}

func (h *histogram) merge(o *histogram) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.total += o.total
}

// quantile returns the span that the share q of all does not exceed, 0 without
// any.
func (h *histogram) quantile(q float64) time.Duration {
	if h.total == 0 {
		return 0
	}
	rank := uint32(q * float64(h.total-1))
	var seen uint32
	for i, n := range h.counts {
		if seen += n; n > 0 && seen > rank {
			return upper(i)
		}
	}
	return upper(buckets - 1)
}
