package load

import (
	"slices"
	"sync"
	"time"
)

// Figures tell what the users of the service met with in a stretch of time.
type Figures struct {
	// P99 is the 99th percentile of the time from when a request was meant to be
	// sent to its end; requests that were given up count with Deadline.
	P99 time.Duration `json:"p99_ns"`
	// Requests ended in the stretch. Failed are those that were answered by an
	// error or by the end of the connection, Late those that were given up.
	Requests int `json:"requests"`
	Failed   int `json:"failed"`
	Late     int `json:"late"`
	// Hits and Misses are lookups of the cache.
	Hits   int `json:"hits"`
	Misses int `json:"misses"`
}

// Errors is the share of requests that failed, 0 to 1.
func (f Figures) Errors() float64 { return share(f.Failed, f.Requests) }

// HitRatio is the share of lookups that were in the cache, 0 to 1.
func (f Figures) HitRatio() float64 { return share(f.Hits, f.Hits+f.Misses) }

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// slice is how finely time is cut, kept how many are kept: a minute.
const (
	slice = 100 * time.Millisecond
	kept  = 600
)

// window keeps what ended lately. It may be used by several goroutines.
type window struct {
	mu   sync.Mutex
	ring [kept]cut // under mu
}

// cut is one slice of time.
type cut struct {
	at      int64 // in slices since the epoch
	took    []time.Duration
	figures Figures
}

func (w *window) add(at time.Time, f func(*cut)) {
	n := at.UnixNano() / int64(slice)
	w.mu.Lock()
	defer w.mu.Unlock()
	c := &w.ring[n%kept]
	if c.at != n {
		*c = cut{at: n, took: c.took[:0]}
	}
	f(c)
}

// last returns the figures of the whole slices within a span before now.
func (w *window) last(now time.Time, span time.Duration) Figures {
	end := now.UnixNano() / int64(slice)
	w.mu.Lock()
	defer w.mu.Unlock()
	var sum Figures
	var took []time.Duration
	for n := end - int64(span/slice); n < end; n++ {
		c := &w.ring[n%kept]
		if c.at != n {
			continue
		}
		took = append(took, c.took...)
		sum.Requests += len(c.took)
		sum.Failed += c.figures.Failed
		sum.Late += c.figures.Late
		sum.Hits += c.figures.Hits
		sum.Misses += c.figures.Misses
	}
	sum.P99 = percentile(took)
	return sum
}

// percentile is the 99th by the nearest rank; it sorts what it is given.
func percentile(took []time.Duration) time.Duration {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[(99*len(took)+99)/100-1]
}
