package howlong

import (
	"fmt"
	"time"
)

// Moment is a flag that takes an instant in the past: how long ago (36h, 7d), or
// when, in the local time zone unless it names one. The zero value is no instant.
type Moment struct {
	ago Duration
	at  time.Time
	// text is what was given.
	text string
}

// layouts are how an instant may be written.
var layouts = []string{time.RFC3339, "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly}

// Before returns the instant, seen from now; zero where none was given.
func (m *Moment) Before(now time.Time) time.Time {
	if m.ago > 0 {
		return now.Add(-time.Duration(m.ago))
	}
	return m.at
}

// String is the text that was given.
func (m *Moment) String() string { return m.text }

// Set takes the text of the flag.
func (m *Moment) Set(text string) error {
	for _, layout := range layouts {
		if at, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			*m = Moment{at: at, text: text}
			return nil
		}
	}
	var ago Duration
	if err := ago.Set(text); err != nil || ago <= 0 {
		return fmt.Errorf(`%q: want how long ago (36h, 7d), or when ("2026-01-02", "2026-01-02 15:04", "2026-01-02T15:04:05Z")`, text)
	}
	*m = Moment{ago: ago, text: text}
	return nil
}

// Type names the value in the help.
func (m *Moment) Type() string { return "time" }
