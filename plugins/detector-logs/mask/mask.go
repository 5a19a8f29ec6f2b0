// Package mask splits a log line into words and variables: numbers, times,
// addresses, paths, identifiers and quantities are variables, the rest are
// words. Two lines of one statement of a program usually differ in variables
// only, so that their keys are the same.
//
// It owns what a variable looks like, for all logs alike; it learns nothing.
// It is written by hand, byte by byte, because regular expressions cost ten
// times as much. A Masker is used from one goroutine.
package mask

import "strings"

const (
	// MaxBytes is how much of a line is looked at; what follows is cut off.
	MaxBytes = 4096
	// MaxTokens is how many tokens of a line are looked at.
	MaxTokens = 128
	// Variable stands for a variable in a key.
	Variable = '\x01'
)

// Token is a word or a variable of the last line. Neighbouring variables are
// one token.
type Token struct {
	// Start and End bound the token in the line, in bytes.
	Start, End int
	// Variable reports that the token is no word.
	Variable bool
	// Assigned reports that "=" stands before the token, as in user=root.
	Assigned bool
}

// Masker splits lines. The zero value is ready; its memory is used again for
// every line.
type Masker struct {
	// Tokens are those of the last line.
	Tokens []Token
	key    []byte
	line   string
}

// Scan splits a line and returns its key: the words, each with a space behind,
// with Variable in the place of variables. Punctuation does not count. The key
// is valid until the next call.
func (m *Masker) Scan(line string) []byte {
	m.Tokens, m.key, m.line = m.Tokens[:0], m.key[:0], line[:min(len(line), MaxBytes)]
	assigned := false
	for i := 0; i < len(m.line) && len(m.Tokens) < MaxTokens; {
		switch class[m.line[i]] {
		case space:
			i++
		case mark:
			if end := m.quoted(i, assigned); end > i {
				m.add(Token{Start: i + 1, End: end - 1, Variable: true, Assigned: assigned})
				i, assigned = end, false
				continue
			}
			assigned = m.line[i] == '='
			i++
		default:
			i = m.chunk(i, assigned)
			assigned = false
		}
	}
	return m.key
}

// Key returns the key of the last line again.
func (m *Masker) Key() []byte { return m.key }

// chunk takes the run of letters, digits and inner characters at i and returns
// where it ends.
func (m *Masker) chunk(i int, assigned assignment) int {
	if m.line[i] == '/' || strings.HasPrefix(m.line[i:], "./") || strings.HasPrefix(m.line[i:], "../") {
		if end := m.path(i); end > i+1 {
			m.add(Token{Start: i, End: end, Variable: true, Assigned: assigned})
			return end
		}
	}
	end, f := m.measure(i)
	if f.letters+f.digits == 0 {
		return end
	}
	start, stop := m.trim(i, end)
	if url := m.url(start, stop, f); url > stop {
		m.add(Token{Start: start, End: url, Variable: true, Assigned: assigned})
		return url
	}
	t := Token{Start: start, End: stop, Assigned: assigned}
	text := m.line[start:stop]
	t.Variable = f.variable(text) || m.hostPort(stop, f) || m.dateName(text, stop) || f.host(text, assigned) || m.hexGroup(start, stop, f)
	if t.Variable {
		t.End = m.unit(t.End)
		end = max(end, t.End)
	}
	m.add(t)
	return end
}

// assignment is true behind "=".
type assignment = bool

func (m *Masker) add(t Token) {
	if !t.Variable {
		m.key = append(append(m.key, m.line[t.Start:t.End]...), ' ')
	} else if n := len(m.Tokens); n > 0 && m.Tokens[n-1].Variable {
		m.Tokens[n-1].End = m.closed(m.Tokens[n-1].Start, t.End)
		return
	} else {
		m.key = append(m.key, Variable, ' ')
	}
	m.Tokens = append(m.Tokens, t)
}

// closed returns the end of a variable with its closing bracket, where the
// opening one is inside.
func (m *Masker) closed(start, end int) int {
	if end < len(m.line) && m.line[end] == ')' && strings.Count(m.line[start:end], "(") > strings.Count(m.line[start:end], ")") {
		return end + 1
	}
	return end
}

// Placeholder is what people see in the place of a variable.
const Placeholder = "<*>"

// Template returns the line with placeholders for its variables. It belongs to
// the last line that was scanned.
func (m *Masker) Template() string {
	var b strings.Builder
	at := 0
	for _, t := range m.Tokens {
		b.WriteString(m.line[at:t.Start])
		if at = t.End; t.Variable {
			b.WriteString(Placeholder)
		} else {
			b.WriteString(m.line[t.Start:t.End])
		}
	}
	if len(m.Tokens) < MaxTokens {
		b.WriteString(m.line[at:])
	}
	return b.String()
}
