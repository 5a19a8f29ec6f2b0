package mask

// The classes of a byte. Inner characters join letters and digits to one chunk;
// marks separate chunks and are dropped.
const (
	mark = iota
	space
	letter
	digit
	inner
)

var class = func() (c [256]uint8) {
	for b := range c {
		switch {
		case b == ' ' || b >= '\t' && b <= '\r':
			c[b] = space
		case b >= '0' && b <= '9':
			c[b] = digit
		case b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80:
			c[b] = letter
		}
	}
	for _, b := range "._-/@+$\\~%" {
		c[b] = inner
	}
	return c
}()

// isHex reports whether the byte is a hexadecimal digit.
func isHex(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F'
}

// facts are what a chunk consists of.
type facts struct {
	letters, digits, dots, slashes, ats int
	// hex reports that all letters and digits are hexadecimal digits.
	hex bool
	// runs counts the runs of digits.
	runs int
}

// measure finds the end of the chunk at i. A run of dots, as in
// "enable......0", ends it.
func (m *Masker) measure(i int) (int, facts) {
	f := facts{hex: true}
	s := m.line
	for ; i < len(s); i++ {
		b := s[i]
		switch class[b] {
		case digit:
			f.digits++
			if i == 0 || class[s[i-1]] != digit {
				f.runs++
			}
		case letter:
			f.letters++
			f.hex = f.hex && isHex(b)
		case inner:
			if b == '.' && i+1 < len(s) && s[i+1] == '.' {
				return pastDots(s, i), f
			}
			f.inner(b)
		default:
			return i, f
		}
	}
	return i, f
}

func pastDots(s string, i int) int {
	for i < len(s) && s[i] == '.' {
		i++
	}
	return i
}

func (f *facts) inner(b byte) {
	switch b {
	case '.':
		f.dots++
	case '/', '\\':
		f.slashes++
	case '@':
		f.ats++
	}
}

// trim takes punctuation off both ends of a chunk. A plus or minus behind a word
// stays: "z+" and "z-" are different things.
func (m *Masker) trim(start, end int) (int, int) {
	for start < end && class[m.line[start]] == inner {
		start++
	}
	for start < end {
		b := m.line[end-1]
		if class[b] != inner || b == '+' || b == '-' {
			break
		}
		end--
	}
	return start, end
}

const (
	// longHex is how long a word of the letters a to f must be to count as a number.
	longHex = 8
	// nameLetters and nameDigits bound what is still a name with digits inside,
	// such as jk2_init or Slf4jLogger.
	nameLetters = 4
	nameDigits  = 2
)

// variable reports whether a chunk with these facts is no word.
func (f facts) variable(text string) bool {
	switch {
	case f.digits > 0:
		return !f.isName(text)
	case f.slashes >= 2, f.ats > 0 && f.letters > 1 && text[0] != '@':
		return true
	case f.hex && f.letters >= longHex:
		return true
	}
	return text == "true" || text == "false" || text == "null" || text == "nil" || text == "True" || text == "False" || text == "None"
}

// isName reports whether a chunk with digits is a name all the same: it begins
// and ends with a letter, and has few digits, in one place.
func (f facts) isName(text string) bool {
	return f.letters >= nameLetters && f.digits <= nameDigits && f.runs == 1 && !f.hex && f.slashes+f.ats+f.dots == 0 &&
		class[text[0]] == letter && class[text[len(text)-1]] == letter
}
