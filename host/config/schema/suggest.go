package schema

import (
	"fmt"
	"strings"
)

// DidYouMean returns a hint that names the one of known that is closest to word, or lists known where it is short and
// nothing is close, or is empty.
func DidYouMean(word string, known []string) string {
	lower := strings.ToLower(word)
	best, cost := "", len(word)/3+2
	for _, k := range known {
		c := distance(lower, strings.ToLower(k))
		if isAbbreviation(lower, k) {
			c = 1
		}
		if c < cost {
			best, cost = k, c
		}
	}
	const longestList = 12
	switch {
	case best != "":
		return fmt.Sprintf("did you mean %q?", best)
	case len(known) > 0 && len(known) <= longestList:
		return "known here: " + strings.Join(known, ", ")
	default:
		return ""
	}
}

// isAbbreviation reports whether word is the beginning of known, as "warn" is of "warning".
func isAbbreviation(word, known string) bool {
	const shortest = 3
	return len(word) >= shortest && strings.HasPrefix(known, word)
}

// distance counts the insertions, deletions, replacements and swaps of neighbours that turn a into b (optimal string
// alignment).
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replace := last[j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			row[j] = min(last[j]+1, row[j-1]+1, replace)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
