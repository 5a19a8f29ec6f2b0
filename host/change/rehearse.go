package change

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/tally"
	"github.com/homeostat/homeostat/sandbox"
)

// rehearse runs the root's WASM checks, and the tests of changed Go packages, on a copy-on-write view of the root with the candidate applied. The bytes of the
// view are pinned by their hashes: they are those that will be applied.
func (r *run) rehearse(ctx context.Context) outcome {
	var t tally.Tally
	for _, program := range r.root.Checks {
		r.check(ctx, &t, program)
	}
	r.testPackages(ctx, &t)
	if ctx.Err() != nil {
		return stopped()
	}
	return sumUp(&t, "checks")
}

func (r *run) check(ctx context.Context, t *tally.Tally, program sandbox.Program) {
	name := filepath.Base(program.Path)
	if r.p.opt.Rehearser == nil {
		t.Note(name, record.Inconclusive, record.Inconclusive, "there is no sandbox on this host")
		return
	}
	program.Args = slices.Clone(program.Args)
	for _, p := range r.rec.Paths {
		program.Args = append(program.Args, p.Path)
	}
	c, err := r.p.opt.Rehearser.Compare(ctx, program, r.p.opt.Settings().Sandbox, View(r.root, r.resolved))
	if err != nil {
		t.Note(name, record.Inconclusive, record.Inconclusive, err.Error())
		return
	}
	current := record.Inconclusive
	if c.Current != nil {
		current = record.Verdict(c.Current.Verdict)
	}
	t.Note(name, current, record.Verdict(c.Candidate.Verdict), tally.Told(c.Candidate))
}
