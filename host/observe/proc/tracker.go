package proc

import (
	"time"

	"golang.org/x/sys/unix"
)

// Usage is what the processes of a component used since the sample before.
// Fields that could not be measured are negative.
type Usage struct {
	// CPUPercent is time on a processor, 100 for one core.
	CPUPercent float64
	// DemandPercent adds the time spent waiting for a processor: a spinning
	// thread shows as 100 however loaded the machine is.
	DemandPercent float64
	RSS           float64 // bytes
	Threads       float64
	FDs           float64
	// ReadRate and WriteRate are bytes a second to and from the storage.
	ReadRate  float64
	WriteRate float64
	// Processes is how many processes were found.
	Processes int
}

// Tracker measures the processes of one component. The zero Tracker is not
// usable; see NewTracker.
type Tracker struct {
	read  *reader
	known map[int]*process
	cheap clocked
	dear  clocked
}

// clocked is the instant of the last sample, and a sum of what was used.
type clocked struct{ at time.Time }

// process is what was last seen of one process.
type process struct {
	start   uint64
	cpu     time.Duration
	io      IO
	hasIO   bool
	demand  map[int]time.Duration
	visited bool
}

// NewTracker returns a Tracker that has seen nothing.
func NewTracker() *Tracker {
	return &Tracker{read: newReader(), known: map[int]*process{}}
}

// sum collects over the processes of one sample.
type sum struct {
	cpu, demand   time.Duration
	rss           int64
	threads, fds  int
	io            IO
	hasIO, hasFDs bool
	hasDemand     bool
}

// Sample measures the processes now. The rates are means since the sample
// before and negative at the first. A process that began since then counts from
// its start, one that began earlier but was not known counts from now.
// What a process used after the last sample before its end is not seen.
func (t *Tracker) Sample(now time.Time, pids []int) Usage {
	var s sum
	found := t.visit(pids, func(pid int, stat Stat, p *process) {
		s.cpu += stat.CPU - p.cpu
		p.cpu = stat.CPU
		s.rss += stat.RSS
		s.threads += stat.Threads
	})
	u := Usage{CPUPercent: -1, DemandPercent: -1, RSS: -1, Threads: -1, FDs: -1, ReadRate: -1, WriteRate: -1, Processes: found}
	elapsed := t.cheap.since(now)
	if found == 0 {
		return u
	}
	u.RSS, u.Threads = float64(s.rss), float64(s.threads)
	if elapsed > 0 {
		u.CPUPercent = percent(s.cpu, elapsed)
	}
	return u
}

// SampleDear measures what costs a walk over many files: descriptors, I/O and
// the demand for processors. It fills the fields of u.
func (t *Tracker) SampleDear(now time.Time, pids []int, u *Usage) {
	var s sum
	found := t.visit(pids, func(pid int, _ Stat, p *process) { t.dearOf(pid, p, &s) })
	elapsed := t.dear.since(now)
	if found == 0 {
		return
	}
	if s.hasFDs {
		u.FDs = float64(s.fds)
	}
	if elapsed <= 0 {
		return
	}
	if s.hasIO {
		u.ReadRate = float64(s.io.Read) / elapsed.Seconds()
		u.WriteRate = float64(s.io.Write) / elapsed.Seconds()
	}
	if s.hasDemand {
		u.DemandPercent = percent(s.demand, elapsed)
	}
}

func (t *Tracker) dearOf(pid int, p *process, s *sum) {
	if n, err := t.read.descriptors(pid); err == nil {
		s.fds += n
		s.hasFDs = true
	}
	if io, err := t.read.io(pid); err == nil {
		if p.hasIO {
			s.io.Read += max(io.Read, p.io.Read) - p.io.Read
			s.io.Write += max(io.Write, p.io.Write) - p.io.Write
		}
		p.io, p.hasIO = io, true
		s.hasIO = true
	}
	demand, err := t.read.demand(pid)
	if err != nil || len(demand) == 0 {
		return
	}
	if p.demand != nil {
		for tid, d := range demand {
			s.demand += max(d-p.demand[tid], 0)
		}
	}
	p.demand = demand
	s.hasDemand = true
}

// visit calls f for each process that lives, and forgets those that are gone.
// A number that was given to another process is a new process.
func (t *Tracker) visit(pids []int, f func(pid int, s Stat, p *process)) int {
	found := 0
	for _, pid := range pids {
		stat, err := t.read.stat(pid)
		if err != nil {
			continue // it ended meanwhile
		}
		p := t.known[pid]
		if p == nil || p.start != stat.Start {
			p = &process{start: stat.Start}
			if t.cheap.at.IsZero() || age(stat.Start) > time.Since(t.cheap.at)+tick {
				p.cpu = stat.CPU
			}
			t.known[pid] = p
		}
		p.visited = true
		found++
		f(pid, stat, p)
	}
	for pid, p := range t.known {
		if !p.visited {
			delete(t.known, pid)
		}
		p.visited = false
	}
	return found
}

// since returns the time since the last call, 0 at the first.
func (c *clocked) since(now time.Time) time.Duration {
	before := c.at
	c.at = now
	if before.IsZero() {
		return 0
	}
	return now.Sub(before)
}

// age is how long ago a process began whose Stat has the given start.
func age(start uint64) time.Duration {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) != nil {
		return time.Duration(1<<63 - 1)
	}
	return time.Duration(now.Nano()) - time.Duration(start)*tick
}

func percent(used, elapsed time.Duration) float64 {
	return max(0, 100*float64(used)/float64(elapsed))
}
