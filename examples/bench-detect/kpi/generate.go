package kpi

import (
	"math"
	"math/rand/v2"
)

// Lengths in rows of five minutes.
const (
	rowSeconds = 300
	hour       = 3600 / rowSeconds
	day        = 24 * hour
	days       = 21
	learning   = 3 * day // rows at the start that do not count
)

// fault is what goes wrong in a series.
type fault int

// The faults.
const (
	spike      fault = iota // one to three rows far above
	levelShift              // another level for half a day
	slowDrift               // away from the usual for a day, little by little
	flatLine                // the last value again and again for six hours
	newSeason               // the day's wave comes six hours late for a day
	faults
)

var faultNames = [faults]string{"spikes", "level shifts", "slow drifts", "flat lines", "changed seasons"}

// labelled is a series with its labelled rows.
type labelled struct {
	fault  fault
	values []float64
	// begin and end bound each fault in rows, both included.
	stretches [][2]int
}

// generate makes three weeks of an ordinary metric: a level, the wave of a day,
// quieter weekends, noise that remembers, in some series bursts; and in it one
// fault in the second week and one in the third, six times the size of the noise
// or more.
func generate(f fault, seed uint64) labelled {
	rng := rand.New(rand.NewPCG(seed, uint64(100+f)))
	base := ordinary(rng)
	out := labelled{fault: f}
	for _, from := range [...]int{9, 16} {
		begin := from*day + rng.IntN(3*day)
		out.stretches = append(out.stretches, [2]int{begin, begin + f.rows(rng) - 1})
	}
	base.late = func(i int) float64 {
		if f == newSeason && out.inside(i) {
			return 6 * hour
		}
		return 0
	}
	size := (6 + 6*rng.Float64()) * base.noise
	for i := range days * day {
		v := base.next(i)
		switch at := out.since(i); {
		case at < 0:
		case f == spike:
			v += 1.5 * size
		case f == levelShift:
			v += size
		case f == slowDrift:
			v += 1.5 * size * float64(at) / day
		case f == flatLine:
			v = out.values[i-1]
		}
		out.values = append(out.values, v)
	}
	return out
}

// rows is how long a fault lasts.
func (f fault) rows(rng *rand.Rand) int {
	switch f {
	case spike:
		return 1 + rng.IntN(3)
	case levelShift:
		return 12 * hour
	case flatLine:
		return 6 * hour
	}
	return day
}

// since is how many rows the fault at a row has lasted, −1 where there is none.
func (l *labelled) since(i int) int {
	for _, s := range l.stretches {
		if i >= s[0] && i <= s[1] {
			return i - s[0]
		}
	}
	return -1
}

func (l *labelled) inside(i int) bool { return l.since(i) >= 0 }

// metric is the ordinary part of a series.
type metric struct {
	rng                              *rand.Rand
	level, wave, second, rest, noise float64
	phase, ar, bursts                float64
	late                             func(i int) float64
}

func ordinary(rng *rand.Rand) *metric {
	m := &metric{rng: rng, level: math.Exp(6 * rng.Float64()), phase: 2 * math.Pi * rng.Float64()}
	m.wave, m.second, m.rest = m.level*(0.1+0.4*rng.Float64()), 0.5*rng.Float64(), 0.3*rng.Float64()
	m.noise = m.level * (0.01 + 0.03*rng.Float64())
	if rng.IntN(3) == 0 {
		m.bursts = 0.002
	}
	return m
}

func (m *metric) next(i int) float64 {
	x := 2*math.Pi*(float64(i)-m.late(i))/day + m.phase
	v := m.level + m.wave*(math.Sin(x)+m.second*math.Sin(2*x))
	if i/day%7 >= 5 {
		v -= m.rest * m.wave
	}
	const remembers = 0.6
	m.ar = remembers*m.ar + m.noise*math.Sqrt(1-remembers*remembers)*m.rng.NormFloat64()
	if m.rng.Float64() < m.bursts { // an ordinary burst, two to four times the noise
		v += m.noise * (2 + 2*m.rng.Float64())
	}
	return v + m.ar
}
