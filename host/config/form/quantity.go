package form

import (
	"fmt"
	"math"
	"strconv"
	"strings"
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

// Form names percentages.
func (Percent) Form() (noun, sample string) { return "percentage", "90%" }

// Form names sizes.
func (Size) Form() (noun, sample string) { return "size", "256MiB" }
