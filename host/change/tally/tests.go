package tally

import (
	"strings"

	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/sandbox"
	"github.com/homeostat/homeostat/sandbox/gotest"
)

// Tests counts one package. A package that fails as before is blocked all the same when a test of it newly fails.
func (t *Tally) Tests(c gotest.Comparison) {
	name, text := "go test "+c.Package, c.Candidate.Message
	current := record.Inconclusive
	if c.Current != nil {
		current = record.Verdict(c.Current.Verdict)
	}
	if len(c.Broken) > 0 {
		text = strings.TrimPrefix(text+"; newly failing: "+strings.Join(c.Broken, ", "), "; ")
	}
	if c.Outcome == sandbox.Blocked {
		current = record.Pass
	}
	t.Note(name, current, record.Verdict(c.Candidate.Verdict), text)
}
