package fault

import (
	"fmt"
	"os"
	"time"
)

// A leak stops growing at these limits, so that a demo on a small machine
// breaks the shop and not its neighbours.
const (
	maxLeakedMiB   = 1024
	maxLeakedFiles = 4000
)

// tick is how often a rate is turned into a portion.
const tick = 100 * time.Millisecond

// hoard is what the leaks keep. It is guarded by Switches.mu.
type hoard struct {
	memory [][]byte
	files  []*os.File
}

func (h *hoard) release() {
	for _, f := range h.files {
		_ = f.Close() // opened for reading only: nothing can be lost
	}
	*h = hoard{}
}

func (s *Switches) leakMemory(o Order) error {
	s.repeat(o.Rate, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.held.memory) < maxLeakedMiB {
			s.held.memory = append(s.held.memory, touched(1<<20))
		}
	})
	return nil
}

// touched returns n bytes of which every page was written: memory that was
// never written costs a process nothing.
func touched(n int) []byte {
	b := make([]byte, n)
	for i := 0; i < n; i += 4096 {
		b[i] = 1
	}
	return b
}

func (s *Switches) leakFiles(o Order) error {
	f, err := os.Open(os.DevNull)
	if err != nil {
		return fmt.Errorf("leak a descriptor: %w", err)
	}
	s.keep(f)
	s.repeat(o.Rate, func() {
		// At the limit of the process opening fails, and that is the fault.
		if f, err := os.Open(os.DevNull); err == nil {
			s.keep(f)
		}
	})
	return nil
}

func (s *Switches) keep(f *os.File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.held.files) >= maxLeakedFiles {
		_ = f.Close() // opened for reading only: nothing can be lost
		return
	}
	s.held.files = append(s.held.files, f)
}

func (s *Switches) spin(o Order) error {
	for range max(1, int(o.Rate)) {
		s.leaves.Go(func() {
			for s.ctx.Err() == nil {
			}
		})
	}
	return nil
}

func (s *Switches) logBurst(o Order) error {
	s.repeat(o.Rate, func() {
		s.log.Error("order could not be priced", "reason", "fault log-burst is on")
	})
	return nil
}

// repeat calls act rate times a second, in a goroutine that ends with Close.
func (s *Switches) repeat(rate float64, act func()) {
	s.leaves.Go(func() {
		clock := time.NewTicker(tick)
		defer clock.Stop()
		for due := 0.0; ; {
			select {
			case <-s.ctx.Done():
				return
			case <-clock.C:
			}
			for due += rate * tick.Seconds(); due >= 1; due-- {
				act()
			}
		}
	})
}
