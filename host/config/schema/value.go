package schema

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Percent is a share from 0 to 100, written "90%".
type Percent float64

// UnmarshalText reads "90%" or "99.5%". It refuses a number without the sign, and anything outside 0 to 100.
func (p *Percent) UnmarshalText(text []byte) error {
	digits, ok := strings.CutSuffix(string(text), "%")
	value, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || math.IsNaN(value) {
		return fmt.Errorf("%q is not a percentage such as %q", text, "90%")
	}
	if value < 0 || value > 100 {
		return fmt.Errorf("%q is outside 0%% to 100%%", text)
	}
	*p = Percent(value)
	return nil
}

// String returns the form that UnmarshalText reads.
func (p Percent) String() string { return strconv.FormatFloat(float64(p), 'f', -1, 64) + "%" }

// Size is a number of bytes, written "256MiB".
type Size int64

var sizeUnits = []struct {
	name  string
	bytes int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

// UnmarshalText reads a whole number with one of the units B, KiB, MiB, GiB. It refuses a number without unit.
func (s *Size) UnmarshalText(text []byte) error {
	for _, unit := range sizeUnits {
		digits, ok := strings.CutSuffix(string(text), unit.name)
		if !ok {
			continue
		}
		count, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || count < 0 || count > math.MaxInt64/unit.bytes {
			break
		}
		*s = Size(count * unit.bytes)
		return nil
	}
	return fmt.Errorf("%q is not a size such as %q (units B, KiB, MiB, GiB)", text, "256MiB")
}

// String returns the form that UnmarshalText reads, in the largest unit that needs no fraction.
func (s Size) String() string {
	for _, unit := range sizeUnits {
		if s != 0 && int64(s)%unit.bytes == 0 {
			return strconv.FormatInt(int64(s)/unit.bytes, 10) + unit.name
		}
	}
	return "0B"
}

// parseDuration reads "90s" or "1h30m". Days are refused, for a day is not always 24 hours.
func parseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	switch {
	case err == nil:
		return d, nil
	case isNumber(text):
		return 0, fmt.Errorf("%q has no unit, write for instance %q", text, text+"s")
	default:
		return 0, fmt.Errorf("%q is not a duration such as %q (units ms, s, m, h)", text, "5s")
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

// Form names percentages.
func (Percent) Form() (noun, sample string) { return "percentage", "90%" }

// Form names sizes.
func (Size) Form() (noun, sample string) { return "size", "256MiB" }
