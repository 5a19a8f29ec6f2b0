// Package meter learns how often something happens in a minute and knows a burst
// when it sees one.
//
// It owns the count, its mean and scatter, and the peak, which is remembered for
// days so that what comes once a day is no burst. A Meter is plain data, used
// from one goroutine.
package meter

import "math"

const (
	// memoryMinutes is the time constant of a meter's mean.
	memoryMinutes = 240
	// peakMinutes is the time constant with which a peak is forgotten: long
	// enough that what comes once a day is remembered.
	peakMinutes = 3 * 24 * 60
	// BurstFactor is how many times the peak a burst must have.
	BurstFactor = 3
	// burstSigmas is how far above the mean a burst must be, in standard
	// deviations of a count with that mean and scatter.
	burstSigmas = 8
	// learnAlarm is how much of a burst a peak learns in a minute: after half an
	// hour a new level is the usual one.
	learnAlarm = 0.03
)

// Meter counts by the minute. The zero value has seen nothing.
type Meter struct {
	// Mean and Var are of the counts of the minutes, Peak is the largest.
	Mean float64 `json:"m"`
	Var  float64 `json:"v"`
	Peak float64 `json:"p"`
	// Minutes is how many were counted, Last the last one.
	Minutes float64 `json:"n"`
	Last    int64   `json:"t"`
	// Now is the count of the minute that is going on.
	Now float64 `json:"x,omitempty"`
}

// Close ends a minute: it returns by how much the count is a burst, in standard
// deviations, 0 for none, and learns it. A burst has at least the given count. Minutes that were left out had a count
// of zero.
func (m *Meter) Close(minute int64, least float64) float64 {
	x := m.Now
	m.Now = 0
	if m.Last > 0 && minute > m.Last+1 {
		m.zeros(float64(minute - m.Last - 1))
	}
	m.Last = minute
	sigmas := (x - m.Mean) / math.Sqrt(m.Var+m.Mean+1)
	burst := x >= least && x > BurstFactor*m.Peak && sigmas > burstSigmas
	learnt := x
	if burst && m.Minutes > 1 {
		learnt = m.Peak + learnAlarm*(x-m.Peak)
	}
	m.learn(learnt)
	if !burst {
		return 0
	}
	return sigmas
}

func (m *Meter) learn(x float64) {
	m.Minutes++
	share := 1 / math.Min(m.Minutes, memoryMinutes)
	d := x - m.Mean
	m.Mean += share * d
	m.Var = (1 - share) * (m.Var + share*d*d)
	m.Peak = math.Max(m.Peak*math.Exp(-1.0/peakMinutes), x)
}

// zeros learns n minutes without an event at once.
func (m *Meter) zeros(n float64) {
	keep := math.Exp(-n / math.Min(m.Minutes+n, memoryMinutes))
	m.Var = keep*m.Var + keep*(1-keep)*m.Mean*m.Mean
	m.Mean *= keep
	m.Peak *= math.Exp(-n / peakMinutes)
	m.Minutes += n
}

// Join adds what another meter knows, for two things that turned out to be one.
func (m *Meter) Join(o Meter) {
	m.Mean += o.Mean
	m.Var += o.Var
	m.Peak += o.Peak
	m.Minutes = math.Max(m.Minutes, o.Minutes)
	m.Last = max(m.Last, o.Last)
	m.Now += o.Now
}
