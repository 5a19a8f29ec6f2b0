package table

import (
	"syscall"
	"time"
)

// CPU is the processor time that this process has used so far. Speeds are
// measured by it: they are to tell about the program and not about what else the
// machine does meanwhile.
func CPU() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}
