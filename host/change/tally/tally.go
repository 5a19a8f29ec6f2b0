// Package tally counts the verdicts of the checks of a change by the differential rule: what fails newly blocks, what fails
// as it did before warns.
//
// It keeps no state beyond a Tally, which is used by one goroutine, and runs no check but those of package syntax.
package tally

import (
	"fmt"
	"strings"

	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/syntax"
	"github.com/homeostat/homeostat/sandbox"
)

// Tally gathers the verdicts of several checks. The zero value has none.
type Tally struct {
	// Asked, Warned and Undecided count the checks: all, those that fail as before, and those that are inconclusive.
	Asked, Warned, Undecided int
	// Failed names the checks that block, Details has a sentence for each check.
	Failed, Details []string
}

// Note counts one check, with its verdicts on the present files and on the candidate.
func (t *Tally) Note(name string, current, candidate record.Verdict, text string) {
	t.Asked++
	line := name + ": " + text
	switch sandbox.Judge(toSandbox(current), toSandbox(candidate)) {
	case sandbox.Allowed:
	case sandbox.Warned:
		t.Warned++
		line = name + " fails, as it does before the change: " + text
	case sandbox.Blocked:
		t.Failed = append(t.Failed, name)
	default:
		t.Undecided++
		line = name + " is inconclusive: " + text
	}
	t.Details = append(t.Details, strings.TrimSuffix(line, ": "))
}

func toSandbox(v record.Verdict) sandbox.Verdict {
	switch v {
	case record.Pass, record.Warned:
		return sandbox.Pass
	case record.Fail:
		return sandbox.Fail
	}
	return sandbox.Inconclusive
}

// maxSaid bounds how many problems of one file are told.
const maxSaid = 5

// Problems puts what a syntax check found into a sentence.
func Problems(problems []syntax.Problem) string {
	var lines []string
	for _, p := range problems[:min(len(problems), maxSaid)] {
		lines = append(lines, fmt.Sprintf("line %d: %s", p.Line, p.Text))
	}
	return strings.Join(lines, "; ")
}

// Told puts a report of the sandbox into a sentence.
func Told(rep sandbox.Report) string {
	text := fmt.Sprintf("%s, exit %d", rep.Ending, rep.ExitCode)
	if rep.Message != "" {
		text = rep.Message
	}
	for _, f := range rep.Findings[:min(len(rep.Findings), maxSaid)] {
		text += fmt.Sprintf("; %s:%d: %s", f.Path, f.Line, f.Message)
	}
	return text
}
