package observe

import (
	"math"
	"slices"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/observe/hoststat"
	"github.com/homeostat/homeostat/host/observe/tape"
	"github.com/homeostat/homeostat/sdk"
)

// diskInterval is the time between two looks at the file systems.
const diskInterval = 10 * time.Second

// The signals of the machine. Pressure is the kernel's mean over ten seconds.
var (
	hostCPU         = tape.Signal{Name: "cpu_percent", Unit: "percent", Kind: sdk.Gauge, Range: percentage}
	hostLoad        = tape.Signal{Name: "load1", Unit: "tasks", Kind: sdk.Gauge}
	memoryAvailable = tape.Signal{Name: "memory_available_percent", Unit: "percent", Kind: sdk.Gauge, Range: percentage}
	memoryBytes     = tape.Signal{Name: "memory_available_bytes", Unit: "bytes", Kind: sdk.Gauge}
	swapUsed        = tape.Signal{Name: "swap_used_percent", Unit: "percent", Kind: sdk.Gauge, Range: percentage}
	psiCPUSome      = tape.Signal{Name: "psi_cpu_some", Unit: "percent", Kind: sdk.Gauge, Range: percentage}
	psiMemorySome   = tape.Signal{Name: "psi_memory_some", Unit: "percent", Kind: sdk.Gauge, Range: percentage}
	psiMemoryFull   = tape.Signal{Name: "psi_memory_full", Unit: "percent", Kind: sdk.Gauge, Range: percentage}
	psiIOSome       = tape.Signal{Name: "psi_io_some", Unit: "percent", Kind: sdk.Gauge, Range: percentage}
	psiIOFull       = tape.Signal{Name: "psi_io_full", Unit: "percent", Kind: sdk.Gauge, Range: percentage}
)

// hostSampler takes the samples of the machine apart from its disks.
type hostSampler struct {
	log    hclog.Logger
	meter  *hoststat.Meter
	warned bool
}

func newHostSampler(log hclog.Logger) *hostSampler {
	return &hostSampler{log: log, meter: hoststat.NewMeter(hoststat.CgroupRoot)}
}

// sample takes what is cheap.
func (h *hostSampler) sample() []tape.Sample {
	var out []tape.Sample
	if percent, ok := h.meter.CPU(time.Now()); ok {
		out = append(out, tape.Sample{Signal: hostCPU, Value: cents(percent)})
	}
	return append(out, h.pressure("cpu", psiCPUSome, nil)...)
}

// sampleDear takes the rest, less often.
func (h *hostSampler) sampleDear() []tape.Sample {
	out := h.pressure("memory", psiMemorySome, &psiMemoryFull)
	out = append(out, h.pressure("io", psiIOSome, &psiIOFull)...)
	if load, err := h.meter.Load(); err == nil {
		out = append(out, tape.Sample{Signal: hostLoad, Value: load})
	}
	return append(out, h.memory()...)
}

func (h *hostSampler) pressure(resource string, some tape.Signal, full *tape.Signal) []tape.Sample {
	p, ok := h.meter.Pressure(resource)
	if !ok {
		return nil
	}
	out := []tape.Sample{{Signal: some, Value: p.Some}}
	if full != nil {
		out = append(out, tape.Sample{Signal: *full, Value: p.Full})
	}
	return out
}

func (h *hostSampler) memory() []tape.Sample {
	m, err := h.meter.Memory()
	if err != nil {
		if !h.warned {
			h.log.Warn("memory of the machine cannot be measured, its signals are left out", "error", err)
			h.warned = true
		}
		return nil
	}
	out := []tape.Sample{
		{Signal: memoryAvailable, Value: cents(m.AvailablePercent)},
		{Signal: memoryBytes, Value: m.AvailableBytes},
	}
	if m.SwapUsedPercent >= 0 {
		out = append(out, tape.Sample{Signal: swapUsed, Value: cents(m.SwapUsedPercent)})
	}
	return out
}

// measureDisks looks at the file systems until the Observer is closed. Each
// mount has a goroutine of its own, because a network file system may block for
// ever; Close does not wait for one that does.
func (o *Observer) measureDisks() {
	mounts := o.opts.Mounts
	if len(mounts) == 0 {
		mounts = []string{"/"}
		if o.opts.StateDir != "" {
			mounts = append(mounts, o.opts.StateDir)
		}
	}
	results := make(chan []tape.Sample)
	for _, mount := range slices.Compact(slices.Sorted(slices.Values(mounts))) {
		go o.measureDisk(mount, results)
	}
	for {
		select {
		case <-o.ctx.Done():
			return
		case samples := <-results:
			o.tape.Add(readClocks(), tape.Batch{Component: sdk.HostComponent, Samples: samples})
		}
	}
}

func (o *Observer) measureDisk(mount string, results chan<- []tape.Sample) {
	ticker := time.NewTicker(diskInterval)
	defer ticker.Stop()
	used := tape.Signal{Name: "disk_used_percent/" + mount, Unit: "percent", Kind: sdk.Gauge, Range: percentage}
	inodes := tape.Signal{Name: "disk_inodes_used_percent/" + mount, Unit: "percent", Kind: sdk.Gauge, Range: percentage}
	for {
		if d, err := hoststat.ReadDisk(mount); err == nil {
			samples := []tape.Sample{{Signal: used, Value: cents(d.UsedPercent)}, {Signal: inodes, Value: math.Round(d.InodesPercent)}}
			select {
			case results <- samples:
			case <-o.ctx.Done():
				return
			}
		}
		select {
		case <-ticker.C:
		case <-o.ctx.Done():
			return
		}
	}
}
