package wire

import (
	"fmt"
	"strings"
)

// Line writes the setting as one line for a person: the key, its default and
// behind "#" its type, its rules and what it does.
func (s Setting) Line() string {
	if s.Type == "table" {
		return fmt.Sprintf("[%s]  # %s", s.Key, s.Doc)
	}
	var rules []string
	if s.Required {
		rules = append(rules, "required")
	}
	if s.Min != "" {
		rules = append(rules, "at least "+s.Min)
	}
	if s.Max != "" {
		rules = append(rules, "at most "+s.Max)
	}
	if len(s.Choices) > 0 {
		rules = append(rules, "one of "+strings.Join(s.Choices, ", "))
	}
	about := strings.Join(append([]string{s.Type}, rules...), ", ")
	value := s.Default
	if value == "" {
		value = "…"
	}
	return fmt.Sprintf("%s = %s  # %s; %s", s.Key, value, about, s.Doc)
}
