// Package span reads lengths of time as people write them: 90s, 1h30m, 36h, 30d,
// 2w, 1d12h.
//
// It owns the form and what is said of a text that does not have it, for flags,
// requests, the host's configuration and the tables of plugins alike. A day is 24
// hours and a week is 7 days, whatever clocks do in spring and autumn. It is pure
// and may be used from several goroutines.
package span

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// Form says how a length of time is written, to end a message with.
const Form = "numbers with their units ns, us, ms, s, m, h, d or w, such as 90s, 1h30m, 36h, 30d or 2w"

// Day and Week are what d and w stand for.
const (
	Day  = 24 * time.Hour
	Week = 7 * Day
)

// longer are the units that time.ParseDuration does not know, in hours.
var longer = map[string]int64{"d": 24, "w": 7 * 24}

var errTooLong = errors.New("longer than 292 years")

// Parse reads a length of time: what time.ParseDuration takes, and in the same way
// numbers of days (d) and weeks (w). The error names the text and says how it is
// written.
func Parse(text string) (time.Duration, error) {
	if d, err := time.ParseDuration(text); err == nil {
		return d, nil
	}
	d, err := sum(text)
	if err != nil {
		return 0, fmt.Errorf("%q is no length of time: %w; write %s", shortened(text), err, Form)
	}
	return d, nil
}

// shortened keeps a message readable whatever was given.
func shortened(text string) string {
	const most = 40
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// sum adds the parts of a text, each a number and a unit.
func sum(text string) (time.Duration, error) {
	rest, negative := strings.CutPrefix(text, "-")
	if !negative {
		rest = strings.TrimPrefix(rest, "+")
	}
	if rest == "" {
		return 0, errors.New("there is no number")
	}
	var total time.Duration
	for rest != "" {
		part, after, err := next(rest)
		if err != nil {
			return 0, err
		}
		if total > math.MaxInt64-part {
			return 0, errTooLong
		}
		total, rest = total+part, after
	}
	if negative {
		total = -total
	}
	return total, nil
}

// next reads the part that the text begins with, and returns what follows it.
func next(text string) (time.Duration, string, error) {
	digits := len(text) - len(strings.TrimLeft(text, "0123456789."))
	number := text[:digits]
	unit, after := text[digits:], ""
	if n := strings.IndexAny(unit, "0123456789."); n >= 0 {
		unit, after = unit[:n], unit[n:]
	}
	if strings.Trim(number, ".") == "" {
		return 0, "", errors.New("there is no number")
	}
	if unit == "" {
		return 0, "", fmt.Errorf("%s has no unit", number)
	}
	hours, long := longer[unit]
	if !long {
		hours = 1
	} else {
		unit = "h"
	}
	d, err := time.ParseDuration(number + unit)
	switch {
	case err != nil:
		return 0, "", fmt.Errorf("%s%s is none", number, text[digits:len(text)-len(after)])
	case int64(d) > math.MaxInt64/hours:
		return 0, "", errTooLong
	}
	return d * time.Duration(hours), after, nil
}
