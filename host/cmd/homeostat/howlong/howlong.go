// Package howlong is a flag's value that takes a length of time in days as well.
//
// It owns the reading and the writing of it. A value is used from one goroutine.
package howlong

import (
	"fmt"
	"time"

	"github.com/homeostat/homeostat/sdk/span"
)

// Duration is a flag that takes lengths of time as package span does: 90s, 7d, 2w.
type Duration time.Duration

// String writes whole days as days.
func (h *Duration) String() string {
	if d := time.Duration(*h); d < span.Day || d%span.Day != 0 {
		return d.String()
	}
	return fmt.Sprintf("%dd", time.Duration(*h)/span.Day)
}

// Set takes the text of the flag.
func (h *Duration) Set(text string) error {
	d, err := span.Parse(text)
	if err != nil {
		return err
	}
	*h = Duration(d)
	return nil
}

// Of is a flag of that length unless it is given.
func Of(d time.Duration) *Duration { return (*Duration)(&d) }

// Flag shows a length of time as a flag, which is set where it is kept.
func Flag(d *time.Duration) *Duration { return (*Duration)(d) }

// Type names the value in the help.
func (h *Duration) Type() string { return "duration" }
