package filekind

// maxNesting bounds brackets within brackets, and the marks of lists within lists on one line.
const maxNesting = 400

// maxLength bounds texts whose parsers take a time, or a memory, that grows faster than the text, in bytes.
var maxLength = map[Kind]int{Shell: 256 << 10, YAML: 1 << 20, Go: 4 << 20}

// maxOther bounds all others, in bytes.
const maxOther = 8 << 20

// Bounded says that a text is short and shallow enough for the parsers of its kind. They recurse, and 40 kB of "- " take
// the YAML parser 1 GB.
func Bounded(kind Kind, text string) bool {
	limit, ok := maxLength[kind]
	if !ok {
		limit = maxOther
	}
	if len(text) > limit {
		return false
	}
	depth, marks := 0, 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth = max(0, depth-1)
		case '\n':
			marks = 0
		case '-', '?', ':', '&', '!', '*':
			if i+1 < len(text) && text[i+1] == ' ' && kind == YAML {
				marks++
			}
		}
		if depth > maxNesting || marks > maxNesting {
			return false
		}
	}
	return true
}
