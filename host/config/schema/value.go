package schema

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/homeostat/homeostat/sdk/span"
)

// parseDuration reads "90s", "1h30m" or "7d".
func parseDuration(text string) (time.Duration, error) {
	d, err := span.Parse(text)
	switch {
	case err == nil:
		return d, nil
	case isNumber(text):
		return 0, fmt.Errorf("%q has no unit, write for instance %q", text, text+"s")
	default:
		return 0, fmt.Errorf("%q is not a duration such as %q (units ms, s, m, h, d, w)", text, "5s")
	}
}

func isNumber(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}

// formatDuration writes 10m0s as 10m and 1h0m0s as 1h.
func formatDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// Scalar is a boolean, a number or a string of the text, kept as it was written. The zero value is absent.
type Scalar struct{ value any }

// Value returns a bool, int64, float64, string, or nil where the key is absent.
func (s Scalar) Value() any { return s.value }

// Number returns the value where it is a finite number.
func (s Scalar) Number() Number { return numberOf(s.value) }

// Number is an integer or a finite fraction of the text, or absent, which is the zero value.
type Number struct {
	value float64
	given bool
}

// Value returns the number and whether the key is there.
func (n Number) Value() (float64, bool) { return n.value, n.given }

// numberOf returns an absent number for anything that is not a finite one.
func numberOf(raw any) Number {
	switch v := raw.(type) {
	case int64:
		return Number{value: float64(v), given: true}
	case float64:
		return Number{value: v, given: !math.IsNaN(v) && !math.IsInf(v, 0)}
	}
	return Number{}
}

// Form is implemented by a text type that has a name for people, such as "percentage", and an example of its text.
type Form interface {
	Form() (noun, sample string)
}
