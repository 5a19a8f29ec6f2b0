package change

import (
	"context"
	"strings"

	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/confined"
	"github.com/homeostat/homeostat/host/change/gate"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/tally"
)

// counted is what a stage of checks came to. A failure ends the change and is held against its author on that root.
func counted(t *tally.Tally, what string) outcome {
	out := outcome{details: t.Details}
	out.verdict, out.text = t.Sum(what)
	if out.verdict == record.Fail {
		out.end, out.result, out.remember = record.Failed, gate.Unsound, true
	}
	return out
}

// validate runs the built-in syntax checks, and then the root's own programs over a view of the root.
func (r *run) validate(ctx context.Context) outcome {
	var t tally.Tally
	var written []string
	for _, c := range r.resolved.Changes {
		if c.After.Kind == candidate.File {
			written = append(written, c.Path)
			t.Syntax(r.root.Path, c)
		}
	}
	if len(t.Failed) > 0 {
		return counted(&t, "validators") // a program would say the same with more words
	}
	for _, command := range r.root.Native {
		for _, one := range confined.Expand(command, written) {
			r.native(ctx, &t, one)
		}
	}
	if ctx.Err() != nil {
		return stopped()
	}
	return counted(&t, "validators")
}

// stopped is how a stage ends when the daemon does, before anything was touched.
func stopped() outcome {
	return outcome{verdict: record.Inconclusive, text: "the daemon was stopped before anything was touched", end: record.Failed}
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
