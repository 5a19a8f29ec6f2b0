package template

import (
	"bytes"
	"strings"

	"github.com/homeostat/homeostat/plugins/detector-logs/mask"
)

// Special tokens. A place is where words were found to vary; it takes up to
// maxGap tokens.
const (
	variable uint64 = 1
	place    uint64 = 2
	maxGap          = 3
	// maxWords is how many tokens of a line take part in the search for places.
	maxWords = 64
)

// hashTokens sets m.tokens from the last scanned line.
func (m *Miner) hashTokens() {
	m.tokens = m.tokens[:0]
	key := m.masker.Key()
	for len(key) > 0 && len(m.tokens) < maxWords {
		i := bytes.IndexByte(key, ' ')
		m.tokens = append(m.tokens, tokenOf(key[:i]))
		key = key[i+1:]
	}
}

// tokenOf hashes a word of a key with FNV-1a.
func tokenOf[T string | []byte](word T) uint64 {
	if word[0] == mask.Variable {
		return variable
	}
	h := uint64(14695981039346656037)
	for i := range len(word) {
		h = (h ^ uint64(word[i])) * 1099511628211
	}
	return max(h, place+1)
}

// patterns are the templates with places.
type patterns struct {
	// ends finds a pattern by its first and its last token, where a place stands
	// for anything.
	ends map[[2]uint64][]*Template
}

func newPatterns() patterns {
	return patterns{ends: map[[2]uint64][]*Template{}}
}

func endsOf(tokens []uint64) [2]uint64 { return [2]uint64{tokens[0], tokens[len(tokens)-1]} }

func (p *patterns) add(t *Template) {
	e := endsOf(t.tokens)
	p.ends[e] = append(p.ends[e], t)
}

func (p *patterns) remove(t *Template) {
	e := endsOf(t.tokens)
	list := p.ends[e]
	for i, other := range list {
		if other == t {
			p.ends[e] = append(list[:i:i], list[i+1:]...)
			break
		}
	}
	if len(p.ends[e]) == 0 {
		delete(p.ends, e)
	}
}

// find returns the first pattern that the tokens fit, or nil.
func (p *patterns) find(tokens []uint64) *Template {
	e := endsOf(tokens)
	for _, ends := range [...][2]uint64{e, {place, e[1]}, {e[0], place}, {place, place}} {
		for _, t := range p.ends[ends] {
			if fits(tokens, t.tokens) {
				return t
			}
		}
	}
	return nil
}

// fits reports whether the tokens are those of the pattern, with 1 to maxGap
// tokens, not only variables, for each place.
func fits(tokens, pattern []uint64) bool {
	for len(pattern) > 0 && pattern[0] != place {
		if len(tokens) == 0 || tokens[0] != pattern[0] {
			return false
		}
		tokens, pattern = tokens[1:], pattern[1:]
	}
	if len(pattern) == 0 {
		return len(tokens) == 0
	}
	for gap := 1; gap <= min(maxGap, len(tokens)); gap++ {
		if fits(tokens[gap:], pattern[1:]) {
			return true
		}
	}
	return false
}

// clip bounds the text of a template without cutting a character in two.
func clip(text string) string {
	if len(text) <= MaxText {
		return strings.ToValidUTF8(text, "\uFFFD")
	}
	return strings.ToValidUTF8(text[:MaxText-len("…")], "") + "…"
}

// withPlace shows a template whose place was found: the parts that both texts
// share, with a placeholder between them.
func withPlace(a, b string) string {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	n = strings.LastIndexByte(a[:n], ' ') + 1
	k := 0
	for k < min(len(a), len(b))-n && a[len(a)-1-k] == b[len(b)-1-k] {
		k++
	}
	rest := a[len(a)-k:]
	if i := strings.IndexAny(rest, " "); i >= 0 {
		rest = rest[i:]
	} else {
		rest = ""
	}
	return clip(a[:n] + mask.Placeholder + rest)
}
