// Package signature knows log lines that mean trouble whatever is usual:
// regular expressions with a severity, shipped for common services and added by
// the operator.
//
// It owns the shipped sets and how they are searched: a line meets a regular
// expression only when it holds the words without which the expression cannot
// match. It learns nothing. A Book is read-only once made and may be used from
// several goroutines.
package signature

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/homeostat/homeostat/sdk"
)

// MaxBytes is how much of a line is searched.
const MaxBytes = 8 << 10

// Signature is one kind of trouble.
type Signature struct {
	// Name is unique, for example "postgres/data-corrupt".
	Name string
	// Pattern is a regular expression in Go's syntax.
	Pattern string
	// Severity is how bad a match is.
	Severity sdk.Severity
	// Meaning is a sentence for people.
	Meaning string
	// Component restricts it to one component, empty for all.
	Component string
}

type compiled struct {
	Signature
	expression *regexp.Regexp
}

// Book is a set of signatures, searched in their order.
type Book struct {
	entries []compiled
	filter  filter
}

// New compiles the signatures. The error names the one that is wrong, by its
// place in the list and its name.
func New(signatures []Signature) (*Book, error) {
	b := &Book{}
	seen := map[string]bool{}
	for i, s := range signatures {
		if s.Name == "" || seen[s.Name] {
			return nil, &Error{Index: i, Key: "name", Text: fmt.Sprintf("%q is empty or there already", s.Name)}
		}
		seen[s.Name] = true
		expression, err := regexp.Compile(s.Pattern)
		switch {
		case err != nil:
			return nil, &Error{Index: i, Key: "pattern", Text: fmt.Sprintf("of %q: %v", s.Name, err)}
		case expression.MatchString(""):
			return nil, &Error{Index: i, Key: "pattern", Text: fmt.Sprintf("of %q matches an empty line: it would report everything", s.Name)}
		}
		b.entries = append(b.entries, compiled{s, expression})
		b.filter.add(i, needed(s.Pattern))
	}
	return b, nil
}

// Error says which signature cannot be used, and why.
type Error struct {
	// Index is its place in the list, Key what of it is wrong.
	Index int
	Key   string
	Text  string
}

// Error returns the sentence.
func (e *Error) Error() string { return fmt.Sprintf("[%d].%s %s", e.Index, e.Key, e.Text) }

// Match returns the worst signature that the line of the component has; of
// equals the first.
func (b *Book) Match(component, line string) (Signature, bool) {
	line = line[:min(len(line), MaxBytes)]
	best := -1
	var store [8]int // most lines have no candidate
	for _, i := range b.filter.candidates(line, store[:0]) {
		e := &b.entries[i]
		switch {
		case best >= 0 && e.Severity <= b.entries[best].Severity:
		case e.Component != "" && e.Component != component:
		case e.expression.MatchString(line):
			best = i
		}
	}
	if best < 0 {
		return Signature{}, false
	}
	return b.entries[best].Signature, true
}

// Len returns how many signatures there are.
func (b *Book) Len() int { return len(b.entries) }

// Shipped returns the signatures of the named sets; Sets lists the names. The
// error names the one that does not exist.
func Shipped(sets []string) ([]Signature, error) {
	var out []Signature
	for i, name := range sets {
		set, ok := shipped[name]
		if !ok {
			return nil, &Error{Index: i, Key: "", Text: fmt.Sprintf("%q: want one of %s", name, strings.Join(Sets(), ", "))}
		}
		for _, s := range set {
			s.Name = name + "/" + s.Name
			out = append(out, s)
		}
	}
	return out, nil
}
