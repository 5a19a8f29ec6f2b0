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
	// sure is up to where all words belong to the header.
	sure int
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
	for start < len(h.line) && isFiller(h.line[start]) {
		start++
	}
	if start == len(h.line) {
		return false
	}
	switch h.line[start] {
	case '[':
		return h.bracket(start, ']')
	case '<':
		return h.bracket(start, '>')
	case '(':
		return h.bracket(start, ')')
	}
	end := start
	for end < len(h.line) && h.line[end] != ' ' && h.line[end] != '\t' && h.line[end] != '|' {
		end++
	}
	if end > h.sure && !h.word(h.line[start:end], end) {
		return false
	}
	h.at = end
	return true
}

func isFiller(b byte) bool { return b == ' ' || b == '\t' || b == '-' || b == '|' || b == ':' }

// word reports whether the word belongs to the header; end is where it ends.
func (h *header) word(text string, end int) bool {
	w := look(strings.TrimRight(text, ":,"))
	rest := h.line[end:]
	switch {
	case h.named:
		return h.takeLevel(w)
	case w.time() || !h.timed && w.epoch(rest) || h.at == 0 && w.joints >= 2 && w.identifier():
		h.timed = true
		return true
	case isDatePart(w.text, rest), h.takeLevel(w):
		return true
	case !h.timed, w.number():
		return w.number() && (h.level == LevelUnknown || strings.HasPrefix(rest, " ---"))
	case w.name() && strings.HasSuffix(text, ":"):
		h.named = true
		return true
	case h.level == LevelUnknown:
		return h.leadsOn(w, end)
	}
	return w.dots > 0 && w.name() && !strings.Contains(w.text, "(")
}

// takeLevel takes the first level of the header.
func (h *header) takeLevel(w word) bool {
	if h.level != LevelUnknown || !isLevel(w.text) || !h.timed && w.any&isLower != 0 {
		return false
	}
	h.level = ParseLevel(w.text)
	h.timed = h.timed || h.at > 0 // numbers and a level: they were the time
	return true
}

// leadsOn reports whether the word is a host, a program or a facility: a level
// or a name with a colon follows within few words, or it stands in columns. The
// words up to there are sure to belong to the header.
func (h *header) leadsOn(w word, end int) bool {
	if !w.name() && !w.identifier() {
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
		text, after, _ := strings.Cut(rest, " ")
		next := look(strings.TrimRight(text, ":"))
		switch {
		case text == "-", text == "kernel:", next.name() && strings.HasSuffix(text, "]:"), isLevel(next.text) && next.any&isLower == 0:
			h.sure = len(h.line) - len(rest)
			return true
		case !next.facility() && !next.identifier():
			return false
		}
		rest = after
	}
	return false
}

// bracket takes [ … ], < … > or ( … ) when it holds a time, a level, a number
// or an identifier, as headers do.
func (h *header) bracket(start int, closing byte) bool {
	const longest = 200
	n := strings.IndexByte(h.line[start:min(len(h.line), start+longest)], closing)
	if n < 0 {
		return false
	}
	inside := strings.TrimSpace(h.line[start+1 : start+n])
	w := look(inside)
	switch {
	case isLevel(inside):
		h.level = ParseLevel(inside)
	case w.digits >= dateDigits && isDate(inside), w.uptime():
		h.timed = true
	case h.timed && (inside == "" || inside == "-" || w.number() || isRequest(inside)):
	default:
		return false
	}
	h.at = start + n + 1
	return true
}
