// Package howlong is a flag's value that takes a length of time in days as well.
//
// It owns the reading and the writing of it. A value is used from one goroutine.
package howlong

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a flag that takes durations as time.ParseDuration does, and days:
// 7d, 1.5d.
type Duration time.Duration

// String writes whole days as days.
func (h *Duration) String() string {
	const day = 24 * time.Hour
	if d := time.Duration(*h); d < day || d%day != 0 {
		return d.String()
	}
	return fmt.Sprintf("%dd", time.Duration(*h)/day)
}

// Set takes the text of the flag.
func (h *Duration) Set(text string) error {
	if days, found := strings.CutSuffix(text, "d"); found {
		n, err := strconv.ParseFloat(days, 64)
		const most = 100 * 365
		if err != nil || !(n > 0 && n < most) {
			return fmt.Errorf("%q: want a number of days as in 7d", text)
		}
		*h = Duration(n * 24 * float64(time.Hour))
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("%q: want a duration as in 36h or 7d", text)
	}
	*h = Duration(d)
	return nil
}

// Type names the value in the help.
func (h *Duration) Type() string { return "duration" }
