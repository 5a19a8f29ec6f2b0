package changes

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/component"
	"github.com/homeostat/homeostat/host/component/probe"
	"github.com/homeostat/homeostat/host/health"
	"github.com/homeostat/homeostat/host/observe/tape"
	"github.com/homeostat/homeostat/sdk"
)

// Doctor reads how well the host is and has it judged.
type Doctor struct {
	// Monitor is asked for at each use: a reload replaces it.
	Monitor func() *health.Monitor
	// Signals are the newest samples of a component.
	Signals func(component string) []tape.Latest
	// Statuses are those of all components.
	Statuses func() []component.Status
	// Incidents counts the open ones.
	Incidents func() health.Incidents
	// Changes are the newest records of changes.
	Changes func() []record.Record
}

// The first samples come within seconds of the daemon's start; an earlier question waits for them.
const (
	firstSamples = 5 * time.Second
	sampleEvery  = 50 * time.Millisecond
)

// Judge judges the present state.
func (d Doctor) Judge(ctx context.Context) health.Report {
	deadline := time.Now().Add(firstSamples)
	r := d.reading()
	for !(r.CPU.Known && r.MemoryAvailable.Known && r.Disk.Known) && time.Now().Before(deadline) && ctx.Err() == nil {
		select {
		case <-time.After(sampleEvery):
		case <-ctx.Done():
		}
		r = d.reading()
	}
	return d.Monitor().Observe(time.Now(), r)
}

func (d Doctor) reading() health.Reading {
	r := health.Reading{Incidents: d.Incidents(), SuccessRate: successRate(d.Changes())}
	for _, s := range d.Signals(sdk.HostComponent) {
		m := health.Known(s.Value)
		switch s.Signal.Name {
		case "cpu_percent":
			r.CPU = m
		case "memory_available_percent":
			r.MemoryAvailable = m
		case "psi_cpu_some":
			r.CPUPressure = m
		case "psi_memory_some":
			r.MemoryPressure = m
		case "psi_io_some":
			r.DiskIOPressure = m
		}
		if strings.HasPrefix(s.Signal.Name, "disk_used_percent/") && m.Value >= r.Disk.Value {
			r.Disk = m
		}
	}
	r.ErrorRate, r.Response = probes(d.Statuses())
	return r
}

// responsePercentile is which answer stands for all: 95 of 100 are as quick or quicker.
const responsePercentile = 95

// probes tells the share of probes that fail, in percent, and how long they take, in seconds.
func probes(all []component.Status) (errors, response health.Measure) {
	failed := 0
	var latencies []float64
	for _, s := range all {
		for _, p := range s.Probes {
			if p.Verdict == probe.Inconclusive {
				continue
			}
			latencies = append(latencies, p.Latency.Seconds())
			if p.Verdict == probe.Fail {
				failed++
			}
		}
	}
	if len(latencies) == 0 {
		return errors, response
	}
	slices.Sort(latencies)
	const all100 = 100
	return health.Known(all100 * float64(failed) / float64(len(latencies))), health.Known(latencies[(len(latencies)-1)*responsePercentile/all100])
}

// leastChanges is the number of ended changes below which their success says nothing.
const leastChanges = 5

// successRate is the share of changes that were kept, in percent, of those that were applied.
func successRate(list []record.Record) health.Measure {
	kept, all := 0, 0
	for _, r := range list {
		switch r.State {
		case record.Kept:
			kept++
			all++
		case record.RolledBack, record.Stuck:
			all++
		}
	}
	if all < leastChanges {
		return health.Measure{}
	}
	const percent = 100
	return health.Known(percent * float64(kept) / float64(all))
}
