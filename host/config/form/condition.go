package form

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Condition compares a parameter with a value or with another parameter. It is written "workers >= 32", "cache = off" or
// "workers > connections".
type Condition struct {
	Parameter  string
	Comparison string
	// With is the text to the right: a number, true or false, a choice, or the name of another parameter.
	With string
}

// comparisons are tried in this order, so that "<=" is not read as "<".
var comparisons = []string{"!=", "<=", ">=", "=", "<", ">"}

// ParseCondition reads a condition. It does not know which parameters there are.
func ParseCondition(text string) (Condition, error) {
	at := strings.IndexAny(text, "!<>=")
	if at >= 0 {
		i := slices.IndexFunc(comparisons, func(c string) bool { return strings.HasPrefix(text[at:], c) })
		if i >= 0 {
			c := Condition{
				Parameter: strings.TrimSpace(text[:at]), Comparison: comparisons[i], With: strings.TrimSpace(text[at+len(comparisons[i]):]),
			}
			if c.Parameter != "" && c.With != "" && !strings.ContainsAny(c.With, "!<>=") {
				return c, nil
			}
		}
	}
	return Condition{}, fmt.Errorf("%q is not a condition such as %q: want a parameter, one of =, !=, <, <=, > and >=, and a value or another parameter", text, "workers >= 32")
}

// Number returns the value to the right where it is a finite number.
func (c Condition) Number() (float64, bool) {
	n, err := strconv.ParseFloat(c.With, 64)
	return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}
