// Package sight gathers what a row of a drill has seen, and judges it against what was expected.
//
// It asks nobody. A Sight is used by one goroutine.
package sight

import (
	"fmt"
	"strings"
)

// Sight is what was seen so far. The zero value has seen nothing, and seeing nothing is never well.
type Sight struct {
	seen, wrong []string
}

// Is notes that something is as got says, and that want was expected.
func (s *Sight) Is(what string, got, want any) {
	g, w := short(got), short(want)
	s.note(fmt.Sprintf("%s: %s", what, g), g == w, "expected "+w)
}

// Has notes whether a text holds a part.
func (s *Sight) Has(what, got, part string) {
	s.note(fmt.Sprintf("%s: %s", what, short(got)), strings.Contains(got, part), "expected to hold "+part)
}

// True notes a statement and whether it holds.
func (s *Sight) True(statement string, holds bool) {
	s.note(statement, holds, "it is not so")
}

func (s *Sight) note(text string, good bool, otherwise string) {
	if !good {
		text += " (" + otherwise + ")"
		s.wrong = append(s.wrong, text)
	}
	s.seen = append(s.seen, text)
}

// Well says that something was seen, and all of it was as expected.
func (s *Sight) Well() bool { return len(s.seen) > 0 && len(s.wrong) == 0 }

// String tells what was not as expected, or else everything.
func (s *Sight) String() string {
	if len(s.wrong) > 0 {
		return strings.Join(s.wrong, "; ")
	}
	return strings.Join(s.seen, "; ")
}

// maxShown bounds how much of a value is shown.
const maxShown = 120

func short(v any) string {
	text := strings.Join(strings.Fields(fmt.Sprint(v)), " ")
	if len(text) > maxShown {
		return text[:maxShown] + "…"
	}
	return text
}
