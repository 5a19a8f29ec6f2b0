// Package pattern owns regular expressions that are compiled when they are first
// asked. The screen has some two hundred of them, and the binary that holds them
// is started again for every sandbox run, plugin and transaction: compiling them
// at each start cost 50 ms of a loaded core. It does not own what they mean. A
// Pattern is safe for concurrent use.
package pattern

import (
	"errors"
	"fmt"
	"regexp"
	"sync"
)

// Pattern is a regular expression in the syntax of package regexp.
type Pattern struct {
	compiled func() *regexp.Regexp
	text     string
}

// all holds every Pattern of the program, for CompileAll.
var all []*Pattern

// New is for package variables, which are made one after the other: it notes the
// pattern for CompileAll. A pattern that does not compile panics at its first use.
func New(text string) *Pattern {
	p := &Pattern{text: text, compiled: sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })}
	all = append(all, p)
	return p
}

// CompileAll tries every pattern of the program and joins what is wrong with them.
func CompileAll() error {
	var errs []error
	for _, p := range all {
		if _, err := regexp.Compile(p.text); err != nil {
			errs = append(errs, fmt.Errorf("pattern %q: %w", p.text, err))
		}
	}
	return errors.Join(errs...)
}

// MatchString reports whether s contains a match.
func (p *Pattern) MatchString(s string) bool { return p.compiled().MatchString(s) }

// FindString returns the leftmost match in s, or "".
func (p *Pattern) FindString(s string) string { return p.compiled().FindString(s) }

// FindStringSubmatch returns the leftmost match in s and its groups, or nil.
func (p *Pattern) FindStringSubmatch(s string) []string { return p.compiled().FindStringSubmatch(s) }

// FindAllStringSubmatch returns at most n matches with their groups, all when n is
// negative.
func (p *Pattern) FindAllStringSubmatch(s string, n int) [][]string {
	return p.compiled().FindAllStringSubmatch(s, n)
}

// ReplaceAllString returns s with every match replaced; $1 in with is a group.
func (p *Pattern) ReplaceAllString(s, with string) string {
	return p.compiled().ReplaceAllString(s, with)
}
