package signature

import (
	"regexp/syntax"
	"slices"
	"strings"
)

// filter finds the expressions that a line could match in one pass: each has
// texts of which one must be in the line, and each text is looked for only
// where its rarest two bytes stand.
type filter struct {
	// always are the expressions without such a text.
	always []int
	// pairs says for two bytes which texts to look for, 0 for none.
	pairs [1 << 16]uint16
	texts [][]text
}

// text must be in a line, or another one of the same expression.
type text struct {
	literal string
	// at is where in the text its pair stands.
	at    int
	entry int
}

func (f *filter) add(entry int, needed []string) {
	if len(needed) == 0 {
		f.always = append(f.always, entry)
		return
	}
	for _, literal := range needed {
		at := rarest(literal)
		pair := pairOf(literal[at], literal[at+1])
		if f.pairs[pair] == 0 {
			f.texts = append(f.texts, nil)
			f.pairs[pair] = uint16(len(f.texts))
		}
		n := f.pairs[pair] - 1
		f.texts[n] = append(f.texts[n], text{literal, at, entry})
	}
}

func pairOf(a, b byte) uint16 { return uint16(a)<<8 | uint16(b) }

// candidates appends the expressions that the line could match, in their order.
func (f *filter) candidates(line string, found []int) []int {
	found = append(found, f.always...)
	for i := 0; i+1 < len(line); i++ {
		n := f.pairs[pairOf(line[i], line[i+1])]
		if n == 0 {
			continue
		}
		for _, t := range f.texts[n-1] {
			if i >= t.at && strings.HasPrefix(line[i-t.at:], t.literal) && !slices.Contains(found, t.entry) {
				found = append(found, t.entry)
			}
		}
	}
	slices.Sort(found)
	return found
}

// byFrequency are the letters of English text, the most frequent first; all
// other bytes are rarer.
const byFrequency = " etaoinsrhldcumfpgwybvkxjqz"

// rarest returns where the rarest two bytes of the text stand.
func rarest(literal string) int {
	best, at := -1, 0
	for i := 0; i+1 < len(literal); i++ {
		if r := rarity(literal[i]) + rarity(literal[i+1]); r > best {
			best, at = r, i
		}
	}
	return at
}

func rarity(b byte) int {
	if i := strings.IndexByte(byFrequency, b); i >= 0 {
		return i
	}
	return len(byFrequency)
}

// needed returns texts of which at least one is in every match of the pattern,
// nil when there are none of two bytes and more.
func needed(pattern string) []string {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil
	}
	return literals(tree)
}

func literals(tree *syntax.Regexp) []string {
	switch tree.Op {
	case syntax.OpLiteral:
		if text := string(tree.Rune); tree.Flags&syntax.FoldCase == 0 && len(text) > 1 {
			return []string{text}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return literals(tree.Sub[0])
	case syntax.OpConcat:
		var best []string
		for _, sub := range tree.Sub {
			if found := literals(sub); shortest(found) > shortest(best) {
				best = found
			}
		}
		return best
	case syntax.OpAlternate:
		var all []string
		for _, sub := range tree.Sub {
			found := literals(sub)
			if found == nil {
				return nil
			}
			all = append(all, found...)
		}
		return all
	}
	return nil
}

// shortest is the length of the shortest text, 0 for none: the longer the
// texts, the fewer lines have them by chance.
func shortest(texts []string) int {
	n := 0
	for i, t := range texts {
		if i == 0 || len(t) < n {
			n = len(t)
		}
	}
	return n
}
