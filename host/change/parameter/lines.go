package parameter

import (
	"fmt"
	"strings"
)

// line is one line of a text without its end, and where it begins.
type line struct {
	text string
	at   int
	// continued says that the line before ends in a backslash.
	continued bool
}

func linesOf(content string) []line {
	var out []line
	at, continued := 0, false
	for raw := range strings.Lines(content) {
		text := strings.TrimRight(raw, "\r\n")
		out = append(out, line{text, at, continued})
		continued = strings.HasSuffix(text, `\`)
		at += len(raw)
	}
	return out
}

// comment says that a line holds nothing else.
func (l line) comment() bool {
	text := strings.TrimSpace(l.text)
	return text == "" || text[0] == '#' || text[0] == ';'
}

// sectionOf reads a head such as "[server]". Heads of lists of tables, "[[server]]", name no section.
func sectionOf(text string) (string, bool) {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "[") {
		return "", false
	}
	head, _, _ := strings.Cut(strings.TrimPrefix(text, "["), "]")
	return strings.TrimSpace(head), true
}

// iniLeaves reads lines "name = value" below heads "[section]".
func iniLeaves(content string) ([]leaf, error) {
	var out []leaf
	section := ""
	for _, l := range linesOf(content) {
		if l.continued || l.comment() {
			continue
		}
		if head, ok := sectionOf(l.text); ok {
			section = head
			continue
		}
		if one, ok := l.assignment(section); ok {
			out = append(out, one)
		}
	}
	return out, nil
}

// assignment reads "name = value".
func (l line) assignment(section string) (leaf, bool) {
	name, rest, ok := strings.Cut(l.text, "=")
	full := strings.Trim(strings.TrimSpace(name), `"'`)
	if !ok || full == "" {
		return leaf{}, false
	}
	if section != "" {
		full = section + "." + full
	}
	from := len(name) + 1 + len(rest) - len(strings.TrimLeft(rest, " \t"))
	return l.leaf(full, from), true
}

// leaf makes a value of what stands from an offset of the line on.
func (l line) leaf(key string, from int) leaf {
	end := from + valueLength(l.text[from:])
	one := leaf{key: key, text: l.text[from:end], kind: text, begin: l.at + from, end: l.at + end}
	if n := len(one.text); n >= 2 && strings.ContainsAny(one.text[:1], `"'`) && one.text[n-1] == one.text[0] {
		one.text = one.text[1 : n-1]
	}
	if strings.HasSuffix(one.text, `\`) {
		one.kind = other // it goes on in the next line
	}
	return one
}

// valueLength is how long the value at the begin of a text is: to the closing quote, or to a comment.
func valueLength(text string) int {
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

// envLeaves reads lines "NAME=value" and "export NAME=value", without spaces around the sign, as a shell wants them.
func envLeaves(content string) ([]leaf, error) {
	var out []leaf
	for _, l := range linesOf(content) {
		if l.continued || l.comment() {
			continue
		}
		name, _, ok := strings.Cut(l.text, "=")
		key := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(name), "export "))
		if !ok || key == "" || strings.HasSuffix(name, " ") || strings.ContainsAny(key, " \t\"'") {
			continue
		}
		one := l.leaf(key, len(name)+1)
		if strings.ContainsAny(one.text, "$`\\") {
			one.kind = other // the shell makes something else of it
		}
		out = append(out, one)
	}
	return out, nil
}

// wordLeaves reads lines "name value" within blocks "name { }". A value of several words is not a plain one.
func wordLeaves(content string) ([]leaf, error) {
	var out []leaf
	var blocks []string
	for n, l := range linesOf(content) {
		words := strings.TrimSpace(l.text)
		switch {
		case l.continued || l.comment():
		case strings.HasSuffix(words, "{"):
			if len(blocks) == maxBlocks {
				return nil, fmt.Errorf("line %d: more than %d blocks within each other", n+1, maxBlocks)
			}
			name, _, _ := strings.Cut(strings.TrimSpace(strings.TrimSuffix(words, "{")), " ")
			blocks = append(blocks, name)
		case strings.HasPrefix(words, "}"):
			if len(blocks) == 0 {
				return nil, fmt.Errorf("line %d: a } without its {", n+1)
			}
			blocks = blocks[:len(blocks)-1]
		default:
			if one, ok := l.directive(blocks); ok {
				out = append(out, one)
			}
		}
	}
	return out, nil
}

const maxBlocks = 100

// directive reads "name value", with or without a semicolon at its end.
func (l line) directive(blocks []string) (leaf, bool) {
	body := strings.TrimLeft(l.text, " \t")
	indent := len(l.text) - len(body)
	space := strings.IndexAny(body, " \t")
	if space <= 0 || strings.ContainsAny(body[:space], "=\"'{};") {
		return leaf{}, false
	}
	rest := strings.TrimLeft(body[space:], " \t")
	if rest == "" || rest[0] == '=' {
		return leaf{}, false
	}
	key := strings.Join(append(blocks[:len(blocks):len(blocks)], body[:space]), ".")
	one := l.leaf(key, indent+len(body)-len(rest))
	if kept, ok := strings.CutSuffix(one.text, ";"); ok && one.end-one.begin == len(one.text) {
		one.text = strings.TrimRight(kept, " \t")
		one.end = one.begin + len(one.text)
	}
	if strings.ContainsAny(one.text, " \t;{}") && one.end-one.begin == len(one.text) {
		one.kind = other
	}
	return one, true
}

// lineLeaves is for files of which nobody knows whether they hold assignments or words: those of both. A line is one or
// the other, because words have no sign after the name.
func lineLeaves(content string) ([]leaf, error) {
	words, err := wordLeaves(content)
	if err != nil {
		words = nil // its braces are no blocks
	}
	assignments, err := iniLeaves(content)
	return append(assignments, words...), err
}
