package worker

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tetratelabs/wazero/experimental"
)

// budget is the memory a guest may have: linear memory and scratch files draw on
// the same count of bytes.
type budget struct {
	left int64
	used int64 // linear memory now
	peak int64 // the most linear memory
}

// spend takes n bytes, or gives them back when n is negative.
func (b *budget) spend(n int64) bool {
	if n > b.left {
		return false
	}
	b.left -= n
	return true
}

// Allocate implements experimental.MemoryAllocator with address space that is
// reserved once and made usable as the guest grows: growing never copies, and what
// the guest gave back is the kernel's at once. On Go's heap a 256 MiB guest was
// measured to cost up to 1.2 GB.
func (b *budget) Allocate(_, most uint64) experimental.LinearMemory {
	page := uint64(unix.Getpagesize())
	most = (most + page - 1) &^ (page - 1)
	if most == 0 {
		return &linear{budget: b}
	}
	space, err := unix.Mmap(-1, 0, int(most), unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	if err != nil {
		return &linear{budget: b}
	}
	return &linear{budget: b, space: space}
}

type linear struct {
	budget *budget
	space  []byte
	usable uint64
}

// Reallocate implements experimental.LinearMemory. Nil means that the guest's
// memory.grow fails.
func (l *linear) Reallocate(size uint64) []byte {
	if size > uint64(len(l.space)) {
		return nil
	}
	if size > l.usable {
		more := int64(size - l.usable)
		if !l.budget.spend(more) {
			return nil
		}
		if err := unix.Mprotect(l.space[:size], unix.PROT_READ|unix.PROT_WRITE); err != nil {
			l.budget.spend(-more)
			return nil
		}
		l.usable = size
		l.budget.used += more
		l.budget.peak = max(l.budget.peak, l.budget.used)
	}
	return l.space[:size:len(l.space)]
}

// Free implements experimental.LinearMemory.
func (l *linear) Free() {
	if l.space == nil {
		return
	}
	l.budget.spend(-int64(l.usable))
	l.budget.used -= int64(l.usable)
	_ = unix.Munmap(l.space) // cannot fail for what Mmap returned
	l.space, l.usable = nil, 0
}

// peakFile is this process's /proc/self/status, opened before /proc went out of
// reach.
type peakFile struct{ file *os.File }

func openPeak() peakFile {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return peakFile{}
	}
	return peakFile{f}
}

// read returns the peak resident size in bytes, or 0. The rusage figure would not
// do: it starts at the size of the parent.
func (p peakFile) read() int64 {
	if p.file == nil {
		return 0
	}
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return 0
	}
	text, err := io.ReadAll(p.file)
	if err != nil {
		return 0
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 10, 64)
			if err == nil {
				return kb << 10
			}
		}
	}
	return 0
}
