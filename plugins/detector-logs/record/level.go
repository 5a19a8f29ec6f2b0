package record

// Level is how bad a program found what it logged.
type Level uint8

// The levels, mildest first.
const (
	LevelUnknown Level = iota
	LevelDebug
	LevelInfo
	LevelWarning
	LevelError
	LevelCritical
)

var levelNames = [...]string{"unknown", "debug", "info", "warning", "error", "critical"}

// String returns the lower-case name.
func (l Level) String() string { return levelNames[min(int(l), len(levelNames)-1)] }

// ParseLevel reads the name of a level as programs write it, in any case; other
// words are LevelUnknown.
func ParseLevel(word string) Level {
	var lower [len("information")]byte
	if len(word) == 0 || len(word) > len(lower) {
		return LevelUnknown
	}
	for i := range len(word) {
		lower[i] = word[i]
		if word[i] >= 'A' && word[i] <= 'Z' {
			lower[i] |= 0x20
		}
	}
	switch string(lower[:len(word)]) {
	case "debug", "trace", "dbg", "verbose", "fine", "finer", "finest", "d":
		return LevelDebug
	case "info", "information", "notice", "inf", "note", "log", "i", "statement":
		return LevelInfo
	case "warn", "warning", "wrn", "w":
		return LevelWarning
	case "error", "err", "severe", "failure", "e", "eror":
		return LevelError
	case "fatal", "crit", "critical", "alert", "emerg", "emergency", "panic", "f":
		return LevelCritical
	}
	return LevelUnknown
}

// isLevel reports whether a word of a header is a level; single letters are
// not, they are too often something else.
func isLevel(word string) bool { return len(word) > 2 && ParseLevel(word) != LevelUnknown }

// levelOfNumber reads the numbers of pino and bunyan (10 to 60) and of syslog
// (0 to 7).
func levelOfNumber(n float64) Level {
	switch {
	case n >= 60:
		return LevelCritical
	case n >= 50:
		return LevelError
	case n >= 40:
		return LevelWarning
	case n >= 30:
		return LevelInfo
	case n >= 10:
		return LevelDebug
	case n < 0:
		return LevelUnknown
	}
	syslog := [...]Level{LevelCritical, LevelCritical, LevelCritical, LevelError, LevelWarning, LevelInfo, LevelInfo, LevelDebug, LevelDebug, LevelDebug}
	return syslog[int(n)]
}
