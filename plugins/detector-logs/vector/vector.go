// Package vector judges how often each event occurs in a sequence: which counts
// were seen together before, and how far new ones are from them.
//
// It owns the counts that were seen and the distance that is usual between
// them. The order within a sequence does not count. A Model is bounded and used
// from one goroutine.
package vector

import (
	"math"
	"slices"
)

// Count is how often an event occurs.
type Count struct {
	Event uint32 `json:"e"`
	N     uint32 `json:"n"`
}

// Vector are the counts of a sequence, ordered by event, without zeros.
type Vector []Count

// Of counts the events of a sequence.
func Of(events []uint32) Vector {
	sorted := slices.Clone(events)
	slices.Sort(sorted)
	var v Vector
	for _, e := range sorted {
		if n := len(v); n > 0 && v[n-1].Event == e {
			v[n-1].N++
		} else {
			v = append(v, Count{e, 1})
		}
	}
	return v
}

// Distance is the share of events that are in one of the two and not in the
// other, from 0 (the same) to 1 (nothing in common).
func Distance(a, b Vector) float64 {
	differ, all := 0.0, 0.0
	for len(a) > 0 || len(b) > 0 {
		var x, y float64
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].Event < b[0].Event:
			x, a = float64(a[0].N), a[1:]
		case len(a) == 0 || b[0].Event < a[0].Event:
			y, b = float64(b[0].N), b[1:]
		default:
			x, y, a, b = float64(a[0].N), float64(b[0].N), a[1:], b[1:]
		}
		differ += math.Abs(x - y)
		all += x + y
	}
	if all == 0 {
		return 0
	}
	return differ / all
}

// Known is a vector that was seen, and how often.
type Known struct {
	Vector Vector `json:"v"`
	Seen   uint32 `json:"s"`
}

// Model holds the vectors that were seen. Use New.
type Model struct {
	limit int
	known []Known // the latest last
	// apart are the distances of the vectors seen once to their nearest; nil
	// when they have to be found anew.
	apart []float64
	total int
}

// New returns a model that remembers at most limit different vectors.
func New(limit int) *Model { return &Model{limit: limit} }

// Learn takes a vector as usual. When there are too many, the one that was not
// seen for longest is forgotten.
func (m *Model) Learn(v Vector) {
	m.total++
	m.apart = nil
	for i := range m.known {
		if slices.Equal(m.known[i].Vector, v) {
			k := m.known[i]
			k.Seen++
			m.known = append(slices.Delete(m.known, i, i+1), k)
			return
		}
	}
	if len(m.known) >= m.limit {
		m.total -= int(m.known[0].Seen)
		m.known = slices.Delete(m.known, 0, 1)
	}
	m.known = append(m.known, Known{v, 1})
}

// Nearest returns the distance to the nearest vector that was seen; 1 when none
// was.
func (m *Model) Nearest(v Vector) float64 { return m.nearest(v, -1) }

func (m *Model) nearest(v Vector, except int) float64 {
	best := 1.0
	for i := range m.known {
		if i != except {
			best = min(best, Distance(v, m.known[i].Vector))
		}
	}
	return best
}

// Tolerance returns the distance that all but the given share of what was
// learnt keeps to the rest: what was seen twice has distance 0. So where every
// sequence is one of a few, anything new is suspicious, and where they vary a
// little, as much is let pass.
func (m *Model) Tolerance(share float64) float64 {
	if m.apart == nil {
		m.apart = []float64{}
		for i, k := range m.known {
			if k.Seen == 1 {
				m.apart = append(m.apart, m.nearest(k.Vector, i))
			}
		}
		slices.Sort(m.apart)
	}
	// above is how many of the largest distances are let go.
	above := int(math.Floor(share * float64(m.total)))
	if i := len(m.apart) - 1 - above; i >= 0 {
		return m.apart[i]
	}
	return 0
}

// Total returns how many vectors were learnt and not forgotten.
func (m *Model) Total() int { return m.total }

// Known returns what was seen, for keeping; it belongs to the model.
func (m *Model) Known() []Known { return m.known }

// Restore returns a model with what another one knew.
func Restore(limit int, known []Known) *Model {
	m := New(limit)
	m.known = slices.Clone(known[max(0, len(known)-limit):])
	for _, k := range m.known {
		m.total += int(k.Seen)
	}
	return m
}
