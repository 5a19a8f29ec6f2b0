package tape

import "time"

// StepLimit is the disagreement between the wall clock and the monotonic clock,
// between two readings, that counts as a step. Slewing by NTP is at most
// 0.5 ms a second and stays far below it.
const StepLimit = 500 * time.Millisecond

// Reading is one reading of the clocks. Mono and Boot count from any fixed
// origin; Boot goes on while the machine is suspended, Mono does not.
type Reading struct {
	Wall time.Time
	Mono time.Duration
	Boot time.Duration
}

// clock turns readings into stamps in Unix milliseconds that do not fall,
// except at a step of the wall clock.
type clock struct {
	prev    Reading
	last    int64
	started bool
}

type step struct {
	by        time.Duration
	suspended time.Duration
}

// read returns the stamp of a reading, and the step that happened before it.
func (c *clock) read(now Reading) (int64, *step) {
	at := now.Wall.UnixMilli()
	prev := c.prev
	if !c.started {
		c.prev, c.last, c.started = now, at, true
		return at, nil
	}
	if now.Mono <= prev.Mono { // readings may arrive out of order by microseconds
		return c.notFalling(at), nil
	}
	c.prev = now
	by := now.Wall.Sub(prev.Wall) - (now.Mono - prev.Mono)
	if by.Abs() <= StepLimit {
		return c.notFalling(at), nil
	}
	found := &step{by: by}
	if slept := (now.Boot - prev.Boot) - (now.Mono - prev.Mono); slept > StepLimit {
		found.suspended = slept
	}
	c.last = at
	return at, found
}

func (c *clock) notFalling(at int64) int64 {
	c.last = max(c.last, at)
	return c.last
}
