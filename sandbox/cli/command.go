// Package cli is the command "sandbox" with its subcommands run and test.
//
// It owns flags, the reading of a change folder and how a report is shown. It does
// not own running (package sandbox) nor the changes that a daemon knows: those come
// through a Resolver. Commands keep no state between runs.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/sandbox"
	"github.com/homeostat/homeostat/sandbox/view"
)

// Candidate is a change made ready for its checks.
type Candidate struct {
	View sandbox.View
	// Checks are the root's and the change's, with what each must get beside the
	// changed paths.
	Checks []sandbox.Program
	// Paths are the changed paths, which every check gets as arguments.
	Paths []string
}

// Resolver finds the changes and roots of a daemon. It may be called once per
// command.
type Resolver interface {
	// Change returns the candidate of a recorded change.
	Change(ctx context.Context, id string) (Candidate, error)
	// Root returns the declared root of that name: its path and deny list in the
	// View, its checks. An empty name means the only root.
	Root(ctx context.Context, name string) (Candidate, error)
}

// Options is what a binary gives the command. The zero value works without a daemon
// and without config.
type Options struct {
	Resolver Resolver
	Limits   sandbox.Limits
	// Interpreters are those of config [sandbox.interpreters.NAME].
	Interpreters map[string]sandbox.Interpreter
	// CacheDir holds compiled modules; default a folder of the user's cache.
	CacheDir string
	// Load, when set, is called before a command runs, after the flags of the whole
	// program were read, and its answer takes the place of these options. Flags that
	// the user has given win over its limits.
	Load func() (Options, error)
}

// Exit is an error that carries the exit code of the process. An empty message
// prints nothing.
type Exit struct {
	Code    int
	Message string
}

// Error implements error.
func (e *Exit) Error() string { return e.Message }

// ExitCode is the code that the process should end with.
func (e *Exit) ExitCode() int { return e.Code }

// The exit codes of test beside those of the whole program: 3 refused, 5 needs a
// person.
const (
	exitUsage     = 2
	exitBlocked   = 3
	exitUndecided = 5
)

// Command returns the command "sandbox". Its errors have an ExitCode method where
// the code is not 1.
func Command(options ...Options) *cobra.Command {
	var o Options
	if len(options) > 0 {
		o = options[0]
	}
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Run a WASM program, or the checks of a change, where it can do no harm",
		Long: `Run a WASM program in a confined process over a copy-on-write view of a folder.
No daemon is needed. Nothing that the program does reaches the folder, the network
or the host.`,
	}
	run, test := runCommand(&o), testCommand(&o)
	cmd.AddCommand(run, test)
	if load := o.Load; load != nil {
		cmd.PersistentPreRunE = func(*cobra.Command, []string) (err error) {
			o, err = load()
			return err
		}
	}
	return cmd
}

// limitFlags are the flags that both subcommands share.
type limitFlags struct {
	limits                      sandbox.Limits
	memory, output, disk, cache string
	require                     []string
	json                        bool
}

func (f *limitFlags) add(cmd *cobra.Command, o *Options) {
	d := sandbox.DefaultLimits()
	f.limits = o.Limits
	flags := cmd.Flags()
	flags.StringVar(&f.memory, "memory", "", "linear memory and scratch files together (default "+size(pick(o.Limits.Memory, d.Memory))+")")
	flags.DurationVar(&f.limits.Timeout, "timeout", pick(o.Limits.Timeout, d.Timeout), "time until the program is killed")
	flags.StringVar(&f.output, "output", "", "most of stdout and of stderr that is taken (default "+size(pick(o.Limits.Output, d.Output))+")")
	flags.StringVar(&f.disk, "disk", "", "most that scratch files may hold (default "+size(pick(o.Limits.Disk, d.Disk))+")")
	flags.IntVar(&f.limits.Files, "files", pick(o.Limits.Files, d.Files), "files that the program may make")
	flags.IntVar(&f.limits.OpenFiles, "open-files", pick(o.Limits.OpenFiles, d.OpenFiles), "files that it may hold open")
	flags.StringSliceVar(&f.require, "require", nil, "guards without which nothing is run: seccomp, landlock, namespaces, other-user, no-new-privs, rlimits")
	flags.StringVar(&f.cache, "cache", o.CacheDir, "folder of compiled modules")
	flags.BoolVar(&f.json, "json", false, "print the whole report as JSON")
}

func pick[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// inherit takes the limits of the options where the user has given no flag.
func (f *limitFlags) inherit(cmd *cobra.Command, o *Options) {
	given := cmd.Flags().Changed
	if !given("timeout") {
		f.limits.Timeout = pick(o.Limits.Timeout, f.limits.Timeout)
	}
	if !given("files") {
		f.limits.Files = pick(o.Limits.Files, f.limits.Files)
	}
	if !given("open-files") {
		f.limits.OpenFiles = pick(o.Limits.OpenFiles, f.limits.OpenFiles)
	}
	f.limits.Memory, f.limits.Output, f.limits.Disk = o.Limits.Memory, o.Limits.Output, o.Limits.Disk
	f.limits.Require = o.Limits.Require
	f.cache = pick(f.cache, o.CacheDir)
}

// finish reads the flags that need parsing.
func (f *limitFlags) finish(cmd *cobra.Command, o *Options) (sandbox.Limits, error) {
	f.inherit(cmd, o)
	for _, s := range []struct {
		name, text string
		into       *int64
	}{{"memory", f.memory, &f.limits.Memory}, {"output", f.output, &f.limits.Output}, {"disk", f.disk, &f.limits.Disk}} {
		if s.text == "" {
			continue
		}
		n, err := parseSize(s.text)
		if err != nil {
			return f.limits, &Exit{exitUsage, fmt.Sprintf("--%s %s: %v", s.name, s.text, err)}
		}
		*s.into = n
	}
	guards, err := sandbox.ParseGuards(f.require)
	if err != nil {
		return f.limits, &Exit{exitUsage, "--require: " + err.Error()}
	}
	f.limits.Require = append(f.limits.Require, guards...)
	return f.limits, nil
}

// units are the endings of a size.
var units = []struct {
	name  string
	bytes int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

func parseSize(text string) (int64, error) {
	for _, u := range units {
		if digits, ok := strings.CutSuffix(text, u.name); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
			if err != nil || n < 0 || n > (1<<62)/u.bytes {
				break
			}
			return n * u.bytes, nil
		}
	}
	return 0, errors.New("want a size such as 256MiB, in B, KiB, MiB or GiB")
}

func size(n int64) string {
	for _, u := range units {
		if n >= u.bytes && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10) + "B"
}

// worthTelling is how long a compile takes before the user hears of it.
const worthTelling = 500 * time.Millisecond

// open opens the sandbox and shows on stderr that a first compile takes its time.
func (f *limitFlags) open(cmd *cobra.Command) (*sandbox.Sandbox, error) {
	dir := f.cache
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return nil, &Exit{exitUsage, "no folder for compiled modules: " + err.Error() + "; give --cache"}
		}
		dir = filepath.Join(user, "homeostat", "sandbox")
	}
	return sandbox.Open(sandbox.Settings{CacheDir: dir, Progress: tell(cmd.ErrOrStderr())})
}

// tell writes a line when a compile turns out to take its time, and further ones at
// ever longer intervals.
func tell(w io.Writer) func(sandbox.Progress) {
	next := worthTelling
	return func(p sandbox.Progress) {
		if p.Elapsed < next {
			return
		}
		next = 2 * p.Elapsed
		fmt.Fprintf(w, "compiling %s (%d KiB) for the first time: %.1f s\n", p.Program, p.Bytes>>10, p.Elapsed.Seconds())
	}
}

// code gives refusals and other errors of the sandbox their exit codes.
func code(err error) error {
	var refused *sandbox.Refused
	var exit *Exit
	switch {
	case err == nil, errors.As(err, &exit):
		return err
	case errors.As(err, &refused):
		return &Exit{refused.ExitCode(), "refused: " + refused.Error()}
	}
	return &Exit{1, err.Error()}
}

// denyFlags are what stays hidden from a program.
type denyFlags struct {
	own     []string
	showAll bool
}

func (d *denyFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&d.own, "deny", nil, "glob of paths that stay hidden")
	cmd.Flags().BoolVar(&d.showAll, "show-all", false, "do not hide private keys, password files and .git")
}

// globs joins what no check needs with the user's own list.
func (d *denyFlags) globs() []string {
	if d.showAll {
		return d.own
	}
	return append(view.DefaultDeny[:len(view.DefaultDeny):len(view.DefaultDeny)], d.own...)
}
