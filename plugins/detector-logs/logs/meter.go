package logs

import "math"

const (
	// memoryMinutes is the time constant of a meter's mean.
	memoryMinutes = 240
	// peakMinutes is the time constant with which a peak is forgotten: long
	// enough that what comes once a day is remembered.
	peakMinutes = 3 * 24 * 60
	// burstLines is the least that counts as a burst of ordinary lines in a
	// minute, burstErrors of errors.
	burstLines  = 60
	burstErrors = 10
	// burstFactor is how many times the peak a burst must have.
	burstFactor = 3
	// burstSigmas is how far above the mean a burst must be, in standard
	// deviations of a count with that mean and scatter.
	burstSigmas = 8
	// learnAlarm is how much of a burst a peak learns in a minute: after half an
	// hour a new level is the usual one.
	learnAlarm = 0.03
)

// meter learns how often something happens in a minute.
type meter struct {
	Mean float64 `json:"m"`
	Var  float64 `json:"v"`
	Peak float64 `json:"p"`
	// Minutes is how many were counted, Last the last one.
	Minutes float64 `json:"n"`
	Last    int64   `json:"t"`
	// Now is the count of the minute that is going on.
	Now float64 `json:"x,omitempty"`
}

// close ends a minute: it reports by how much the count is a burst, in standard
// deviations, 0 for none, and learns it. Minutes that were left out had a count
// of zero.
func (m *meter) close(minute int64, least float64) float64 {
	x := m.Now
	m.Now = 0
	if m.Last > 0 && minute > m.Last+1 {
		m.zeros(float64(minute - m.Last - 1))
	}
	m.Last = minute
	sigmas := (x - m.Mean) / math.Sqrt(m.Var+m.Mean+1)
	burst := x >= least && x > burstFactor*m.Peak && sigmas > burstSigmas
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

func (m *meter) learn(x float64) {
	m.Minutes++
	share := 1 / math.Min(m.Minutes, memoryMinutes)
	d := x - m.Mean
	m.Mean += share * d
	m.Var = (1 - share) * (m.Var + share*d*d)
	m.Peak = math.Max(m.Peak*math.Exp(-1.0/peakMinutes), x)
}

// zeros learns n minutes without an event at once.
func (m *meter) zeros(n float64) {
	keep := math.Exp(-n / math.Min(m.Minutes+n, memoryMinutes))
	m.Var = keep*m.Var + keep*(1-keep)*m.Mean*m.Mean
	m.Mean *= keep
	m.Peak *= math.Exp(-n / peakMinutes)
	m.Minutes += n
}

// join adds what another meter knows, for two things that turned out to be one.
func (m *meter) join(o meter) {
	m.Mean += o.Mean
	m.Var += o.Var
	m.Peak += o.Peak
	m.Minutes = math.Max(m.Minutes, o.Minutes)
	m.Last = max(m.Last, o.Last)
	m.Now += o.Now
}
