package record

import "strings"

// What a byte can be part of. A byte has several.
const (
	isDigit  = 1 << iota // 0 to 9
	isLower              // a to z
	ofNumber             // digits, signs, points
	ofTime               // digits, separators of dates, T and Z
	noName               // what no name of a program has
	noHost               // what no name of a host or a node has, besides
	noUpper              // what no facility has, besides
)

var traits = func() (t [256]uint8) {
	set := func(bytes string, trait uint8) {
		for _, b := range []byte(bytes) {
			t[b] |= trait
		}
	}
	set("0123456789", isDigit|ofNumber|ofTime)
	set("abcdefghijklmnopqrstuvwxyz", isLower)
	set(".,:+-/#", ofNumber)
	set(".,:+-/TZ_", ofTime)
	set("=\"'{}<>,;", noName|noHost)
	set("()[]", noHost)
	set("=:,;()[]\"", noUpper)
	return t
}()

// word is a word of a header and what its bytes are.
type word struct {
	text string
	// all are the traits of every byte, any those of at least one.
	all, any uint8
	// digits, dots and joints count digits, points, and separators of a date or
	// a time between digits.
	digits, dots, joints int
}

// look finds the traits of a word in one pass.
func look(text string) word {
	w := word{text: text, all: 0xff}
	for i := range len(text) {
		t := traits[text[i]]
		w.all &= t
		w.any |= t
		switch b := text[i]; {
		case t&isDigit != 0:
			w.digits++
		case b == '.':
			w.dots++
		case (b == ':' || b == '-' || b == '/') && i > 0 && i+1 < len(text) && traits[text[i-1]]&traits[text[i+1]]&isDigit != 0:
			w.joints++
		}
	}
	return w
}

func (w word) startsWithLetter() bool {
	return w.text != "" && (w.text[0]|0x20 >= 'a' && w.text[0]|0x20 <= 'z')
}

// number reports whether the word is made of digits, signs and points, but no
// address.
func (w word) number() bool { return w.digits > 0 && w.dots < 3 && w.all&ofNumber != 0 }

// time reports whether the word is a date, a time of day or both.
func (w word) time() bool {
	return w.digits >= dateDigits && w.joints >= 2 && w.all&ofTime != 0 && traits[w.text[0]]&isDigit != 0
}

// name reports whether the word is the name of a program or logger, perhaps
// with a process id: sshd[12], su(pam_unix)[3], dfs.DataNode$Packet.
func (w word) name() bool { return w.startsWithLetter() && w.any&noName == 0 }

// facility reports whether the word is in capitals, such as KERNEL.
func (w word) facility() bool {
	return len(w.text) > 1 && w.startsWithLetter() && w.any&(isLower|noUpper) == 0
}

// identifier reports whether the word has digits, as the name of a host or a
// node often has.
func (w word) identifier() bool { return w.digits > 0 && w.any&noHost == 0 }

// epoch reports whether the word is a time in seconds since 1970: a bare number
// of that size could be anything, so more of a date must follow.
func (w word) epoch(rest string) bool {
	const seconds = 10
	return w.digits == seconds && len(w.text) == seconds && w.text[0] == '1' && startsWithDigit(strings.TrimLeft(rest, " "))
}

// uptime reports whether the word is seconds since boot, as the kernel writes
// them.
func (w word) uptime() bool {
	return w.dots == 1 && w.digits == len(w.text)-1 && len(w.text) >= len("0.000000")
}

func startsWithDigit(s string) bool { return s != "" && traits[s[0]]&isDigit != 0 }

// isDate reports whether the text in a bracket is a date with a time of day.
func isDate(s string) bool {
	if !strings.ContainsAny(s, ":-/") {
		return false
	}
	timed := false
	for field := range strings.FieldsSeq(s) {
		w := look(field)
		switch {
		case w.joints >= 2 && w.all&ofTime != 0, w.digits >= dateDigits && strings.Count(field, ":") >= 2:
			timed = true
		case !w.number() && len(field) != 3:
			return false
		}
	}
	return timed
}

// isDatePart reports whether the word is a month or a weekday with more of a
// date behind it.
func isDatePart(text, rest string) bool {
	if len(text) != 3 || !isDateName(text) {
		return false
	}
	rest = strings.TrimLeft(rest, " ,")
	return startsWithDigit(rest) || len(rest) > 3 && isDateName(rest[:3])
}

func isDateName(s string) bool {
	switch s {
	case "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
		"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun":
		return true
	}
	return false
}

// isRequest reports whether each word in a bracket is an identifier or a dash.
func isRequest(s string) bool {
	for field := range strings.FieldsSeq(s) {
		if field != "-" && (look(field).digits < dateDigits || strings.ContainsAny(field, ":=\"")) {
			return false
		}
	}
	return true
}

// badWords tell the level of a message that does not say it.
var badWords = [...]struct {
	word  string
	level Level
}{
	{"panic", LevelCritical}, {"fatal", LevelCritical}, {"FATAL", LevelCritical}, {"PANIC", LevelCritical}, {"segfault", LevelCritical},
	{"error", LevelError}, {"Error", LevelError}, {"ERROR", LevelError}, {"xception", LevelError}, {"failed", LevelError},
	{"Failed", LevelError}, {"FAILED", LevelError}, {"failure", LevelError}, {"refused", LevelError}, {"denied", LevelError},
	{"timed out", LevelError}, {"annot ", LevelError}, {"Could not", LevelError}, {"could not", LevelError}, {"nable to", LevelError},
	{"warn", LevelWarning}, {"WARN", LevelWarning}, {"Warn", LevelWarning},
}

// LevelOfWords guesses a level from what a message says, for records that do not
// tell it. It is slow: ask once for each statement.
func LevelOfWords(message string) Level {
	message = message[:min(len(message), 512)]
	for _, b := range badWords {
		if strings.Contains(message, b.word) {
			return b.level
		}
	}
	return LevelUnknown
}
