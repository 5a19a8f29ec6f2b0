package process

import (
	"context"
	"fmt"
	"syscall"
	"time"
)

// Run runs a command to its end, as Start would, and returns how it ended. When ctx ends first, the command and its
// process group are killed and the cause is returned. Descendants that leave the group, as daemons do, live on.
func Run(ctx context.Context, c Command) (Exit, error) {
	h, err := Start(c)
	if err != nil {
		return Exit{}, err
	}
	defer h.Close()
	exit, err := h.Wait(ctx)
	if err == nil {
		return exit, nil
	}
	// The child is not reaped before its handle has seen the end, so the number of its group is still its own.
	_ = syscall.Kill(-h.ID().PID, syscall.SIGKILL)
	<-h.Done()
	return h.Exit(), fmt.Errorf("run %q: %w", c.Args[0], err)
}

// ticksPerSecond is USER_HZ, in which the kernel tells times to programs. It is 100 on every architecture that Go runs on.
const ticksPerSecond = 100

// Age returns how long ago the process was started, within a few hundredths of a second.
func (id ID) Age() (time.Duration, error) {
	up, err := uptime()
	if err != nil {
		return 0, fmt.Errorf("age of %s: %w", id, err)
	}
	return max(0, up-time.Duration(id.Ticks)*(time.Second/ticksPerSecond)), nil
}
