package change

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/confined"
	"github.com/homeostat/homeostat/host/change/gate"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/syntax"
	"github.com/homeostat/homeostat/host/change/tally"
)

// sumUp says what the checks came to. A failure ends the change and is held against its author on that root.
func sumUp(t *tally.Tally, what string) outcome {
	switch {
	case len(t.Failed) > 0:
		return outcome{
			verdict: record.Fail, text: fmt.Sprintf("%s failed: %s", what, strings.Join(t.Failed, ", ")), details: t.Details,
			end: record.Failed, result: gate.Unsound, remember: true,
		}
	case t.Undecided > 0:
		return outcome{verdict: record.Inconclusive, text: fmt.Sprintf("%d of %d %s are inconclusive", t.Undecided, t.Asked, what), details: t.Details}
	case t.Warned > 0:
		return outcome{verdict: record.Warned, text: fmt.Sprintf("%d of %d %s fail as they did before", t.Warned, t.Asked, what), details: t.Details}
	case t.Asked == 0:
		return skipped("there are no " + what + " for these files")
	}
	return passed(fmt.Sprintf("all %d %s pass", t.Asked, what), t.Details...)
}

// validate runs the built-in syntax checks, and then the root's own programs over a view of the root.
func (r *run) validate(ctx context.Context) outcome {
	var t tally.Tally
	for _, c := range r.resolved.Changes {
		if c.After.Kind == candidate.File {
			checkSyntax(&t, r.root.Path, c)
		}
	}
	if len(t.Failed) > 0 {
		return sumUp(&t, "validators") // a program would say the same with more words
	}
	for _, command := range r.root.Native {
		r.native(ctx, &t, command)
	}
	if ctx.Err() != nil {
		return stopped()
	}
	return sumUp(&t, "validators")
}

// stopped is how a stage ends when the daemon does, before anything was touched.
func stopped() outcome {
	return outcome{verdict: record.Inconclusive, text: "the daemon was stopped before anything was touched", end: record.Failed}
}

// checkSyntax checks one file before and after. The whole path tells its kind.
func checkSyntax(t *tally.Tally, root string, c candidate.Change) {
	path := filepath.Join(root, c.Path)
	verdict, problems := syntax.Check(path, c.After.Content)
	if verdict == syntax.Skipped {
		return
	}
	before := syntax.Pass // a file that is new was not wrong before
	if c.Before.Kind == candidate.File && verdict != syntax.Pass {
		before, _ = syntax.Check(path, c.Before.Content)
	}
	t.Note("syntax of "+c.Path, record.Verdict(before), record.Verdict(verdict), tally.Problems(problems))
}

// native runs one program over the candidate, and over the present files where that decides.
func (r *run) native(ctx context.Context, t *tally.Tally, command []string) {
	name := strings.Join(command, " ")
	if r.p.opt.Native == nil {
		t.Note(name, record.Inconclusive, record.Inconclusive, "programs of the system cannot be confined here")
		return
	}
	job := confined.Job{Command: command, Root: r.root.Path, Ops: r.resolved.Ops}
	verdict, text := r.p.opt.Native.Run(ctx, job)
	current := record.Inconclusive
	if verdict == record.Fail {
		job.Ops = nil
		current, _ = r.p.opt.Native.Run(ctx, job)
	}
	t.Note(name, current, verdict, text)
}
