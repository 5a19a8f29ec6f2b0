package process

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"time"
)

const (
	// watchEvery is how often a worker's memory is looked at. A guest fills about
	// 1 GB a second, so it gets some megabytes beyond its limit at most.
	watchEvery = 4 * time.Millisecond
	// ownMemory is what a worker's runtime and the compiled code may have beyond the
	// guest's limit, in bytes. Pages of the binary itself do not count.
	ownMemory = 44 << 20
)

// Limits are what Watch holds a worker to.
type Limits struct {
	Timeout time.Duration // from its start
	Memory  int64         // of its guest, bytes
}

// Watch kills the worker at the deadline, when ctx ends or when it has more memory
// than the limit, whichever comes first. It ends with the worker and then yields
// the largest resident size seen, in bytes.
func Watch(ctx context.Context, p *Process, l Limits) <-chan int64 {
	result := make(chan int64, 1)
	go func() {
		var peak int64
		defer func() { result <- peak }()
		deadline := time.NewTimer(l.Timeout - time.Since(p.Begun))
		defer deadline.Stop()
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		meter, err := os.Open(fmt.Sprintf("/proc/%d/statm", p.pid))
		if err == nil {
			defer meter.Close() // read-only: nothing to lose
		}
		for {
			select {
			case <-p.Done:
				return
			case <-ctx.Done():
				p.Kill(Cancel)
				<-p.Done
				return
			case <-deadline.C:
				p.Kill(Deadline)
				<-p.Done
				return
			case <-tick.C:
				resident, anonymous := memoryOf(meter)
				peak = max(peak, resident)
				if anonymous > l.Memory+ownMemory {
					p.Kill(Memory)
				}
			}
		}
	}()
	return result
}

// memoryOf reads a statm file: resident bytes, and those of them that are no file's.
func memoryOf(meter *os.File) (resident, anonymous int64) {
	if meter == nil {
		return 0, 0
	}
	var buf [128]byte
	n, _ := meter.ReadAt(buf[:], 0) // the end of the file, or of the process
	fields := bytes.Fields(buf[:n])
	if len(fields) < 3 {
		return 0, 0
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0, 0
	}
	shared, err := strconv.ParseInt(string(fields[2]), 10, 64)
	if err != nil {
		return 0, 0
	}
	page := int64(os.Getpagesize())
	return pages * page, (pages - shared) * page
}
