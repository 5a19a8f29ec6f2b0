package engine

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/homeostat/homeostat/examples/theorem-prover/eprover"
)

const (
	// window is how far back the rate and the store's time look, span how far the
	// shares do: where runs last long there are few of them.
	window = 10 * time.Second
	span   = 20 * time.Second
	// leastAge is how old a process is before it tells a rate, and leastEnded how
	// many runs it takes to tell a share: less says nothing, and nothing is told.
	leastAge   = 5 * time.Second
	leastEnded = 4
	// mostSeen bounds what is remembered.
	mostSeen = 20_000
)

// seen is one event: a run that ended, or an answer of the store.
type seen struct {
	at      time.Time
	verdict eprover.Verdict // empty for an answer of the store
	seconds float64
}

// figures are what the engine measures of itself. It is a prometheus.Collector
// and safe for use by several goroutines.
type figures struct {
	begun    time.Time
	verdicts *prometheus.CounterVec
	wrong    prometheus.Counter
	shelved  prometheus.Gauge

	mu   sync.Mutex // guards what follows
	seen []seen
}

func newFigures(now time.Time) *figures {
	f := &figures{
		begun:    now,
		verdicts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "prover_runs_total", Help: "Runs of the prover that ended, by verdict."}, []string{"verdict"}),
		wrong:    prometheus.NewCounter(prometheus.CounterOpts{Name: "prover_contradictions_total", Help: "Theorems of the store that were refuted."}),
		shelved:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "prover_proofs_waiting", Help: "Proofs that wait for the store."}),
	}
	for _, v := range []eprover.Verdict{eprover.Proved, eprover.Refuted, eprover.TimedOut, eprover.OutOfMemory, eprover.Failed} {
		f.verdicts.WithLabelValues(string(v))
	}
	return f
}

// ended notes a run.
func (f *figures) ended(now time.Time, v eprover.Verdict) {
	f.verdicts.WithLabelValues(string(v)).Inc()
	f.note(seen{at: now, verdict: v})
}

// asked notes how long the store took to answer, or to fail.
func (f *figures) asked(now time.Time, took time.Duration) {
	f.note(seen{at: now, seconds: took.Seconds()})
}

func (f *figures) contradiction() { f.wrong.Inc() }

func (f *figures) note(s seen) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, s)
	f.forget(s.at)
}

// forget drops what is too old. The caller holds the lock.
func (f *figures) forget(now time.Time) {
	old := max(0, len(f.seen)-mostSeen)
	for old < len(f.seen) && now.Sub(f.seen[old].at) > span {
		old++
	}
	f.seen = append(f.seen[:0], f.seen[old:]...)
}

// summary is what the events show. A figure that is not known is negative.
type summary struct{ perMinute, timedOut, noMemory, storeSeconds float64 }

const unknown = -1

// summarize reckons the figures at now.
func (f *figures) summarize(now time.Time) summary {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forget(now)
	counts := map[eprover.Verdict]float64{}
	proved, runs, asked, seconds := 0.0, 0.0, 0.0, 0.0
	for _, s := range f.seen {
		recent := now.Sub(s.at) <= window
		switch {
		case s.verdict != "":
			counts[s.verdict]++
			runs++
			if recent && s.verdict == eprover.Proved {
				proved++
			}
		case recent:
			asked++
			seconds += s.seconds
		}
	}
	out := summary{unknown, unknown, unknown, unknown}
	if age := now.Sub(f.begun); age >= leastAge {
		out.perMinute = proved / min(age, window).Minutes()
	}
	if runs >= leastEnded {
		out.timedOut = 100 * counts[eprover.TimedOut] / runs
		out.noMemory = 100 * counts[eprover.OutOfMemory] / runs
	}
	if asked > 0 {
		out.storeSeconds = seconds / asked
	}
	return out
}

// The gauges of the figures.
var (
	perMinute    = prometheus.NewDesc("prover_proofs_per_minute", "Proofs a minute, over the last ten seconds.", nil, nil)
	timedOut     = prometheus.NewDesc("prover_timeouts_percent", "Share of the runs of the last twenty seconds that reached the time limit.", nil, nil)
	noMemory     = prometheus.NewDesc("prover_memory_failures_percent", "Share of the runs of the last twenty seconds that reached the memory limit.", nil, nil)
	storeSeconds = prometheus.NewDesc("prover_store_seconds", "Mean time that the store took to answer or to fail, over the last ten seconds.", nil, nil)
)

// Describe is of prometheus.Collector.
func (f *figures) Describe(to chan<- *prometheus.Desc) {
	f.verdicts.Describe(to)
	f.wrong.Describe(to)
	f.shelved.Describe(to)
	for _, d := range []*prometheus.Desc{perMinute, timedOut, noMemory, storeSeconds} {
		to <- d
	}
}

// Collect is of prometheus.Collector. What is not known is left out.
func (f *figures) Collect(to chan<- prometheus.Metric) {
	f.verdicts.Collect(to)
	f.wrong.Collect(to)
	f.shelved.Collect(to)
	s := f.summarize(time.Now())
	for _, g := range []struct {
		desc  *prometheus.Desc
		value float64
	}{{perMinute, s.perMinute}, {timedOut, s.timedOut}, {noMemory, s.noMemory}, {storeSeconds, s.storeSeconds}} {
		if g.value != unknown {
			to <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, g.value)
		}
	}
}
