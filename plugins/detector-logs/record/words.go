package record

import "strings"

func digits(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}

func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

// isNumber reports whether the word is made of digits, signs and points, but no
// address.
func isNumber(s string) bool {
	return digits(s) > 0 && strings.Count(s, ".") < 3 && strings.Trim(s, "0123456789.,:+-/#") == ""
}

// isTime reports whether the word is a date, a time of day or both.
func isTime(s string) bool {
	return digits(s) >= dateDigits && s[0] >= '0' && s[0] <= '9' && hasTime(s) &&
		strings.Trim(s, "0123456789.,:+-/TZ_") == ""
}

// hasTime reports whether there are two separators of a date or a time between
// digits.
func hasTime(s string) bool {
	n := 0
	for i := 1; i+1 < len(s); i++ {
		if strings.IndexByte(":-/", s[i]) >= 0 && digits(s[i-1:i]) == 1 && digits(s[i+1:i+2]) == 1 {
			n++
		}
	}
	return n >= 2
}

// isEpoch reports whether the word is a time in seconds since 1970: a bare
// number of that size could be anything, so more of a date must follow.
func isEpoch(s, rest string) bool {
	const seconds = 10
	rest = strings.TrimLeft(rest, " ")
	return len(s) == seconds && digits(s) == seconds && s[0] == '1' && rest != "" && rest[0] >= '0' && rest[0] <= '9'
}

// isDate reports whether the text in a bracket is a date with a time of day.
func isDate(s string) bool {
	timed := false
	for word := range strings.FieldsSeq(s) {
		switch {
		case hasTime(word) && strings.Trim(word, "0123456789.,:+-/TZ") == "", strings.Count(word, ":") >= 2 && digits(word) >= dateDigits:
			timed = true
		case !isNumber(word) && len(word) != 3:
			return false
		}
	}
	return timed
}

// isDatePart reports whether the word is a month or a weekday with more of a
// date behind it.
func isDatePart(word, rest string) bool {
	rest = strings.TrimLeft(rest, " ,")
	if rest == "" || len(word) < 3 {
		return false
	}
	const names = " Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec Mon Tue Wed Thu Fri Sat Sun "
	if !strings.Contains(names, " "+word[:3]+" ") || len(word) > 3 {
		return false
	}
	return rest[0] >= '0' && rest[0] <= '9' || len(rest) > 3 && strings.Contains(names, " "+rest[:3]+" ")
}

// isUptime reports whether the text is seconds since boot, as the kernel
// writes them.
func isUptime(s string) bool {
	return strings.Count(s, ".") == 1 && strings.Trim(s, "0123456789.") == "" && len(s) > len("0.000000")-1
}

// isName reports whether the word is the name of a program or logger, perhaps
// with a process id: sshd[12], su(pam_unix)[3], dfs.DataNode$Packet.
func isName(s string) bool {
	return s != "" && isLetter(s[0]) && !strings.ContainsAny(s, "=\"'{}<>,;")
}

// isUpper reports whether the word is a facility such as KERNEL.
func isUpper(s string) bool {
	return len(s) > 1 && s == strings.ToUpper(s) && isLetter(s[0]) && !strings.ContainsAny(s, "=:,;()[]\"")
}

// isIdentifier reports whether the word has digits, as the name of a host or a
// node often has.
func isIdentifier(s string) bool {
	return digits(s) > 0 && !strings.ContainsAny(s, "=()[]\"'{}<>,;")
}

// requestID reports whether each word in a bracket is an identifier or a dash.
func requestID(s string) bool {
	for word := range strings.FieldsSeq(s) {
		if word != "-" && (digits(word) < dateDigits || strings.ContainsAny(word, ":=\"")) {
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
