// Package position finds the line of every key of a TOML text.
//
// BurntSushi/toml gives lines for syntax errors alone, so a text that it accepts is read a second time, for positions only.
// The package owns the paths by which keys are named in messages, such as `component[0].probe[1].url`. It knows no values
// and no settings; its functions are pure and an Index is read only, so both may be used from several goroutines.
package position

import (
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// Index holds the line of every table, key and array element of one TOML text. The zero value knows no line.
type Index struct{ lines map[string]int }

// Line returns the line of path, or of the nearest table around it that is written in the text, or 1.
func (p Index) Line(path string) int {
	for path != "" {
		if line, ok := p.lines[path]; ok {
			return line
		}
		path = parentPath(path)
	}
	return 1
}

// Has reports whether path itself is written in the text.
func (p Index) Has(path string) bool {
	_, ok := p.lines[path]
	return ok
}

// Key returns the path of key inside parent. A key that is not bare TOML is quoted.
func Key(parent, key string) string {
	if !isBare(key) {
		key = Quote(key)
	}
	if parent == "" {
		return key
	}
	return parent + "." + key
}

// Element returns the path of element i, counted from 0, of the array at parent.
func Element(parent string, i int) string {
	return parent + "[" + strconv.Itoa(i) + "]"
}

func isBare(key string) bool {
	for _, c := range key {
		if !isBareRune(c) {
			return false
		}
	}
	return key != ""
}

func isBareRune(c rune) bool {
	return c == '_' || c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// parentPath cuts the last key or index from path. Quoted keys hold dots and brackets of their own.
func parentPath(path string) string {
	cut, quoted := 0, false
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == '.' || c == '['):
			cut = i
		}
	}
	return path[:cut]
}

// Find returns the lines of text, which must be TOML that BurntSushi/toml accepts. On any other text it ends early and
// returns what it found.
func Find(text []byte) Index {
	x := indexer{text: string(text), line: 1, lines: map[string]int{}, counts: map[string]int{}}
	for x.skipBlank(); x.at < len(x.text); x.skipBlank() {
		before := x.at
		x.statement()
		if x.at == before {
			break
		}
	}
	return Index{lines: x.lines}
}

// indexer walks a valid TOML text once. counts holds how many elements each array of tables has so far.
type indexer struct {
	text   string
	at     int
	line   int
	table  string
	lines  map[string]int
	counts map[string]int
}

func (x *indexer) statement() {
	switch {
	case x.has("[["):
		x.move(2)
		x.table = x.openElement(x.keys())
		x.move(2)
	case x.has("["):
		x.move(1)
		keys := x.keys()
		x.table = x.openTable("", keys)
		x.move(1)
	default:
		x.pair(x.table)
	}
}

// openTable marks every table on the way to the last of keys; a name that is an array of tables means its last element.
func (x *indexer) openTable(path string, keys []string) string {
	for _, key := range keys {
		path = Key(path, key)
		x.mark(path)
		if n := x.counts[path]; n > 0 {
			path = Element(path, n-1)
		}
	}
	return path
}

func (x *indexer) openElement(keys []string) string {
	if len(keys) == 0 {
		return x.table
	}
	last := len(keys) - 1
	path := Key(x.openTable("", keys[:last]), keys[last])
	x.mark(path)
	element := Element(path, x.counts[path])
	x.counts[path]++
	x.mark(element)
	return element
}

// pair reads `key = value` inside the table at path.
func (x *indexer) pair(path string) {
	for _, key := range x.keys() {
		path = Key(path, key)
		x.mark(path)
	}
	x.skipSpace()
	if x.has("=") {
		x.move(1)
		x.value(path)
	}
}

// mark keeps the first line at which path is seen.
func (x *indexer) mark(path string) {
	if _, ok := x.lines[path]; !ok {
		x.lines[path] = x.line
	}
}

// keys reads a dotted key and stops behind it.
func (x *indexer) keys() []string {
	var keys []string
	for {
		x.skipSpace()
		start := x.at
		switch {
		case x.has(`"`), x.has(`'`):
			x.quoted()
			keys = append(keys, unquote(x.text[start:x.at]))
		default:
			for x.at < len(x.text) && isBareRune(rune(x.text[x.at])) {
				x.at++
			}
			if x.at == start {
				return keys
			}
			keys = append(keys, x.text[start:x.at])
		}
		x.skipSpace()
		if !x.has(".") {
			return keys
		}
		x.move(1)
	}
}

// unquote lets the TOML library itself read a quoted key, so that every escape means the same in both readings.
func unquote(literal string) string {
	var holder struct{ K string }
	if _, err := toml.Decode("K = "+literal, &holder); err != nil {
		return strings.Trim(literal, `"'`)
	}
	return holder.K
}
