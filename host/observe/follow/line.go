package follow

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// splitter turns a stream of bytes into lines. What is left behind the last
// line end waits for more.
type splitter struct {
	partial []byte
	// skipping is set while the rest of a line is left out.
	skipping bool
}

// feed takes the next bytes and calls emit for each line that they end.
func (s *splitter) feed(data []byte, emit func(text string, truncated bool)) {
	for {
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			s.keep(data, emit)
			return
		}
		if !s.skipping {
			s.partial = append(s.partial, data[:end]...)
			s.flush(emit)
		}
		s.partial, s.skipping = s.partial[:0], false
		data = data[end+1:]
	}
}

// keep holds the beginning of a line. One that is too long is handed over
// truncated at once.
func (s *splitter) keep(data []byte, emit func(string, bool)) {
	if s.skipping {
		return
	}
	s.partial = append(s.partial, data...)
	if len(s.partial) > MaxLine {
		text, _ := clean(s.partial)
		emit(text, true)
		s.partial, s.skipping = s.partial[:0], true
	}
}

// flush hands over what was kept as a line.
func (s *splitter) flush(emit func(string, bool)) {
	if len(s.partial) == 0 {
		emit("", false)
		return
	}
	text, truncated := clean(s.partial)
	emit(text, truncated)
	s.partial = s.partial[:0]
}

// clean makes valid UTF-8 of at most MaxLine bytes out of a line. NUL bytes at
// its beginning are what a hole in the file reads as.
func clean(line []byte) (text string, truncated bool) {
	line = bytes.TrimLeft(line, "\x00")
	line = bytes.TrimSuffix(line, []byte("\r"))
	if len(line) > MaxLine {
		line, truncated = line[:MaxLine], true
	}
	text = strings.ToValidUTF8(string(line), "\uFFFD")
	if len(text) <= MaxLine {
		return text, truncated
	}
	end := MaxLine
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end], true
}
