package schema

import "slices"

// Problem is one thing that is wrong with a text, at one key.
type Problem struct {
	// Line counts from 1. For a key that is missing it is the line of the table that lacks it.
	Line int
	// Path names the key as in `component[0].probe[1].interval`; empty for the text as a whole.
	Path string
	// Text says what is wrong, without path and line.
	Text string
	// Hint says what to do next; it may be empty.
	Hint string
}

// String returns path, text and hint as one sentence, without the line.
func (p Problem) String() string {
	sentence := p.Text
	if p.Path != "" {
		sentence = p.Path + ": " + sentence
	}
	if p.Hint != "" {
		sentence += "; " + p.Hint
	}
	return sentence
}

// sortProblems puts problems in the order of the text; problems of one line keep the order in which they were found.
func sortProblems(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int { return a.Line - b.Line })
}
