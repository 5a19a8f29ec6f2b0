// Package risk owns the scale on which a change is judged, and the finding: one thing seen in a text, with its line.
//
// It judges nothing. Its types are values and may be shared between goroutines.
package risk

import (
	"fmt"
	"slices"
	"strings"
)

// Level is how much could go wrong, from None to Critical. High asks a person, Critical is refused.
type Level uint8

// The levels, lowest first.
const (
	None Level = iota
	Low
	Medium
	High
	Critical
)

var names = []string{"none", "low", "medium", "high", "critical"}

// String names the level: none, low, medium, high or critical.
func (l Level) String() string {
	if int(l) < len(names) {
		return names[l]
	}
	return fmt.Sprintf("level(%d)", uint8(l))
}

// MarshalText writes the name of the level. It never fails.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// Finding is one thing seen in a text.
type Finding struct {
	// Line counts from 1; 0 stands for the text as a whole.
	Line int
	// Rule names what was broken, such as "shell.destroy". It is stable: scripts may compare it.
	Rule string
	// Text says what was seen, in a few words.
	Text string
	// Level is how bad it is.
	Level Level
	// Lasting says that what it does is not undone by putting the files back: data destroyed, secrets sent away.
	Lasting bool
}

// excerptMax bounds an excerpt, in runes. It is about one line of a table.
const excerptMax = 80

// Excerpt shortens a text to one line of at most 80 runes, with runes of private use, by which the screen marks what it
// does not know, shown as an ellipsis.
func Excerpt(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r >= 0xE000 && r <= 0xF8FF:
			return '…'
		case r < ' ':
			return ' '
		}
		return r
	}, strings.TrimSpace(text))
	runes := []rune(text)
	if len(runes) > excerptMax {
		return string(runes[:excerptMax-1]) + "…"
	}
	return text
}

// Worst is the highest level among findings, None without any.
func Worst(findings []Finding) Level {
	worst := None
	for _, f := range findings {
		worst = max(worst, f.Level)
	}
	return worst
}

// New returns the findings of after that before does not have, in their order. Two findings are the same when rule, text
// and level agree; the line does not count, so that a line that moved is not new. A finding that before has once and
// after has twice is new once.
func New(before, after []Finding) []Finding {
	had := map[Finding]int{}
	for _, f := range before {
		f.Line = 0
		had[f]++
	}
	var fresh []Finding
	for _, f := range after {
		key := f
		key.Line = 0
		if had[key] > 0 {
			had[key]--
			continue
		}
		fresh = append(fresh, f)
	}
	return fresh
}

// Tidy sorts findings by line, worst first on a line, and drops repetitions.
func Tidy(findings []Finding) []Finding {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return int(b.Level) - int(a.Level)
	})
	return slices.Compact(findings)
}
