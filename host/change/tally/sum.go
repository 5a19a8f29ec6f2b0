package tally

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/syntax"
)

// Syntax counts the syntax of one file of the root before and after. The whole path tells its kind.
func (t *Tally) Syntax(root string, c candidate.Change) {
	path := filepath.Join(root, c.Path)
	verdict, problems := syntax.Check(path, c.After.Content)
	if verdict == syntax.Skipped {
		return
	}
	before := syntax.Pass // a file that is new was not wrong before
	if c.Before.Kind == candidate.File && verdict != syntax.Pass {
		before, _ = syntax.Check(path, c.Before.Content)
	}
	t.Note("syntax of "+c.Path, record.Verdict(before), record.Verdict(verdict), Problems(problems))
}

// Sum says what the checks came to; what is what they are called, such as "validators".
func (t *Tally) Sum(what string) (record.Verdict, string) {
	switch {
	case len(t.Failed) > 0:
		return record.Fail, fmt.Sprintf("%s failed: %s", what, strings.Join(t.Failed, ", "))
	case t.Undecided > 0:
		return record.Inconclusive, fmt.Sprintf("%d of %d %s are inconclusive", t.Undecided, t.Asked, what)
	case t.Warned > 0:
		return record.Warned, fmt.Sprintf("%d of %d %s fail as they did before", t.Warned, t.Asked, what)
	case t.Asked == 0:
		return record.Skipped, "there are no " + what + " for these files"
	}
	return record.Pass, fmt.Sprintf("all %d %s pass", t.Asked, what)
}
