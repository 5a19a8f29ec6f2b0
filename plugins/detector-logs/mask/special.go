package mask

import "strings"

// path returns the end of the path at i, which begins with a slash. Query
// strings belong to it.
func (m *Masker) path(i int) int {
	end := i + m.until(i, " \t\"'()[]{}<>,;|")
	for end > i+1 && (m.line[end-1] == ':' || m.line[end-1] == '.') {
		end--
	}
	return end
}

// until returns how many bytes from i on are none of the stops.
func (m *Masker) until(i int, stops string) int {
	n := strings.IndexAny(m.line[i:], stops)
	if n < 0 {
		return len(m.line) - i
	}
	return n
}

// url returns the end of the URL, or of the path of Windows, whose scheme or
// drive is the chunk from start to end; end when there is none.
func (m *Masker) url(start, end int, f facts) int {
	rest := m.line[end:]
	if f.digits == 0 && strings.HasPrefix(rest, "://") {
		return m.path(start)
	}
	if end-start == 1 && f.letters == 1 && (strings.HasPrefix(rest, ":\\") || strings.HasPrefix(rest, ":/")) {
		return m.path(start)
	}
	return end
}

// hostPort reports whether a chunk that ends at end is the host of host:port.
func (m *Masker) hostPort(end int, f facts) bool {
	return f.dots > 0 && end+1 < len(m.line) && m.line[end] == ':' && class[m.line[end+1]] == digit
}

// unit returns the end of the unit behind a number that ends at end, or end.
func (m *Masker) unit(end int) int {
	i := end
	if i < len(m.line) && m.line[i] == ' ' {
		i++
	}
	j := i
	for j < len(m.line) && class[m.line[j]] == letter {
		j++
	}
	if j == i || j-i > len("microseconds") || j < len(m.line) && (class[m.line[j]] == digit || m.line[j] == '_' || m.line[j] == '-') || !isUnit(m.line[i:j]) {
		return end
	}
	return j
}

// isUnit reports whether a word is a unit of size or time.
func isUnit(s string) bool {
	switch s {
	case "B", "KB", "MB", "GB", "TB", "K", "M", "G", "kB", "KiB", "MiB", "GiB", "TiB", "byte", "bytes", "Bytes",
		"s", "ms", "us", "ns", "sec", "secs", "msec", "msecs", "usec", "second", "seconds", "min", "mins", "minute", "minutes",
		"hour", "hours", "day", "days", "milliseconds", "microseconds", "nanoseconds", "Hz", "kHz", "MHz", "GHz", "percent":
		return true
	}
	return false
}

// dateName reports whether the word is the name of a month or a weekday in front
// of more of a date.
func (m *Masker) dateName(text string, end int) bool {
	if len(text) < 3 || len(text) > 9 || !isDateName(text) {
		return false
	}
	rest := strings.TrimLeft(m.line[end:], ", -/")
	if rest == "" || len(rest) == len(m.line)-end {
		return false
	}
	return class[rest[0]] == digit || len(rest) > 3 && isDateName(rest[:3])
}

func isDateName(s string) bool {
	switch s {
	case "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
		"January", "February", "March", "April", "June", "July", "August", "September", "October", "November", "December",
		"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun",
		"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday":
		return true
	}
	return false
}

// host reports whether a dotted name is that of a host. Names of classes and
// loggers have dots too; a value that is assigned, as in rhost=mail.example,
// is a name of something in any case.
func (f facts) host(text string, assigned assignment) bool {
	if f.dots == 0 {
		return false
	}
	if assigned {
		return true
	}
	switch text[strings.LastIndexByte(text, '.')+1:] {
	case "com", "org", "net", "edu", "gov", "mil", "info", "biz", "local", "localdomain", "internal", "lan":
		return true
	}
	return false
}

// hexGroup reports whether a chunk of two to four hexadecimal digits is part of
// an address such as ff:ee:dd.
func (m *Masker) hexGroup(start, end int, f facts) bool {
	if !f.hex || end-start < 2 || end-start > 4 {
		return false
	}
	s := m.line
	behind := end+2 < len(s) && s[end] == ':' && isHex(s[end+1]) && isHex(s[end+2])
	before := start > 2 && s[start-1] == ':' && isHex(s[start-2]) && isHex(s[start-3])
	return behind || before
}

// quoted returns the end of the quoted value at i, or i when there is none: one
// word in quotes is a name, and so is all that is quoted behind "=", apart from
// messages.
func (m *Masker) quoted(i int, assigned assignment) int {
	q := m.line[i]
	if q != '"' && q != '\'' {
		return i
	}
	if i > 0 && class[m.line[i-1]] != space && class[m.line[i-1]] != mark {
		return i // an apostrophe
	}
	n := strings.IndexByte(m.line[i+1:], q)
	if n < 1 {
		return i
	}
	inside := m.line[i+1 : i+1+n]
	if strings.ContainsAny(inside, " \t=:") && (!assigned || m.isMessage()) {
		return i
	}
	return i + n + 2
}

// isMessage reports whether the last word is the name of a field that holds
// sentences.
func (m *Masker) isMessage() bool {
	if len(m.Tokens) == 0 {
		return false
	}
	last := m.Tokens[len(m.Tokens)-1]
	switch m.line[last.Start:last.End] {
	case "msg", "message", "err", "error", "reason", "event":
		return true
	}
	return false
}
