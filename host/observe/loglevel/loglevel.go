// Package loglevel tells whether a log line reports an error, from the ways in
// which programs write levels.
//
// It owns that judgement alone: no state, no allocation, and at most Scanned
// bytes of a line are looked at. The functions may be called from several
// goroutines.
package loglevel

import "strings"

// Scanned is how much of a line is looked at. Levels stand near the beginning.
const Scanned = 512

// rank is what a word says about the level of its line.
type rank int

const (
	noLevel rank = iota
	harmless
	failure
)

// IsError reports whether a line has the level error or worse. It knows syslog
// priorities ("<3>…"), JSON ("level":"error", and numbers as pino and bunyan
// write them), key=value (level=error), glog (E0102 …), words in capitals or in
// brackets (ERROR, [error]), words before a colon (fatal: …, ValueError: …) and
// the first lines of traces. The first level in the line decides. A sentence
// that merely holds the word "error" is not one.
func IsError(line string) bool {
	line = line[:min(len(line), Scanned)]
	if level, ok := priority(line); ok {
		return level <= 3
	}
	start := strings.TrimLeft(line, " \t")
	if r := glog(start); r != noLevel {
		return r == failure
	}
	if r := keyed(line); r != noLevel {
		return r == failure
	}
	return worded(start)
}

// priority reads "<N>" as RFC 5424 has it: the level is the remainder by 8.
func priority(line string) (level int, ok bool) {
	if len(line) < 3 || line[0] != '<' {
		return 0, false
	}
	n, i := 0, 1
	for ; i < len(line) && i < 4 && digit(line[i]); i++ {
		n = n*10 + int(line[i]-'0')
	}
	if i == 1 || i >= len(line) || line[i] != '>' || n > 191 {
		return 0, false
	}
	return n % 8, true
}

// glog reads a letter and a date of four digits: "E0102 15:04:05".
func glog(line string) rank {
	if len(line) < 6 || line[5] != ' ' || !digit(line[1]) || !digit(line[2]) || !digit(line[3]) || !digit(line[4]) {
		return noLevel
	}
	switch line[0] {
	case 'E', 'F':
		return failure
	case 'I', 'W', 'D':
		return harmless
	}
	return noLevel
}

// keys are the names under which structured logs hold their level.
var keys = [...]string{"level", "lvl", "severity", "loglevel"}

// keyed finds a key, in JSON or before an equals sign, and judges its value.
func keyed(line string) rank {
	for at := 0; at < len(line); at++ {
		if c := line[at]; c != 'l' && c != 's' || at > 0 && (letter(line[at-1]) || line[at-1] == '_') {
			continue // no key begins with another letter
		}
		for _, key := range keys {
			if !strings.HasPrefix(line[at:], key) {
				continue
			}
			if value, ok := assigned(line[at+len(key):]); ok {
				return judge(value)
			}
		}
	}
	return noLevel
}

// assigned returns what follows `=`, `":` or `:"`, without quotes and blanks.
func assigned(rest string) (string, bool) {
	trimmed := strings.TrimPrefix(rest, `"`)
	quoted := len(trimmed) < len(rest)
	trimmed = strings.TrimLeft(trimmed, " ")
	if !strings.HasPrefix(trimmed, "=") && !(quoted && strings.HasPrefix(trimmed, ":")) {
		return "", false
	}
	return strings.TrimLeft(trimmed[1:], ` "'`), true
}

// judge reads the level at the beginning of a value.
func judge(value string) rank {
	end := 0
	for end < len(value) && (letter(value[end]) || digit(value[end])) {
		end++
	}
	if end > 0 && digit(value[0]) {
		return number(value[:end])
	}
	return word(value[:end])
}

// number judges levels of pino and bunyan: 50 is error, 60 fatal. Smaller ones
// are those of syslog, where 3 is error.
func number(digits string) rank {
	if len(digits) == 1 {
		if digits[0] <= '3' {
			return failure
		}
		return harmless
	}
	if digits[0] >= '5' || len(digits) > 2 {
		return failure
	}
	return harmless
}

// failures and others are the names of levels, in small letters.
var (
	failures = [...]string{"error", "eror", "err", "fatal", "panic", "critical", "crit", "alert", "emerg", "emergency", "severe"}
	others   = [...]string{"info", "information", "warn", "warning", "debug", "trace", "notice", "verbose", "fine"}
)

func word(w string) rank {
	if len(w) < 3 || len(w) > 11 {
		return noLevel
	}
	for _, name := range failures {
		if strings.EqualFold(w, name) {
			return failure
		}
	}
	for _, name := range others {
		if strings.EqualFold(w, name) {
			return harmless
		}
	}
	return noLevel
}

// worded looks for the first word that is written as a level is.
func worded(line string) bool {
	if trace(line) {
		return true
	}
	for at := 0; at < len(line); {
		if !letter(line[at]) {
			at++
			continue
		}
		end := at
		for end < len(line) && letter(line[end]) {
			end++
		}
		if emphasised(line, at, end) {
			if r := word(line[at:end]); r != noLevel {
				return r == failure
			}
		}
		at = end
	}
	return false
}

// trace knows the first lines of uncaught errors.
func trace(line string) bool {
	for _, begin := range [...]string{"Traceback (most recent call last)", "Exception in thread", "fatal error: ", "Fatal error", "Unhandled exception"} {
		if strings.HasPrefix(line, begin) {
			return true
		}
	}
	first, _, found := strings.Cut(line, ": ")
	return found && !strings.Contains(first, " ") && (strings.HasSuffix(first, "Error") || strings.HasSuffix(first, "Exception"))
}

// emphasised reports whether the word at [at, end) stands as a level does: in
// capitals, in brackets, or before a colon.
func emphasised(line string, at, end int) bool {
	before, after := byte(' '), byte(' ')
	if at > 0 {
		before = line[at-1]
	}
	if end < len(line) {
		after = line[end]
	}
	if digit(before) || digit(after) || before == '_' || after == '_' || before == '/' || after == '=' || before == '.' {
		return false
	}
	switch {
	case before == '[' && after == ']', before == '<' && after == '>', before == '(' && after == ')':
		return true
	case after == ':' && (at == 0 || before == ' ' || before == ':'):
		return true
	}
	for i := at; i < end; i++ {
		if line[i] >= 'a' {
			return false
		}
	}
	return true
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func digit(c byte) bool { return c >= '0' && c <= '9' }
