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
	"github.com/homeostat/homeostat/sandbox"
)

// tally gathers the verdicts of several checks. A check that the present files fail as well does not block.
type tally struct {
	asked, warned, undecided int
	failed                   []string
	details                  []string
}

// note counts one check by the differential rule.
func (t *tally) note(name string, current, candidate record.Verdict, text string) {
	t.asked++
	line := name + ": " + text
	switch sandbox.Judge(toSandbox(current), toSandbox(candidate)) {
	case sandbox.Allowed:
	case sandbox.Warned:
		t.warned++
		line = name + " fails, as it does before the change: " + text
	case sandbox.Blocked:
		t.failed = append(t.failed, name)
	default:
		t.undecided++
		line = name + " is inconclusive: " + text
	}
	t.details = append(t.details, strings.TrimSuffix(line, ": "))
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

// outcome sums up. A failure ends the change and is held against its author on that root.
func (t *tally) outcome(what string) outcome {
	switch {
	case len(t.failed) > 0:
		return outcome{
			verdict: record.Fail, text: fmt.Sprintf("%s failed: %s", what, strings.Join(t.failed, ", ")), details: t.details,
			end: record.Failed, result: gate.Unsound, remember: true,
		}
	case t.undecided > 0:
		return outcome{verdict: record.Inconclusive, text: fmt.Sprintf("%d of %d %s are inconclusive", t.undecided, t.asked, what), details: t.details}
	case t.warned > 0:
		return outcome{verdict: record.Warned, text: fmt.Sprintf("%d of %d %s fail as they did before", t.warned, t.asked, what), details: t.details}
	case t.asked == 0:
		return skipped("there are no " + what + " for these files")
	}
	return passed(fmt.Sprintf("all %d %s pass", t.asked, what), t.details...)
}

// validate runs the built-in syntax checks, and then the root's own programs over a view of the root.
func (r *run) validate(ctx context.Context) outcome {
	var t tally
	for _, c := range r.resolved.Changes {
		if c.After.Kind == candidate.File {
			t.syntax(r.root.Path, c)
		}
	}
	if len(t.failed) > 0 {
		return t.outcome("validators") // a program would say the same with more words
	}
	for _, command := range r.root.Native {
		r.native(ctx, &t, command)
	}
	if ctx.Err() != nil {
		return stopped()
	}
	return t.outcome("validators")
}

// stopped is how a stage ends when the daemon does, before anything was touched.
func stopped() outcome {
	return outcome{verdict: record.Inconclusive, text: "the daemon was stopped before anything was touched", end: record.Failed}
}

// syntax checks one file before and after. The whole path tells its kind.
func (t *tally) syntax(root string, c candidate.Change) {
	path := filepath.Join(root, c.Path)
	verdict, problems := syntax.Check(path, c.After.Content)
	if verdict == syntax.Skipped {
		return
	}
	before := syntax.Pass // a file that is new was not wrong before
	if c.Before.Kind == candidate.File && verdict != syntax.Pass {
		before, _ = syntax.Check(path, c.Before.Content)
	}
	t.note("syntax of "+c.Path, record.Verdict(before), record.Verdict(verdict), describeProblems(problems))
}

// maxSaid bounds how many problems of one file are told.
const maxSaid = 5

func describeProblems(problems []syntax.Problem) string {
	var lines []string
	for _, p := range problems[:min(len(problems), maxSaid)] {
		lines = append(lines, fmt.Sprintf("line %d: %s", p.Line, p.Text))
	}
	return strings.Join(lines, "; ")
}

// native runs one program over the candidate, and over the present files where that decides.
func (r *run) native(ctx context.Context, t *tally, command []string) {
	name := strings.Join(command, " ")
	if r.p.opt.Native == nil {
		t.note(name, record.Inconclusive, record.Inconclusive, "programs of the system cannot be confined here")
		return
	}
	job := confined.Job{Command: command, Root: r.root.Path, Ops: r.resolved.Ops}
	verdict, text := r.p.opt.Native.Run(ctx, job)
	current := record.Inconclusive
	if verdict == record.Fail {
		job.Ops = nil
		current, _ = r.p.opt.Native.Run(ctx, job)
	}
	t.note(name, current, verdict, text)
}
