package cli_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sandbox"
	"github.com/homeostat/homeostat/sandbox/cli"
	"github.com/homeostat/homeostat/sandbox/internal/modtest"
)

// noLeaks runs the tests and then looks for goroutines that are left.
type noLeaks struct{ m *testing.M }

func (n noLeaks) Run() int {
	code := n.m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func TestMain(m *testing.M) {
	sandbox.MaybeWorker()
	testscript.Main(noLeaks{m}, map[string]func(){"homeostat": homeostat})
}

// homeostat is the binary as a user has it, with this command alone and one
// interpreter configured from the environment.
func homeostat() {
	root := &cobra.Command{Use: "homeostat", SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(cli.Command(cli.Options{
		CacheDir:     os.Getenv("CACHE"),
		Interpreters: map[string]sandbox.Interpreter{"cat": {WASM: os.Getenv("CAT_WASM")}},
	}))
	err := root.Execute()
	if err == nil {
		return
	}
	if text := err.Error(); text != "" {
		fmt.Fprintln(os.Stderr, "homeostat:", text)
	}
	var exit interface{ ExitCode() int }
	if errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	}
	os.Exit(1)
}

func TestScripts(t *testing.T) {
	modtest.NeedWAT(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("CACHE", filepath.Join(env.WorkDir, ".cache"))
			env.Setenv("CAT_WASM", filepath.Join(env.WorkDir, "cat.wasm"))
			user, err := os.UserCacheDir() // the build cache of Go tests is kept
			env.Setenv("XDG_CACHE_HOME", user)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exit": exitCode},
	})
}

// exitCode runs a command and wants the exit code given first.
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit CODE COMMAND ARGS")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	var exit interface{ ExitCode() int }
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("exit code: got %d, want %s", got, args[0])
	}
}
