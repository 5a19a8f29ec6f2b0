// Package hoststat measures the machine as a whole: processors, memory, swap,
// load, pressure and disks.
//
// It owns the choice between the figures of the machine and those of a
// container that limits it. A Meter belongs to one goroutine; Disk keeps no
// state and may block as long as the file system does.
package hoststat

import (
	"time"

	"github.com/shirou/gopsutil/v3/cpu"
	"github.com/shirou/gopsutil/v3/disk"
	"github.com/shirou/gopsutil/v3/load"
	"github.com/shirou/gopsutil/v3/mem"
)

// Meter measures the machine. Its rates are means since the call before.
type Meter struct {
	group  Group
	busy   float64
	total  float64
	used   time.Duration
	usedAt time.Time
}

// NewMeter returns a Meter for a machine whose control groups are mounted at
// the given folder, normally CgroupRoot.
func NewMeter(cgroups string) *Meter { return &Meter{group: FindGroup(cgroups)} }

// CPU returns the share of the processors that is in use, from 0 to 100; where
// a container limits them, the share of that limit. It is false at the first
// call and where it cannot be measured.
func (m *Meter) CPU(now time.Time) (float64, bool) {
	if cores, limited := m.group.Cores(); limited {
		return m.groupCPU(now, cores)
	}
	times, err := cpu.Times(false)
	if err != nil || len(times) == 0 {
		return 0, false
	}
	t := times[0]
	idle := t.Idle + t.Iowait
	busy := t.User + t.System + t.Nice + t.Irq + t.Softirq + t.Steal
	before := *m
	m.busy, m.total = busy, busy+idle
	if before.total == 0 || m.total <= before.total {
		return 0, false
	}
	return clamp(100 * (m.busy - before.busy) / (m.total - before.total)), true
}

func (m *Meter) groupCPU(now time.Time, cores float64) (float64, bool) {
	used, ok := m.group.CPUTime()
	before := *m
	m.used, m.usedAt = used, now
	if !ok || before.usedAt.IsZero() || !now.After(before.usedAt) {
		return 0, false
	}
	return clamp(100 * (used - before.used).Seconds() / (now.Sub(before.usedAt).Seconds() * cores)), true
}

func clamp(percent float64) float64 { return min(max(percent, 0), 100) }

// Memory is what is left of the memory.
type Memory struct {
	// AvailablePercent is what can be had without swapping, of the machine's
	// memory or of the container's limit, whichever is smaller.
	AvailablePercent float64
	AvailableBytes   float64
	// SwapUsedPercent is negative where there is no swap.
	SwapUsedPercent float64
}

// Memory measures the memory.
func (m *Meter) Memory() (Memory, error) {
	v, err := mem.VirtualMemory()
	if err != nil {
		return Memory{}, err
	}
	total, available := float64(v.Total), float64(v.Available)
	if limit, used, ok := m.group.Memory(); ok && limit < total {
		total, available = limit, min(available, max(limit-used, 0))
	}
	out := Memory{AvailableBytes: available, SwapUsedPercent: -1}
	if total > 0 {
		out.AvailablePercent = clamp(100 * available / total)
	}
	if v.SwapTotal > 0 {
		out.SwapUsedPercent = clamp(100 * float64(v.SwapTotal-v.SwapFree) / float64(v.SwapTotal))
	}
	return out, nil
}

// Load returns the mean number of runnable tasks over one minute.
func (m *Meter) Load() (float64, error) {
	avg, err := load.Avg()
	if err != nil {
		return 0, err
	}
	return avg.Load1, nil
}

// Disk is how full a file system is for users that are not root.
type Disk struct {
	UsedPercent   float64
	InodesPercent float64
}

// ReadDisk measures the file system that holds a path.
func ReadDisk(path string) (Disk, error) {
	u, err := disk.Usage(path)
	if err != nil {
		return Disk{}, err
	}
	return Disk{UsedPercent: clamp(u.UsedPercent), InodesPercent: clamp(u.InodesUsedPercent)}, nil
}
