package record

import "strings"

const (
	// maxHeader is how many words a header has at most.
	maxHeader = 16
	// dateDigits is how many digits a time has at least.
	dateDigits = 4
)

// header walks over the words in front of a message.
type header struct {
	line  string
	at    int
	level Level
	// timed reports that a time was seen, named that the name of a program was.
	timed, named bool
}

// parsePlain cuts the header off: a time, then hosts, numbers, names of
// programs and loggers, and the level. Without a time there is no header but a
// level.
func parsePlain(line string) Record {
	h := &header{line: line}
	for n := 0; n < maxHeader && h.next(); n++ {
	}
	message := strings.TrimLeft(line[h.at:], " \t:-|]")
	if message == "" || !h.timed && h.level == LevelUnknown {
		message = line
	}
	return Record{Level: h.level, Message: message}
}

// next takes one word if it belongs to the header.
func (h *header) next() bool {
	start := h.at
	for start < len(h.line) && strings.IndexByte(" \t-|:", h.line[start]) >= 0 {
		start++
	}
	if start == len(h.line) {
		return false
	}
	if h.line[start] == '[' || h.line[start] == '<' || h.line[start] == '(' {
		return h.bracket(start)
	}
	end := start
	for end < len(h.line) && strings.IndexByte(" \t|", h.line[end]) < 0 {
		end++
	}
	if !h.word(h.line[start:end], end) {
		return false
	}
	h.at = end
	return true
}

// word reports whether the word belongs to the header; end is where it ends.
func (h *header) word(word string, end int) bool {
	bare := strings.TrimRight(word, ":,")
	switch {
	case h.named:
		return h.takeLevel(bare)
	case isTime(bare) || !h.timed && isEpoch(bare, h.line[end:]) || h.at == 0 && hasTime(bare) && isIdentifier(bare):
		h.timed = true
		return true
	case isDatePart(bare, h.line[end:]):
		return true
	case h.takeLevel(bare):
		return true
	case !h.timed, isNumber(bare):
		return isNumber(bare) && (h.level == LevelUnknown || strings.HasPrefix(h.line[end:], " ---"))
	case strings.HasSuffix(word, ":") && isName(bare):
		h.named = true
		return true
	case h.level == LevelUnknown:
		return h.leadsOn(bare, end)
	}
	return strings.Contains(bare, ".") && isName(bare) && !strings.Contains(bare, "(")
}

// takeLevel takes the first level of the header.
func (h *header) takeLevel(word string) bool {
	if h.level != LevelUnknown || !isLevel(word) || !h.timed && word != strings.ToUpper(word) {
		return false
	}
	h.level = ParseLevel(word)
	h.timed = h.timed || h.at > 0 // numbers and a level: they were the time
	return true
}

// leadsOn reports whether the word is a host, a program or a facility: a level
// or a name with a colon follows within few words, or it stands in columns.
func (h *header) leadsOn(word string, end int) bool {
	if !isName(word) && !isIdentifier(word) {
		return false
	}
	rest := h.line[end:]
	if strings.HasPrefix(rest, "|") {
		return true
	}
	if strings.HasPrefix(rest, " - ") {
		h.named = true
		return true
	}
	const ahead = 6
	for range ahead {
		rest = strings.TrimLeft(rest, " \t")
		next, after, _ := strings.Cut(rest, " ")
		bare := strings.TrimRight(next, ":")
		switch {
		case next == "-" && h.timed:
			return true
		case isLevel(bare) && bare == strings.ToUpper(bare):
			return true
		case next == "kernel:", strings.HasSuffix(next, "]:") && isName(bare):
			return true
		case !isUpper(next) && !isIdentifier(next):
			return false
		}
		rest = after
	}
	return false
}

// bracket takes [ … ], < … > or ( … ) when it holds a time, a level, a number
// or an identifier, as headers do.
func (h *header) bracket(start int) bool {
	closing := map[byte]string{'[': "]", '<': ">", '(': ")"}[h.line[start]]
	n := strings.Index(h.line[start:], closing)
	const longest = 200
	if n < 0 || n > longest {
		return false
	}
	inside := strings.TrimSpace(h.line[start+1 : start+n])
	switch {
	case isLevel(inside):
		h.level = ParseLevel(inside)
	case isDate(inside):
		h.timed = true
	case h.timed && (inside == "" || inside == "-" || isNumber(inside) || requestID(inside)):
	case isUptime(inside):
		h.timed = true
	default:
		return false
	}
	h.at = start + n + 1
	return true
}
