// Package record reads what a log line says apart from its words: where the
// message begins behind the time, the name and the level, how bad the program
// itself found it, and whether the line goes on with the one before.
//
// It owns the shapes of lines: plain with a header, JSON, logfmt, stack traces.
// It learns nothing and has no state but that of a Joiner, which is used from
// one goroutine.
package record

import "strings"

// MaxBytes is how much of a line is looked at.
const MaxBytes = 16 << 10

// Record is what one line says.
type Record struct {
	// Level is how bad the program found it, LevelUnknown where it does not say.
	Level Level
	// Message is the line without its header, or the message of a structured
	// line. It is never empty when the line is not.
	Message string
}

// Parse reads a line. Whatever it cannot read is its own message.
func Parse(line string) Record {
	line = line[:min(len(line), MaxBytes)]
	trimmed := strings.TrimSpace(line)
	if strings.HasPrefix(trimmed, "{") && strings.HasSuffix(trimmed, "}") {
		if r, ok := parseJSON(trimmed); ok {
			return r
		}
	}
	if i := strings.IndexByte(line, '='); i > 0 && (strings.Contains(line[max(0, i-len("message")):], "msg=") || strings.Contains(line[max(0, i-len("message")):], "message=")) {
		if r, ok := parseLogfmt(line); ok {
			return r
		}
	}
	return parsePlain(line)
}
