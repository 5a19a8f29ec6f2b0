// Package parameter reads and replaces one value in the text of a configuration file, and leaves every other byte as it
// is: comments, order and spaces belong to the person who wrote them.
//
// It knows files of lines "name = value" below "[section]" heads: TOML and the many dialects of INI. It does not know
// JSON and YAML, and it adds no key that is not there. Its functions are pure.
package parameter

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// ErrNoKey matches the error of a file that does not have the key on a line of its own.
var ErrNoKey = errors.New("the file has no such key")

// unknown are the endings of files that are not made of such lines.
var unknown = []string{".json", ".yaml", ".yml", ".xml"}

// CheckFile tells whether values of such a file can be replaced, by its name.
func CheckFile(name string) error {
	if ext := strings.ToLower(path.Ext(name)); slices.Contains(unknown, ext) {
		return fmt.Errorf("%s: parameters are set in files of lines \"name = value\" (TOML, INI), not in %s", name, ext)
	}
	return nil
}

// place is where a value stands in a text.
type place struct{ begin, end int }

// Value returns the value of a dotted key, such as "server.workers", without quotes.
func Value(text, key string) (string, error) {
	at, err := find(text, key)
	if err != nil {
		return "", err
	}
	return strings.Trim(text[at.begin:at.end], `"'`), nil
}

// Set replaces the value of a dotted key. A value that was quoted stays quoted. The new one must hold neither quotes nor
// ends of lines.
func Set(text, key, value string) (string, error) {
	if strings.ContainsAny(value, "\"'\\\r\n") {
		return "", fmt.Errorf("%s: the value %q cannot be written without escapes", key, value)
	}
	at, err := find(text, key)
	if err != nil {
		return "", err
	}
	if old := text[at.begin:at.end]; old != "" && strings.ContainsAny(old[:1], `"'`) {
		value = old[:1] + value + old[:1]
	}
	return text[:at.begin] + value + text[at.end:], nil
}

// find looks for the one line that gives the key. A key that two lines give is refused: nobody knows which one counts.
func find(text, key string) (place, error) {
	var found []place
	section, offset := "", 0
	for line := range strings.Lines(text) {
		if head, ok := sectionOf(line); ok {
			section = head
		} else if at, ok := valueOf(line, section, key); ok {
			found = append(found, place{offset + at.begin, offset + at.end})
		}
		offset += len(line)
	}
	switch len(found) {
	case 0:
		return place{}, fmt.Errorf("%s: %w", key, ErrNoKey)
	case 1:
		return found[0], nil
	}
	return place{}, fmt.Errorf("%s: %d lines give it", key, len(found))
}

// sectionOf reads a head such as "[server]". Heads of lists are sections that no key names.
func sectionOf(line string) (string, bool) {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "[") {
		return "", false
	}
	head, _, _ := strings.Cut(strings.TrimPrefix(line, "["), "]")
	return strings.TrimSpace(head), true
}

// valueOf finds the value in a line that gives the key.
func valueOf(line, section, key string) (place, bool) {
	name, rest, ok := strings.Cut(line, "=")
	full := strings.Trim(strings.TrimSpace(name), `"`)
	if section != "" {
		full = section + "." + full
	}
	if !ok || full != key {
		return place{}, false
	}
	begin := len(name) + 1 + len(rest) - len(strings.TrimLeft(rest, " \t"))
	return place{begin, begin + valueLength(line[begin:])}, true
}

// valueLength is how long the value at the begin of a text is: to the closing quote, or to a comment.
func valueLength(text string) int {
	text = strings.TrimRight(text, "\r\n")
	if text != "" && strings.ContainsAny(text[:1], `"'`) {
		if end := strings.Index(text[1:], text[:1]); end >= 0 {
			return end + 2
		}
	}
	for _, comment := range []string{" #", "\t#", " ;", "\t;"} {
		if before, _, ok := strings.Cut(text, comment); ok {
			text = before
		}
	}
	return len(strings.TrimRight(text, " \t"))
}
