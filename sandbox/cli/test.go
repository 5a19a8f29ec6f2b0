package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/sandbox"
	"github.com/homeostat/homeostat/sandbox/gotest"
)

type testFlags struct {
	limitFlags
	denyFlags
	root   string
	checks []string
	noGo   bool
}

func testCommand(o *Options) *cobra.Command {
	var f testFlags
	cmd := &cobra.Command{
		Use:   "test CHANGE",
		Short: "Run the checks of a change over the candidate",
		Long: `Run the checks of a change over the candidate: the root as it would look with the
change applied. CHANGE is a folder that mirrors the root, or the id of a recorded
change. Checks are those of the root and --check; the tests of changed Go packages
run too. What fails on the current tree as well only warns.

Ends with 0 when all is allowed, 3 when a check blocks the change, 5 when a check
could not decide, 125 when a check was refused.`,
		Example: `  homeostat sandbox test ./my-change --root shop
  homeostat sandbox test ./my-change --root /srv/shop --check json.wasm
  homeostat sandbox test mod_abc123 --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &Exit{exitUsage, "give one change, as a folder or an id"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return code(f.run(cmd, o, args[0])) },
	}
	f.limitFlags.add(cmd, o)
	f.denyFlags.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.root, "root", "", "root of the change: a name of the config or a folder; default what its change.toml says")
	flags.StringArrayVar(&f.checks, "check", nil, "module to run as a check beside the root's own")
	flags.BoolVar(&f.noGo, "no-go", false, "do not run the tests of changed Go packages")
	return cmd
}

// line is the result of one check.
type line struct {
	Check   string          `json:"check"`
	Outcome sandbox.Outcome `json:"outcome"`
	Message string          `json:"message,omitempty"`
	Report  any             `json:"report"`
}

func (f *testFlags) run(cmd *cobra.Command, o *Options, change string) error {
	limits, err := f.finish(cmd, o)
	if err != nil {
		return err
	}
	c, err := f.candidate(cmd, o, change)
	if err != nil {
		return err
	}
	s, err := f.open(cmd)
	if err != nil {
		return err
	}
	var lines []line
	for _, p := range c.Checks {
		p.Args = append(p.Args, c.Paths...)
		r, err := s.Compare(cmd.Context(), p, limits, c.View)
		if err != nil {
			return err
		}
		lines = append(lines, line{r.Candidate.Program, r.Outcome, checkMessage(r.Candidate), r})
	}
	packages, err := f.testPackages(cmd, s, gotest.Suite{View: c.View, Limits: limits})
	if err != nil {
		return err
	}
	return f.show(cmd, append(lines, packages...))
}

func checkMessage(r sandbox.Report) string {
	parts := []string{}
	if r.Message != "" {
		parts = append(parts, r.Message)
	}
	for _, one := range r.Findings {
		parts = append(parts, fmt.Sprintf("%s:%d: %s", one.Path, one.Line, one.Message))
	}
	return strings.Join(parts, "; ")
}

// testPackages runs the tests of the Go packages that the change touches, if any.
func (f *testFlags) testPackages(cmd *cobra.Command, s *sandbox.Sandbox, suite gotest.Suite) ([]line, error) {
	suite.Packages = gotest.ChangedPackages(suite.View)
	if f.noGo || len(suite.Packages) == 0 {
		return nil, nil
	}
	work, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	if f.cache != "" {
		work = f.cache
	}
	runner, err := gotest.New(s, gotest.Settings{WorkDir: filepath.Join(work, "homeostat-gotest")})
	if err != nil {
		return nil, err
	}
	compared, err := runner.Compare(cmd.Context(), suite)
	if err != nil {
		return nil, err
	}
	var lines []line
	for _, c := range compared {
		message := c.Candidate.Message
		if len(c.Broken) > 0 {
			message += "; newly failing: " + strings.Join(c.Broken, ", ")
		}
		lines = append(lines, line{"go test ./" + c.Package, c.Outcome, message, c})
	}
	return lines, nil
}

func (f *testFlags) show(cmd *cobra.Command, lines []line) error {
	out := cmd.OutOrStdout()
	if f.json {
		if err := printJSON(out, lines); err != nil {
			return err
		}
	} else if err := printLines(out, lines); err != nil {
		return err
	}
	worst := sandbox.Allowed
	for _, l := range lines {
		if l.Outcome == sandbox.Blocked || (l.Outcome == sandbox.Undecided && worst != sandbox.Blocked) {
			worst = l.Outcome
		}
	}
	switch {
	case len(lines) == 0:
		return &Exit{exitUndecided, "no check looked at this change: give --check, or checks in the root's config"}
	case worst == sandbox.Blocked:
		return &Exit{exitBlocked, "blocked: a check fails that passes on the current tree"}
	case worst == sandbox.Undecided:
		return &Exit{exitUndecided, "undecided: a check could not decide, so a person must"}
	}
	return nil
}

func printLines(w io.Writer, lines []line) error {
	for _, l := range lines {
		text := fmt.Sprintf("%-10s %s", l.Outcome, l.Check)
		if l.Message != "" {
			text += ": " + l.Message
		}
		if _, err := fmt.Fprintln(w, text); err != nil {
			return fmt.Errorf("print results: %w", err)
		}
	}
	return nil
}

// candidate reads the change from its folder, or asks the daemon for it.
func (f *testFlags) candidate(cmd *cobra.Command, o *Options, change string) (Candidate, error) {
	var c Candidate
	info, err := os.Stat(change)
	switch {
	case err == nil && info.IsDir():
		c, err = f.fromFolder(cmd, o, change)
	case o.Resolver != nil:
		c, err = o.Resolver.Change(cmd.Context(), change)
	default:
		err = &sandbox.Refused{Reason: change + " is no folder", Hint: "without a daemon only a change folder can be tested"}
	}
	if err != nil {
		return c, err
	}
	for _, module := range f.checks {
		c.Checks = append(c.Checks, sandbox.Program{Path: module})
	}
	c.View.Deny = append(f.globs(), c.View.Deny...)
	return c, nil
}

func (f *testFlags) fromFolder(cmd *cobra.Command, o *Options, dir string) (Candidate, error) {
	d, err := readDescription(dir)
	if err != nil {
		return Candidate{}, &sandbox.Refused{Reason: err.Error()}
	}
	c, err := f.rootOf(cmd, o, d)
	if err != nil {
		return c, err
	}
	if c.View.Staged, err = loadFolder(dir, c.View.Lower, d); err != nil {
		return c, &sandbox.Refused{Reason: err.Error()}
	}
	c.Checks = append(c.Checks, d.programs(dir)...)
	if len(c.View.Staged) == 0 {
		return c, &sandbox.Refused{Reason: dir + " changes nothing", Hint: "put files, *.diff or a change.toml into it"}
	}
	for _, s := range c.View.Staged {
		c.Paths = append(c.Paths, s.Path)
	}
	return c, nil
}

// rootOf finds the root: a folder that exists and is given as a path, else a name.
func (f *testFlags) rootOf(cmd *cobra.Command, o *Options, d description) (Candidate, error) {
	name := pick(f.root, d.Root)
	if strings.ContainsRune(name, filepath.Separator) || (name != "" && o.Resolver == nil) {
		dir, err := filepath.Abs(name)
		if err != nil {
			return Candidate{}, err
		}
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return Candidate{}, &sandbox.Refused{Reason: "root " + name + " is no folder", Hint: "give the path of the root's folder"}
		}
		return Candidate{View: sandbox.View{Lower: dir}}, nil
	}
	if o.Resolver == nil {
		return Candidate{}, &sandbox.Refused{Reason: "no root given", Hint: "give --root with the folder that the change is for"}
	}
	return o.Resolver.Root(cmd.Context(), name)
}
