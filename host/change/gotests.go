package change

import (
	"context"
	"strings"

	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/staged"
	"github.com/homeostat/homeostat/host/change/tally"
	"github.com/homeostat/homeostat/sandbox/gotest"
)

// GoTester runs the tests of Go packages inside the sandbox; *gotest.Runner is the one of the daemon.
type GoTester interface {
	Compare(ctx context.Context, s gotest.Suite) ([]gotest.Comparison, error)
}

// testPackages runs the tests of the Go packages that the change touches, on the candidate and, where they do not pass,
// on the present files too.
func (r *run) testPackages(ctx context.Context, t *tally.Tally) {
	suite := gotest.Suite{View: staged.View(r.root.Path, r.root.Deny, r.resolved), Limits: r.p.opt.Settings().Sandbox}
	suite.Packages = gotest.ChangedPackages(suite.View)
	if len(suite.Packages) == 0 {
		return
	}
	all := "go test " + strings.Join(suite.Packages, " ")
	if r.p.opt.GoTests == nil {
		t.Note(all, record.Inconclusive, record.Inconclusive, "there is no Go toolchain on this host")
		return
	}
	compared, err := r.p.opt.GoTests.Compare(ctx, suite)
	if err != nil {
		t.Note(all, record.Inconclusive, record.Inconclusive, err.Error())
		return
	}
	for _, c := range compared {
		t.Tests(c)
	}
}
