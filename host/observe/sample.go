package observe

import (
	"math"
	"runtime"
	"time"

	"github.com/homeostat/homeostat/host/observe/proc"
	"github.com/homeostat/homeostat/host/observe/tape"
	"github.com/homeostat/homeostat/sdk"
)

// The signals that are taken of every component, with their units and ranges.
var (
	fraction   = &sdk.Range{Min: 0, Max: 1}
	allCores   = &sdk.Range{Min: 0, Max: 100 * float64(runtime.NumCPU())}
	percentage = &sdk.Range{Min: 0, Max: 100}

	cpuPercent     = tape.Signal{Name: "cpu_percent", Unit: "percent", Kind: sdk.Gauge, Range: allCores}
	cpuDemand      = tape.Signal{Name: "cpu_demand_percent", Unit: "percent", Kind: sdk.Gauge}
	rssBytes       = tape.Signal{Name: "rss_bytes", Unit: "bytes", Kind: sdk.Gauge}
	threads        = tape.Signal{Name: "threads", Unit: "threads", Kind: sdk.Gauge}
	fds            = tape.Signal{Name: "fds", Unit: "descriptors", Kind: sdk.Gauge}
	processes      = tape.Signal{Name: "processes", Unit: "processes", Kind: sdk.Gauge}
	ioRead         = tape.Signal{Name: "io_read_bytes_per_second", Unit: "bytes per second", Kind: sdk.Gauge}
	ioWrite        = tape.Signal{Name: "io_write_bytes_per_second", Unit: "bytes per second", Kind: sdk.Gauge}
	logLines       = tape.Signal{Name: "log_lines_per_second", Unit: "lines per second", Kind: sdk.Gauge}
	logErrors      = tape.Signal{Name: "log_errors_per_second", Unit: "lines per second", Kind: sdk.Gauge}
	restarts       = tape.Signal{Name: "restarts", Unit: "restarts", Kind: sdk.Counter}
	probeLatencyOf = "probe_latency_seconds/"
	probeSuccessOf = "probe_success/"
)

// probeSamples turns a probe's answer into samples. An inconclusive answer says
// nothing about success and leaves a gap.
func probeSamples(r sdk.ProbeResult) []tape.Sample {
	if r.Verdict == sdk.Inconclusive {
		return nil
	}
	success := 0.0
	if r.Verdict == sdk.Pass {
		success = 1
	}
	return []tape.Sample{
		{Signal: tape.Signal{Name: probeSuccessOf + r.Name, Unit: "fraction", Kind: sdk.Gauge, Range: fraction}, Value: success},
		{Signal: tape.Signal{Name: probeLatencyOf + r.Name, Unit: "seconds", Kind: sdk.Gauge},
			Value: r.Latency.Round(time.Microsecond).Seconds()},
	}
}

// sampler takes the samples of components and of the host at each tick.
type sampler struct {
	observer *Observer
	trackers map[string]*proc.Tracker
	host     *hostSampler
	ticks    int
	warned   bool
}

// sample runs until the Observer is closed.
func (o *Observer) sample() {
	s := &sampler{observer: o, trackers: map[string]*proc.Tracker{}, host: newHostSampler(o.log)}
	ticker := time.NewTicker(SampleInterval)
	defer ticker.Stop()
	for {
		s.tick()
		select {
		case <-o.ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (s *sampler) tick() {
	o := s.observer
	s.ticks++
	o.mu.Lock()
	components := o.components
	o.mu.Unlock()
	kept := make(map[string]*proc.Tracker, len(components))
	batches := make([]tape.Batch, 0, len(components)+1)
	for _, c := range components {
		tracker := s.trackers[c.Name]
		if tracker == nil {
			tracker = proc.NewTracker()
		}
		kept[c.Name] = tracker
		batches = append(batches, tape.Batch{Component: c.Name, Samples: s.component(c.Name, tracker)})
	}
	s.trackers = kept
	erring := o.logs.erring()
	batches = append(batches, tape.Batch{Component: sdk.HostComponent, Samples: s.hostSamples()})
	o.tape.Add(readClocks(), batches...)
	o.push(erring...)
	if refused := o.tape.Refused(); refused > 0 && !s.warned {
		s.warned = true
		o.log.Warn("a component has more signals than allowed, the rest is left out", "allowed", tape.MaxSeries, "samples", refused)
	}
}

// dear reports whether this tick takes what is costly as well.
func (s *sampler) dear() bool { return s.ticks%dearEvery == 1 }

func (s *sampler) hostSamples() []tape.Sample {
	out := s.host.sample()
	if s.dear() {
		out = append(out, s.host.sampleDear()...)
	}
	return out
}

func (s *sampler) component(name string, tracker *proc.Tracker) []tape.Sample {
	o := s.observer
	pids := o.opts.Source.Processes(name)
	now := time.Now()
	u := tracker.Sample(now, pids)
	samples := make([]tape.Sample, 0, 12)
	add := func(s tape.Signal, v float64) {
		if v >= 0 {
			samples = append(samples, tape.Sample{Signal: s, Value: v})
		}
	}
	if s.dear() {
		tracker.SampleDear(now, pids, &u)
		add(processes, float64(u.Processes))
		if status, ok := o.opts.Source.Status(name); ok {
			add(restarts, float64(max(status.Generation, 1)-1))
		}
	}
	add(cpuPercent, cents(u.CPUPercent))
	add(cpuDemand, cents(u.DemandPercent))
	add(rssBytes, u.RSS)
	add(threads, u.Threads)
	add(fds, u.FDs)
	add(ioRead, math.Round(u.ReadRate))
	add(ioWrite, math.Round(u.WriteRate))
	lines, errors := o.logs.rates(name, now)
	add(logLines, cents(lines))
	add(logErrors, cents(errors))
	return samples
}

// cents rounds to two decimals: finer than any of these measurements is, and
// it halves what the history needs.
func cents(v float64) float64 { return math.Round(v*100) / 100 }
