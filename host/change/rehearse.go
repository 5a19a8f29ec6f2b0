package change

import (
	"context"
	"errors"
	"path/filepath"
	"slices"

	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/staged"
	"github.com/homeostat/homeostat/host/change/tally"
	"github.com/homeostat/homeostat/sandbox"
)

// rehearse runs the root's WASM checks, those that the change brings, and the tests of changed Go packages, on a
// copy-on-write view of the root with the candidate applied. The bytes of the view are pinned by their hashes: they are
// those that will be applied.
func (r *run) rehearse(ctx context.Context) outcome {
	var t tally.Tally
	for _, program := range r.root.Checks {
		name := filepath.Base(program.Path)
		c, err := r.compare(ctx, program)
		if err != nil {
			t.Note(name, record.Inconclusive, record.Inconclusive, err.Error())
			continue
		}
		current := record.Inconclusive
		if c.Current != nil {
			current = record.Verdict(c.Current.Verdict)
		}
		t.Note(name, current, record.Verdict(c.Candidate.Verdict), tally.Told(c.Candidate))
	}
	for _, brought := range r.candidate.Checks {
		r.checkBrought(ctx, &t, brought)
	}
	r.testPackages(ctx, &t)
	if ctx.Err() != nil {
		return stopped()
	}
	return counted(&t, "checks")
}

// checkBrought runs a check that the change brings. It was written for this change, so its failure blocks, whatever it says
// of the present files; and it excuses nothing that another check says.
func (r *run) checkBrought(ctx context.Context, t *tally.Tally, c candidate.Check) {
	name := c.Name + ", brought by the change,"
	compared, err := r.compare(ctx, sandbox.Program{Module: c.Module, Name: c.Name, SHA256: c.SHA256, Args: c.Args})
	if err != nil {
		t.Note(name, record.Pass, record.Inconclusive, err.Error())
		return
	}
	t.Note(name, record.Pass, record.Verdict(compared.Candidate.Verdict), tally.Told(compared.Candidate))
}

// errNoSandbox says why a check is inconclusive everywhere on this host.
var errNoSandbox = errors.New("there is no sandbox on this host")

func (r *run) compare(ctx context.Context, program sandbox.Program) (sandbox.Comparison, error) {
	if r.p.opt.Rehearser == nil {
		return sandbox.Comparison{}, errNoSandbox
	}
	program.Args = slices.Clone(program.Args)
	for _, p := range r.rec.Paths {
		program.Args = append(program.Args, p.Path)
	}
	return r.p.opt.Rehearser.Compare(ctx, program, r.p.opt.Settings().Sandbox, staged.View(r.root.Path, r.root.Deny, r.resolved))
}
