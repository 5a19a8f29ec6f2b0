// Package health owns the judgement on how well the host is: a score from 0 to 100, a state, a trend, and a reason for
// each point lost. The change pipeline asks it before it changes anything.
//
// It reads nothing itself: readings and the time come in with Observe, and Snapshot and Restore carry its memory over a
// restart. A reading that is missing is inconclusive, never good. A Monitor may be used from several goroutines.
package health

import (
	"fmt"
	"math"
	"sync"
	"time"
)

// State is a band of the score.
type State string

// The states and their bands of the score: healthy 80–100, degraded 60–79, unhealthy 30–59, critical 0–29.
const (
	Healthy   State = "healthy"
	Degraded  State = "degraded"
	Unhealthy State = "unhealthy"
	Critical  State = "critical"
)

// The lower ends of the bands.
const (
	healthyFrom   = 80
	degradedFrom  = 60
	unhealthyFrom = 30
)

// Verdict is the result of one check. Inconclusive means that there was no data.
type Verdict string

// The three verdicts.
const (
	Pass         Verdict = "pass"
	Fail         Verdict = "fail"
	Inconclusive Verdict = "inconclusive"
)

// Config holds the thresholds. Percentages are from 0 to 100.
type Config struct {
	MinScore           float64       // below it a change is warned of
	CPUMax             float64       // percent of all cores in use
	MemoryMinAvailable float64       // percent of the memory that programs can still get
	DiskMax            float64       // percent of the fullest watched file system in use
	ErrorRateMax       float64       // percent of probes that failed
	SuccessRateMin     float64       // percent of recent changes that went well
	ResponseMax        time.Duration // 95th percentile of the answers to probes
	PressureMax        float64       // percent of the last 10 s in which some task waited for CPU, memory or disk (PSI)
}

// DefaultConfig returns the thresholds that hold without configuration.
func DefaultConfig() Config {
	return Config{
		MinScore: healthyFrom, CPUMax: 90, MemoryMinAvailable: 20, DiskMax: 90,
		ErrorRateMax: 5, SuccessRateMin: 90, ResponseMax: 5 * time.Second, PressureMax: 60,
	}
}

// Validate tells every threshold that is out of range.
func (c Config) Validate() error {
	for _, p := range []struct {
		name  string
		value float64
	}{
		{"min_score", c.MinScore}, {"cpu_max", c.CPUMax}, {"memory_min_available", c.MemoryMinAvailable},
		{"disk_max", c.DiskMax}, {"error_rate_max", c.ErrorRateMax}, {"success_rate_min", c.SuccessRateMin},
		{"pressure_max", c.PressureMax},
	} {
		if !(p.value >= 0 && p.value <= 100) {
			return fmt.Errorf("health: %s is %v, want 0 to 100", p.name, p.value)
		}
	}
	if c.ResponseMax <= 0 {
		return fmt.Errorf("health: response_max is %s, want more than 0", c.ResponseMax)
	}
	return nil
}

// Measure is one figure that may be missing. The zero value is missing.
type Measure struct {
	Value float64
	Known bool
}

// Known returns a figure that was read. A figure that is not a number counts as missing.
func Known(value float64) Measure {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return Measure{}
	}
	return Measure{value, true}
}

// Incidents is the number of open incidents of each severity.
type Incidents struct {
	Low, Medium, High, Critical int
}

// Reading is what the host looks like at one moment, with the units of Config; Response is in seconds. Memory and CPU are
// those that a control group leaves, where it leaves less than the host has (see Memory).
type Reading struct {
	CPU, MemoryAvailable, Disk                  Measure
	ErrorRate, SuccessRate, Response            Measure
	CPUPressure, MemoryPressure, DiskIOPressure Measure
	Incidents                                   Incidents
}

// Monitor remembers which limits are breached and how the score went. Make it with New or Restore.
type Monitor struct {
	config Config

	mu     sync.Mutex
	memory Snapshot
}

// Snapshot is the memory of a Monitor that outlives a restart.
type Snapshot struct {
	// Breached names the checks that are failing.
	Breached map[string]bool `json:"breached"`
	// Scores are the latest scores, oldest first.
	Scores []Point `json:"scores"`
}

// Point is a score at a time.
type Point struct {
	At    time.Time `json:"at"`
	Score float64   `json:"score"`
}

// New returns a monitor without memory.
func New(config Config) (*Monitor, error) {
	return Restore(config, Snapshot{})
}

// Restore returns a monitor that goes on from s.
func Restore(config Config, s Snapshot) (*Monitor, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	m := &Monitor{config: config, memory: Snapshot{Breached: map[string]bool{}}}
	for name, breached := range s.Breached {
		m.memory.Breached[name] = breached
	}
	for _, p := range s.Scores {
		if !(p.Score >= 0 && p.Score <= 100) {
			return nil, fmt.Errorf("restore health: score %v at %s, want 0 to 100", p.Score, p.At)
		}
		m.remember(p)
	}
	return m, nil
}

// Snapshot returns a copy of the memory.
func (m *Monitor) Snapshot() Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := Snapshot{Breached: map[string]bool{}, Scores: append([]Point(nil), m.memory.Scores...)}
	for name, breached := range m.memory.Breached {
		s.Breached[name] = breached
	}
	return s
}

// Observe judges a reading and remembers the outcome.
func (m *Monitor) Observe(now time.Time, r Reading) Report {
	m.mu.Lock()
	defer m.mu.Unlock()
	report := Report{At: now, Score: 100, minScore: m.config.MinScore}
	for _, rule := range rules(m.config, r) {
		check := rule.judge(m.memory.Breached[rule.name])
		m.memory.Breached[rule.name] = check.Verdict == Fail
		report.add(check)
	}
	report.addIncidents(r.Incidents)
	report.Score = math.Max(report.Score, 0)
	report.State = stateOf(report.Score)
	m.remember(Point{now, report.Score})
	report.Trend = trendOf(m.memory.Scores)
	return report
}

// remember appends a point. A clock that was set back makes the later points meaningless; they are dropped.
func (m *Monitor) remember(p Point) {
	scores := m.memory.Scores
	for len(scores) > 0 && !scores[len(scores)-1].At.Before(p.At) {
		scores = scores[:len(scores)-1]
	}
	scores = append(scores, p)
	m.memory.Scores = append([]Point(nil), scores[max(0, len(scores)-trendPoints):]...)
}

func stateOf(score float64) State {
	switch {
	case score >= healthyFrom:
		return Healthy
	case score >= degradedFrom:
		return Degraded
	case score >= unhealthyFrom:
		return Unhealthy
	}
	return Critical
}
