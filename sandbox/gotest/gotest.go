// Package gotest runs the tests of Go packages inside the sandbox: it builds them
// for wasip1 with the toolchain confined, and runs them over the candidate.
//
// It owns the build, the reading of test output and the rule per test. It does not
// own what a candidate is: callers hand it a view. The build runs natively, without
// network and cgo, with the module cache read-only; nothing of the candidate itself
// runs outside the WASM machine. A Runner is safe for concurrent use.
package gotest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/homeostat/homeostat/sandbox"
	"github.com/homeostat/homeostat/sandbox/view"
)

// Settings says with what to build.
type Settings struct {
	// Go is the absolute path of the go command; default the one on PATH.
	Go string
	// ModCache is the module cache, only read; default that of the go command.
	ModCache string
	// WorkDir is a private folder for the build cache and for building; required.
	WorkDir string
	// Timeout bounds one build, default 5 min; Memory each of its processes, default
	// 2 GiB.
	Timeout time.Duration
	Memory  int64
}

// Runner builds and runs tests.
type Runner struct {
	sandbox *sandbox.Sandbox
	set     Settings
	goroot  string
}

// New checks the settings and asks the go command where it lives.
func New(s *sandbox.Sandbox, set Settings) (*Runner, error) {
	if set.Go == "" {
		found, err := exec.LookPath("go")
		if err != nil {
			return nil, errors.New("test Go packages: no go command on PATH; install Go or name it in the settings")
		}
		set.Go = found
	}
	if set.WorkDir == "" {
		return nil, errors.New("test Go packages: no folder to build in")
	}
	if set.Timeout == 0 {
		set.Timeout = 5 * time.Minute
	}
	if set.Memory == 0 {
		set.Memory = 2 << 30
	}
	goroot, err := ask(set.Go, "GOROOT")
	if err != nil {
		return nil, err
	}
	if set.ModCache == "" {
		if set.ModCache, err = ask(set.Go, "GOMODCACHE"); err != nil {
			return nil, err
		}
	}
	set.Go = filepath.Join(goroot, "bin", "go") // the command itself, not a link to it
	return &Runner{sandbox: s, set: set, goroot: goroot}, nil
}

func ask(goCommand, name string) (string, error) {
	cmd := exec.Command(goCommand, "env", name)
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN=local")
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("ask %s for %s: %w", goCommand, name, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// Suite is what to test.
type Suite struct {
	View sandbox.View
	// Packages are folders of the view, with slashes; "." is the top.
	Packages []string
	Limits   sandbox.Limits
}

// ChangedPackages lists the folders of v in which the change touches a Go file, a
// go.mod or testdata: the folder that holds testdata is the package.
func ChangedPackages(v sandbox.View) []string {
	seen := map[string]bool{}
	for _, s := range v.Staged {
		dir := path.Dir(s.Path)
		if at := strings.Index("/"+s.Path, "/testdata/"); at >= 0 {
			dir = path.Clean(strings.TrimSuffix(s.Path[:at], "/"))
			if at == 0 {
				dir = "."
			}
		} else if path.Ext(s.Path) != ".go" {
			continue
		}
		seen[dir] = true
	}
	var dirs []string
	for dir := range seen {
		dirs = append(dirs, dir)
	}
	sort.Strings(dirs)
	return dirs
}

// Result is how one package did.
type Result struct {
	Package string          `json:"package"`
	Verdict sandbox.Verdict `json:"verdict"`
	// Message says why there is no test result: the package did not build, has no
	// tests, or its run was cut off.
	Message string        `json:"message,omitempty"`
	Tests   []Test        `json:"tests,omitempty"`
	Build   time.Duration `json:"build_ns"`
	// Run is the report of the test binary; nil when it was not built.
	Run *sandbox.Report `json:"run,omitempty"`
}

// Run tests every package of s. The errors are those of sandbox.Run; a package that
// does not build fails, because the candidate's bytes decide that.
func (r *Runner) Run(ctx context.Context, s Suite) ([]Result, error) {
	v, err := s.View.Load()
	if err != nil {
		return nil, &sandbox.Refused{Reason: err.Error()}
	}
	s.View = v
	build, err := r.stage(v)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(build.dir) // leftovers are cleared by the next daemon's start of the folder
	var out []Result
	for _, dir := range s.Packages {
		one, err := r.runPackage(ctx, build, s, dir)
		if err != nil {
			return out, err
		}
		out = append(out, one)
	}
	return out, nil
}

func (r *Runner) runPackage(ctx context.Context, b *build, s Suite, dir string) (Result, error) {
	result := Result{Package: dir, Verdict: sandbox.Inconclusive}
	if !fs.ValidPath(dir) {
		return result, &sandbox.Refused{Reason: fmt.Sprintf("package folder %q: must be clean and inside the view", dir)}
	}
	module, built, err := r.build(ctx, b, s, dir)
	result.Build = built.Wall
	if err != nil {
		return result, err
	}
	switch {
	case built.Ending != sandbox.Exited:
		result.Message = "build: " + built.Message
		return result, nil
	case built.ExitCode != 0:
		result.Verdict, result.Message = sandbox.Fail, "does not build for wasip1: "+firstLines(built.Stderr, 20)
		return result, nil
	case module == nil:
		result.Verdict, result.Message = sandbox.Pass, "has no tests"
		return result, nil
	}
	report, err := r.sandbox.Run(ctx, program(dir, module), s.Limits, writable(s.View))
	if err != nil {
		return result, err
	}
	result.Run, result.Tests = &report, ParseTests(report.Stdout)
	result.Verdict, result.Message = judge(report, result.Tests)
	return result, nil
}

// writable lets tests write where they stand, in their own copy.
func writable(v sandbox.View) sandbox.View {
	v.Writable = true
	return v
}

func program(dir string, module []byte) sandbox.Program {
	cwd := path.Join("/", dir)
	return sandbox.Program{
		Name: path.Base(cwd) + ".test", Module: module,
		Args: []string{"-test.v=test2json", "-test.paniconexit0"},
		Env:  map[string]string{"PWD": cwd, "TMPDIR": "/" + view.Scratch, "HOME": "/" + view.Scratch, "TZ": "UTC"},
	}
}

// judge trusts the exit code for success only together with the tests' own lines: a
// binary that exits 0 without a word has tested nothing. A panic ends a test binary
// with 2, and that is a failure of the package.
func judge(r sandbox.Report, tests []Test) (sandbox.Verdict, string) {
	switch {
	case r.Ending != sandbox.Exited:
		return sandbox.Inconclusive, r.Message
	case r.ExitCode == 0 && !r.Truncated:
		return sandbox.Pass, ""
	case r.ExitCode == 0:
		return sandbox.Pass, "output cut off"
	case r.QuotaHit:
		return sandbox.Inconclusive, fmt.Sprintf("exit %d after a quota was hit", r.ExitCode)
	}
	return sandbox.Fail, fmt.Sprintf("exit %d, %d of %d tests failed", r.ExitCode, countFailed(tests), len(tests))
}

func firstLines(s string, n int) string {
	lines := strings.SplitN(s, "\n", n+1)
	return strings.TrimSpace(strings.Join(lines[:min(n, len(lines))], "\n"))
}
