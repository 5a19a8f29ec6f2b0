package position

import "strings"

// value reads one value and marks the keys and elements inside it.
func (x *indexer) value(path string) {
	x.skipSpace()
	switch {
	case x.has(`"""`), x.has(`'''`):
		x.multiline()
	case x.has(`"`), x.has(`'`):
		x.quoted()
	case x.has("["):
		x.array(path)
	case x.has("{"):
		x.inline(path)
	default:
		for x.at < len(x.text) && !strings.ContainsRune(",]}#\n", rune(x.text[x.at])) {
			x.at++
		}
	}
}

func (x *indexer) array(path string) {
	x.move(1)
	for i := 0; x.more("]"); i++ {
		element := Element(path, i)
		x.mark(element)
		before := x.at
		x.value(element)
		if !x.comma(before) {
			return
		}
	}
	x.move(1)
}

func (x *indexer) inline(path string) {
	x.move(1)
	for x.more("}") {
		before := x.at
		x.pair(path)
		if !x.comma(before) {
			return
		}
	}
	x.move(1)
}

// more skips to the next element and reports whether there is one before end.
func (x *indexer) more(end string) bool {
	x.skipBlank()
	return x.at < len(x.text) && !x.has(end)
}

// comma skips a comma if there is one. It reports false where nothing was read since before: the text is not TOML.
func (x *indexer) comma(before int) bool {
	x.skipBlank()
	if x.has(",") {
		x.move(1)
	}
	return x.at > before
}

// quoted skips a string on one line.
func (x *indexer) quoted() {
	quote := x.text[x.at]
	x.move(1)
	for x.at < len(x.text) && x.text[x.at] != quote {
		if x.text[x.at] == '\\' && quote == '"' {
			x.move(1)
		}
		x.move(1)
	}
	x.move(1)
}

// multiline skips a string in triple quotes. Up to two quotes of the same kind may belong to the content just before the end.
func (x *indexer) multiline() {
	fence := x.text[x.at : x.at+3]
	x.move(3)
	for x.at < len(x.text) && !x.has(fence) {
		if x.text[x.at] == '\\' && fence == `"""` {
			x.move(1)
		}
		x.move(1)
	}
	x.move(3)
	for range 2 {
		if x.has(fence[:1]) {
			x.move(1)
		}
	}
}

func (x *indexer) has(prefix string) bool { return strings.HasPrefix(x.text[x.at:], prefix) }

// move steps over n bytes, stops at the end of the text, and counts lines.
func (x *indexer) move(n int) {
	for ; n > 0 && x.at < len(x.text); n-- {
		if x.text[x.at] == '\n' {
			x.line++
		}
		x.at++
	}
}

func (x *indexer) skipSpace() {
	for x.has(" ") || x.has("\t") {
		x.at++
	}
}

// skipBlank skips space, line ends and comments.
func (x *indexer) skipBlank() {
	for x.at < len(x.text) {
		switch x.text[x.at] {
		case ' ', '\t', '\r', '\n':
			x.move(1)
		case '#':
			for x.at < len(x.text) && x.text[x.at] != '\n' {
				x.at++
			}
		default:
			return
		}
	}
}
