package process

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// uptime is the time since boot on the clock that start times are told in, which goes on while the host sleeps.
func uptime() (time.Duration, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0, fmt.Errorf("read the boot clock: %w", err)
	}
	return time.Duration(ts.Nano()), nil
}
