package observe

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/observe/tape"
)

var origin = time.Now()

// readClocks reads the wall clock, the monotonic clock and how much longer the
// machine has been up than awake.
func readClocks() tape.Reading {
	now := time.Now()
	mono := now.Sub(origin)
	return tape.Reading{Wall: now.Round(0), Mono: mono, Boot: mono + asleep()}
}

// asleep is how long the machine was suspended since it was started.
func asleep() time.Duration {
	var boot, mono unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot) != nil || unix.ClockGettime(unix.CLOCK_MONOTONIC, &mono) != nil {
		return 0
	}
	return time.Duration(boot.Nano() - mono.Nano())
}
