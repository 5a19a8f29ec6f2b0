package probe

import (
	"slices"
	"time"
)

// How doubt works. The figures are in relation to the bar of a hang: answering again within 3.5 s.
const (
	// burstEvery is the time between attempts in doubt.
	burstEvery = 200 * time.Millisecond
	// agree is the number of failures, none of them contradicted, that make a verdict fail.
	agree = 3
	// doubtLasts is the least time from the first doubt to a verdict, so that a short stall is no verdict.
	doubtLasts = 600 * time.Millisecond
	// slowFloor and slowFactor: an answer later than max(floor, factor × p99) raises doubt before any timeout.
	slowFloor, slowFactor = 250 * time.Millisecond, 10
	// silentFloor and silentFactor: where nobody gave a timeout, silence of max(floor, factor × p99) counts as a failure
	// until the answer comes after all.
	silentFloor, silentFactor = 500 * time.Millisecond, 20
	// failingEvery is the longest time between attempts while the verdict is fail: recovery should be seen quickly.
	failingEvery = time.Second
	// latenciesKept bounds the memory of p99.
	latenciesKept = 100
)

// Judge turns outcomes into a verdict. It is pure: it takes the time and never asks for it.
type Judge struct {
	spec    Spec
	verdict Verdict
	since   time.Time
	text    string

	began, graceEnds time.Time
	ready            bool

	doubt     time.Time // when the present doubt began; zero without one
	fails     int       // failures since then
	blind     int       // inconclusive outcomes since the last other one
	latencies []time.Duration
	next      int // where the ring of latencies goes on
	p99       time.Duration
}

// NewJudge returns a judge who knows nothing.
func NewJudge(spec Spec, now time.Time) *Judge {
	return &Judge{spec: spec.withDefaults(), since: now, text: "not asked yet", ready: true}
}

// Begin opens a new generation: until the first pass or the end of grace no failure counts. A grace that has ended
// already, as for an adopted process, means that the judge knows nothing and counts from the first attempt. What was learned of latencies stays.
func (j *Judge) Begin(now, graceEnds time.Time) {
	j.began, j.graceEnds = now, graceEnds
	j.ready = !graceEnds.After(now)
	j.calm()
	j.settle(now, Inconclusive, "not asked since the start")
}

// Rest ends the generation: nobody is there to be asked, for the reason given.
func (j *Judge) Rest(now time.Time, why string) {
	j.ready = true
	j.calm()
	j.settle(now, Inconclusive, why)
}

// Hear takes one outcome and reports whether the verdict changed.
func (j *Judge) Hear(now time.Time, o Outcome) bool {
	switch o.Verdict {
	case Pass:
		j.learn(o.Latency)
		j.calm()
		j.ready = true
		return j.settle(now, Pass, o.Text)
	case Fail:
		j.blind = 0
		j.Doubt(now)
		j.fails++
		return j.conclude(now, o.Text)
	default:
		j.blind++
		if j.blind < agree {
			return false
		}
		return j.settle(now, Inconclusive, o.Text)
	}
}

// Doubt notes that something looks wrong, such as an answer that takes long.
func (j *Judge) Doubt(now time.Time) {
	if j.doubt.IsZero() && j.verdict != Fail {
		j.doubt, j.fails = now, 0
	}
}

// Tick lets time pass and reports whether the verdict changed because grace has ended.
func (j *Judge) Tick(now time.Time) bool {
	if j.ready || now.Before(j.graceEnds) {
		return false
	}
	j.ready = true
	if j.fails == 0 {
		return false // nobody could ask: that stays inconclusive
	}
	j.doubt = time.Time{}
	return j.settle(now, Fail, "not ready within its start grace of "+j.graceEnds.Sub(j.began).String()+": "+j.text)
}

func (j *Judge) conclude(now time.Time, text string) bool {
	if !j.ready {
		j.text = text
		return j.Tick(now)
	}
	if j.verdict == Fail {
		j.text = text
		return false
	}
	if j.fails < agree || now.Sub(j.doubt) < doubtLasts {
		return false
	}
	j.doubt = time.Time{}
	return j.settle(now, Fail, text)
}

func (j *Judge) calm() { j.doubt, j.fails, j.blind = time.Time{}, 0, 0 }

func (j *Judge) settle(now time.Time, v Verdict, text string) bool {
	j.text = text
	if j.verdict == v {
		return false
	}
	j.verdict, j.since = v, now
	return true
}

// InDoubt reports whether a burst should ask now.
func (j *Judge) InDoubt() bool { return !j.doubt.IsZero() && j.ready }

// Slow returns how long an answer may take before it raises doubt. It is never more than the probe's timeout.
func (j *Judge) Slow() time.Duration {
	return min(max(slowFloor, slowFactor*j.p99), j.spec.Timeout)
}

// Silent returns how long silence may last before it counts as a failure. A timeout that somebody gave is what they call
// too long, whatever is usual: answers that become late, under load say, are no hang. Without one it is learned, and never
// more than DefaultTimeout.
func (j *Judge) Silent() time.Duration {
	if !j.spec.early {
		return j.spec.Timeout
	}
	return min(max(silentFloor, silentFactor*j.p99), j.spec.Timeout)
}

// Wait returns the time from the beginning of one attempt to that of the next. The fraction, from 0 up to 1, spreads the
// calm ones over ±10 % of the interval, so that many probes do not fall into step.
func (j *Judge) Wait(now time.Time, fraction float64) time.Duration {
	interval := j.spec.Interval
	switch {
	case !j.ready:
		return min(interval, starting(now.Sub(j.began)))
	case j.InDoubt():
		return min(interval, burstEvery)
	case j.verdict == Fail:
		return min(interval, failingEvery)
	default:
		return interval + time.Duration((fraction-0.5)*0.2*float64(interval))
	}
}

// starting spaces the attempts of a start: a tenth of the time that the start has taken so far, from 50 ms to 1 s, so
// that readiness is seen about 10 % late at most.
func starting(elapsed time.Duration) time.Duration {
	return min(max(elapsed/10, 50*time.Millisecond), time.Second)
}

func (j *Judge) learn(latency time.Duration) {
	if len(j.latencies) < latenciesKept {
		j.latencies = append(j.latencies, latency)
	} else {
		j.latencies[j.next] = latency
	}
	j.next = (j.next + 1) % latenciesKept
	sorted := slices.Sorted(slices.Values(j.latencies))
	j.p99 = sorted[(len(sorted)*99+99)/100-1]
}
