package sandbox

import (
	"fmt"
	"time"
)

// Limits bounds one run. A zero field takes its default.
type Limits struct {
	// Memory is linear memory and scratch files together, in bytes. 1 MiB to 4 GiB,
	// default 256 MiB.
	Memory int64 `json:"memory"`
	// Timeout is the time from start to kill. 1 ms to 1 h, default 10 s.
	Timeout time.Duration `json:"timeout"`
	// Output bounds stdout and stderr, in bytes each. 1 to 256 MiB, default 1 MiB.
	Output int64 `json:"output"`
	// Disk bounds what the guest keeps in scratch files, in bytes. Up to Memory,
	// default 64 MiB or Memory, whichever is less.
	Disk int64 `json:"disk"`
	// Files bounds how many files the guest may make. 1 to 100,000, default 2,000.
	Files int `json:"files"`
	// OpenFiles bounds how many files it may hold open. 1 to 4,096, default 256.
	OpenFiles int `json:"open_files"`
	// CompileTimeout and CompileMemory bound the first compile of a module. Defaults
	// 2 min and 1 GiB, ranges as above.
	CompileTimeout time.Duration `json:"compile_timeout"`
	CompileMemory  int64         `json:"compile_memory"`
	// Require lists guards without which nothing is run.
	Require []Guard `json:"require,omitempty"`
}

// DefaultLimits are those of config key [sandbox].
func DefaultLimits() Limits {
	return Limits{
		Memory: 256 << 20, Timeout: 10 * time.Second, Output: 1 << 20, Disk: 64 << 20,
		Files: 2000, OpenFiles: 256, CompileTimeout: 2 * time.Minute, CompileMemory: 1 << 30,
	}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	l.Memory = orDefault(l.Memory, d.Memory)
	l.Timeout = orDefault(l.Timeout, d.Timeout)
	l.Output = orDefault(l.Output, d.Output)
	l.Disk = orDefault(l.Disk, min(d.Disk, l.Memory))
	l.Files = orDefault(l.Files, d.Files)
	l.OpenFiles = orDefault(l.OpenFiles, d.OpenFiles)
	l.CompileTimeout = orDefault(l.CompileTimeout, d.CompileTimeout)
	l.CompileMemory = orDefault(l.CompileMemory, d.CompileMemory)
	return l
}

func orDefault[T comparable](v, byDefault T) T {
	var zero T
	if v == zero {
		return byDefault
	}
	return v
}

// check refuses limits out of range, naming the first.
func (l Limits) check() error {
	const mib = 1 << 20
	for _, r := range []struct {
		name         string
		value        int64
		least, most  int64
		unit         string
		unitsPerName int64
	}{
		{"memory", l.Memory, mib, 4 << 30, "MiB", mib},
		{"timeout", int64(l.Timeout), int64(time.Millisecond), int64(time.Hour), "ms", int64(time.Millisecond)},
		{"output", l.Output, 1, 256 * mib, "bytes", 1},
		{"disk", l.Disk, 0, l.Memory, "bytes", 1},
		{"files", int64(l.Files), 1, 100_000, "files", 1},
		{"open files", int64(l.OpenFiles), 1, 4096, "files", 1},
		{"compile timeout", int64(l.CompileTimeout), int64(time.Millisecond), int64(time.Hour), "ms", int64(time.Millisecond)},
		{"compile memory", l.CompileMemory, mib, 4 << 30, "MiB", mib},
	} {
		if r.value < r.least || r.value > r.most {
			return refuse(
				fmt.Sprintf("limit %s is %d %s, out of range", r.name, r.value/r.unitsPerName, r.unit),
				fmt.Sprintf("give %d to %d %s", r.least/r.unitsPerName, r.most/r.unitsPerName, r.unit))
		}
	}
	return nil
}
