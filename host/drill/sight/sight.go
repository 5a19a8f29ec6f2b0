// Package sight gathers what a row of a drill has seen, and judges it against what was expected.
//
// It asks nobody. A Sight is used by one goroutine.
package sight

import (
	"fmt"
	"strings"
	"unicode"
)

// Sight is what was seen so far. The zero value has seen nothing, and seeing nothing is never well.
type Sight struct {
	seen, wrong []string
}

// Is notes that something is as got says, and that want was expected.
func (s *Sight) Is(what string, got, want any) {
	text := fmt.Sprintf("%s: %s", what, short(got))
	if fmt.Sprint(got) != fmt.Sprint(want) {
		text = s.blame(text, "expected "+short(want))
	}
	s.seen = append(s.seen, text)
}

// Has notes whether a text holds a part.
func (s *Sight) Has(what, got, part string) {
	text := fmt.Sprintf("%s: %s", what, short(got))
	if !strings.Contains(got, part) {
		text = s.blame(text, "expected to hold "+part)
	}
	s.seen = append(s.seen, text)
}

func (s *Sight) blame(text, otherwise string) string {
	text += " (" + otherwise + ")"
	s.wrong = append(s.wrong, text)
	return text
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
	text = strings.Map(func(r rune) rune { // nothing in it steers a terminal
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
	if len(text) > maxShown {
		return text[:maxShown] + "…"
	}
	return text
}
