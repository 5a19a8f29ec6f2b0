package record

import (
	"encoding/json"
	"strings"
)

// The fields that hold a message and a level, in the order in which they are
// tried.
var (
	messageFields = [...]string{"msg", "message", "MESSAGE", "@message", "log", "text", "event", "error", "err"}
	levelFields   = [...]string{"level", "lvl", "severity", "@level", "log.level", "PRIORITY", "levelname"}
)

// parseJSON reads an object in one line.
func parseJSON(line string) (Record, bool) {
	var fields map[string]any
	if json.Unmarshal([]byte(line), &fields) != nil {
		return Record{}, false
	}
	r := Record{}
	for _, name := range messageFields {
		if text, ok := fields[name].(string); ok && strings.TrimSpace(text) != "" {
			r.Message = strings.TrimSpace(text)
			break
		}
	}
	for _, name := range levelFields {
		switch v := fields[name].(type) {
		case string:
			r.Level = ParseLevel(v)
		case float64:
			r.Level = levelOfNumber(v)
		}
		if r.Level != LevelUnknown {
			break
		}
	}
	return r, r.Message != ""
}

// parseLogfmt reads key=value pairs.
func parseLogfmt(line string) (Record, bool) {
	r, pairs := Record{}, 0
	for rest := line; rest != ""; {
		var key, value string
		key, value, rest = nextPair(rest)
		if key == "" {
			continue
		}
		pairs++
		switch key {
		case "msg", "message":
			r.Message = strings.TrimSpace(value)
		case "level", "lvl", "severity":
			r.Level = ParseLevel(value)
		}
	}
	return r, r.Message != "" && pairs > 1
}

// nextPair cuts the next word off, and its key and value if it has them.
func nextPair(s string) (key, value, rest string) {
	s = strings.TrimLeft(s, " \t")
	i := strings.IndexAny(s, "= \t\"")
	switch {
	case i < 0:
		return "", "", ""
	case i == 0 || s[i] != '=':
		return "", "", s[i+1:]
	}
	key, s = s[:i], s[i+1:]
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, " ")
		return key, value, rest
	}
	for j := 1; j < len(s); j++ {
		switch s[j] {
		case '\\':
			j++
		case '"':
			return key, strings.ReplaceAll(s[1:j], `\"`, `"`), s[j+1:]
		}
	}
	return key, s[1:], ""
}
