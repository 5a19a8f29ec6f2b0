package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/examples/harness/loopback"
	"github.com/homeostat/homeostat/host/change/confined"
	"github.com/homeostat/homeostat/host/change/txn/worker"
	"github.com/homeostat/homeostat/host/drill/launch"
	"github.com/homeostat/homeostat/host/drill/scratch"
	"github.com/homeostat/homeostat/sandbox"
)

// patience is how long a script waits for what the daemon is to do; it is long
// because test machines can be slow.
const patience = 2 * time.Minute

// built is the folder with the plugins and the example service.
var built string

func TestMain(m *testing.M) {
	// The daemon of a script starts its own program again, which is this one.
	sandbox.MaybeWorker()
	if worker.Asked() || confined.Asked() || scratch.Asked() || launch.Asked() {
		main()
	}
	testscript.Main(leakChecked{m}, map[string]func(){"homeostat": main, "receive": receive})
}

// leakChecked builds what the scripts need and looks for leaked goroutines.
type leakChecked struct{ m *testing.M }

// Run is called by testscript.Main in the test's own process only.
func (l leakChecked) Run() int {
	dir, err := os.MkdirTemp("", "homeostat-built")
	if err == nil {
		built = dir
		err = build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	code := l.m.Run()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func build(dir string) error {
	if err := os.Chmod(dir, 0o755); err != nil { // root's plugins run as another user
		return err
	}
	wasm := []string{"GOOS=wasip1", "GOARCH=wasm"}
	for _, b := range []struct {
		out, packages string
		env           []string
	}{
		{filepath.Join(dir, "plugins") + "/", "../../../plugins/...", nil},
		{dir + "/", "../../../examples/shop/cmd/...", nil},
		{filepath.Join(dir, "check.wasm"), "../../../examples/check-go", wasm},
	} {
		cmd := exec.Command("go", "build", "-o", b.out, b.packages)
		cmd.Env = append(os.Environ(), b.env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("go build %s: %w\n%s", b.packages, err, out)
		}
	}
	return nil
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("BUILT", built)
			env.Setenv("HOME", env.WorkDir)
			return reserve(env, "HTTP", "WEB", "WEBMETRICS", "STORE", "STOREMETRICS", "LINK")
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"expand":   expand,
			"until":    until,
			"hit":      hit,
			"gone":     gone,
			"spoil":    spoil,
			"endings":  endings,
			"ask":      ask,
			"answer":   answer,
			"approve":  newest("approval", "approve"),
			"confirm":  newest("change", "confirm"),
			"rollback": newest("change", "rollback"),
		},
	})
}

// reserve keeps ports for the servers of a script, and sets their numbers as variables.
func reserve(env *testscript.Env, names ...string) error {
	addresses, err := loopback.Reserve(len(names))
	for i, a := range addresses {
		env.Setenv(names[i], strings.TrimPrefix(a, "127.0.0.1:"))
	}
	return err
}

// expand FILE... replaces $NAME in files by the script's variables.
func expand(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		text := os.Expand(ts.ReadFile(name), ts.Getenv)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}

// until REGEXP COMMAND... runs a command until its output matches.
func until(ts *testscript.TestScript, neg bool, args []string) {
	pattern := regexp.MustCompile("(?s)" + args[0])
	deadline := time.Now().Add(patience)
	var out []byte
	for {
		cmd := exec.Command(args[1], args[2:]...)
		cmd.Dir, cmd.Env = ts.MkAbs("."), append(os.Environ(), "PATH="+ts.Getenv("PATH"), "HOME="+ts.Getenv("HOME"))
		out, _ = cmd.CombinedOutput()
		if pattern.Match(out) != neg {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%v did not print %q within %v; the last output was:\n%s", args[1:], args[0], patience, out)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

type shown struct {
	PID int `json:"pid"`
}

func componentPID(ts *testscript.TestScript, name string) int {
	cmd := exec.Command("homeostat", "component", "show", name, "--json")
	cmd.Dir, cmd.Env = ts.MkAbs("."), append(os.Environ(), "PATH="+ts.Getenv("PATH"), "HOME="+ts.Getenv("HOME"))
	out, err := cmd.Output()
	ts.Check(err)
	var c shown
	ts.Check(json.Unmarshal(out, &c))
	return c.PID
}

// hit SIGNAL NAME sends a signal to a component's process, and to nobody when
// there is none.
func hit(ts *testscript.TestScript, _ bool, args []string) {
	signals := map[string]syscall.Signal{"KILL": syscall.SIGKILL, "STOP": syscall.SIGSTOP, "TERM": syscall.SIGTERM}
	pid := componentPID(ts, args[1])
	if pid <= 1 {
		ts.Fatalf("component %s has no process", args[1])
	}
	ts.Setenv("HIT", strconv.Itoa(pid))
	ts.Check(syscall.Kill(pid, signals[args[0]]))
}

// gone PIDFILE waits until the process of a file has ended.
func gone(ts *testscript.TestScript, _ bool, args []string) {
	pid, err := strconv.Atoi(strings.TrimSpace(ts.ReadFile(args[0])))
	ts.Check(err)
	deadline := time.Now().Add(patience)
	for !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		if time.Now().After(deadline) {
			ts.Fatalf("process %d still runs", pid)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// spoil FILE-PATTERN FROM TO replaces a text in the one file that matches; \n
// stands for a new line.
func spoil(ts *testscript.TestScript, _ bool, args []string) {
	found, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(found) != 1 {
		ts.Fatalf("%s matches %d files", args[0], len(found))
	}
	data, err := os.ReadFile(found[0])
	ts.Check(err)
	newline := strings.NewReplacer(`\n`, "\n")
	text := strings.Replace(string(data), newline.Replace(args[1]), newline.Replace(args[2]), 1)
	if text == string(data) {
		ts.Fatalf("%s does not hold %q", found[0], args[1])
	}
	ts.Check(os.WriteFile(found[0], []byte(text), 0o600))
}

// endings CODE COMMAND... wants that exit code.
func endings(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	}
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("%v ended with code %d, want %s", args[1:], code, args[0])
	}
}

// newest returns a command that does something to the newest change.
func newest(words ...string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, _ []string) {
		cmd := exec.Command("homeostat", "change", "list", "--json")
		cmd.Dir, cmd.Env = ts.MkAbs("."), append(os.Environ(), "PATH="+ts.Getenv("PATH"), "HOME="+ts.Getenv("HOME"))
		out, err := cmd.Output()
		ts.Check(err)
		var list struct {
			Items []struct {
				ID string `json:"id"`
			} `json:"items"`
		}
		ts.Check(json.Unmarshal(out, &list))
		if len(list.Items) == 0 {
			ts.Fatalf("there is no change")
		}
		ts.Check(ts.Exec("homeostat", append(words, list.Items[0].ID)...))
	}
}
