// Package grace owns the question how long a service may take to start before its silence counts. It learns from past
// starts and is pure: plain data, no clock, not safe for concurrent use.
package grace

import (
	"slices"
	"time"
)

const (
	// Unlearned is the grace while no start has been seen to succeed, unless the caller knows better.
	Unlearned = 60 * time.Second
	// Least is the shortest grace, whatever was learned.
	Least = 2 * time.Second
	// factor stretches the 99th percentile of past starts.
	factor = 1.5
	// kept bounds the memory to the newest starts.
	kept = 50
)

// Starts is the memory of past starts. The zero value has learned nothing.
type Starts struct {
	// Took holds how long the newest starts took until the first healthy answer, the oldest first.
	Took []time.Duration `json:"took,omitempty"`
	// Missed counts the starts since then that were not ready in their grace.
	Missed int `json:"missed,omitempty"`
}

// Learned returns 1.5 times the 99th percentile of past starts, at least 2 s, or 0 when nothing has been learned.
func (s Starts) Learned() time.Duration {
	if len(s.Took) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s.Took))
	p99 := sorted[(len(sorted)*99+99)/100-1]
	return max(Least, time.Duration(float64(p99)*factor))
}

// Next returns the grace of the next start, which is the unlearned one while nothing is known. After each start that
// missed its grace it doubles, up to the unlearned one, because a service that has become slower (more data to load)
// would otherwise be restarted for ever and never be able to show it.
func (s Starts) Next(unlearned time.Duration) time.Duration {
	learned := s.Learned()
	if learned == 0 {
		return unlearned
	}
	next := learned
	for range s.Missed {
		if next >= unlearned {
			break
		}
		next *= 2
	}
	return max(learned, min(next, unlearned))
}

// Ready notes that a start took so long, late or not.
func (s *Starts) Ready(took time.Duration) {
	s.Missed = 0
	s.Took = append(s.Took, took)
	if over := len(s.Took) - kept; over > 0 {
		s.Took = slices.Delete(s.Took, 0, over)
	}
}

// Miss notes that a start was not ready within its grace.
func (s *Starts) Miss() { s.Missed++ }
