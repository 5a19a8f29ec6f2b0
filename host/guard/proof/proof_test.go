package proof

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/examples/harness/loopback"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a script waits for what must happen; it is long because test machines can be slow.
const patience = 2 * time.Minute

// build makes the programs of the scripts in a folder: homeostat, its bad variants, a service and a detector.
func build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	homeostat := filepath.Join(dir, "homeostat")
	for _, b := range []struct{ out, from, flags string }{
		{"homeostat", "../../cmd/homeostat", ""},
		{"variant-exit", "./testdata/variant", "-X main.how=exit -X main.real=" + homeostat},
		{"variant-hang", "./testdata/variant", "-X main.how=hang -X main.real=" + homeostat},
		{"shop-store", "../../../examples/shop/cmd/shop-store", ""},
		{"plugins/crasher", "./testdata/crasher", ""},
		{"crasher-bad", "./testdata/crasher", "-X main.how=crash"},
	} {
		cmd := exec.Command("go", "build", "-tags", "grpcnotrace", "-ldflags", "-s -w "+b.flags, "-o", filepath.Join(dir, b.out), b.from)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go build %s: %v\n%s", b.from, err, out)
		}
	}
	// A good new program is the old one with a byte behind its end, which no loader minds.
	program, err := os.ReadFile(homeostat)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "better"), append(program, '\n'), 0o755); err != nil {
		t.Fatal(err)
	}
	// Root's plugins run as another user, who has to get there.
	for at := dir; at != os.TempDir() && at != "/"; at = filepath.Dir(at) {
		if err := os.Chmod(at, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestSelf(t *testing.T) {
	built := build(t)
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("BUILT", built)
			env.Setenv("BOOT", strings.TrimSpace(string(boot)))
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("PATH", built+":"+env.Getenv("PATH"))
			return reserve(env, "HTTP", "STORE", "STOREMETRICS")
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"expand": expand, "until": until, "endings": endings, "pid": pid, "awaitsame": awaitSame, "slay": slay, "spoil": spoil,
			"approve": newest("approval", "approve"), "rollback": newest("change", "rollback"),
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
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(os.Expand(ts.ReadFile(name), ts.Getenv)), 0o600))
	}
}

// output runs a command in the folder of the script.
func output(ts *testscript.TestScript, args ...string) []byte {
	path := args[0]
	if path == "homeostat" {
		path = filepath.Join(ts.Getenv("BUILT"), path)
	}
	cmd := exec.Command(path, args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	out, _ := cmd.CombinedOutput() // what it says is looked at
	return out
}

// until REGEXP COMMAND... runs a command until its output matches.
func until(ts *testscript.TestScript, _ bool, args []string) {
	pattern := regexp.MustCompile("(?s)" + args[0])
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		out := output(ts, args[1:]...)
		if pattern.Match(out) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%v did not print %q within %v; the last output was:\n%s", args[1:], args[0], patience, out)
		}
	}
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

// pid NAME FILE writes the process id of a component to a file.
func pid(ts *testscript.TestScript, _ bool, args []string) {
	var shown struct {
		PID int `json:"pid"`
	}
	ts.Check(json.Unmarshal(output(ts, "homeostat", "component", "show", args[0], "--json"), &shown))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(fmt.Sprint(shown.PID)), 0o600))
}

// newest returns a command that does something to the newest change.
func newest(words ...string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, _ []string) {
		var list struct {
			Items []struct {
				ID string `json:"id"`
			} `json:"items"`
		}
		ts.Check(json.Unmarshal(output(ts, "homeostat", "change", "list", "--json"), &list))
		if len(list.Items) == 0 {
			ts.Fatalf("there is no change")
		}
		ts.Check(ts.Exec("homeostat", append(words, list.Items[0].ID)...))
	}
}

// awaitsame FILE FILE waits until two files hold the same.
func awaitSame(ts *testscript.TestScript, _ bool, args []string) {
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		a, err := os.ReadFile(ts.MkAbs(args[0]))
		ts.Check(err)
		b, err := os.ReadFile(ts.MkAbs(args[1]))
		ts.Check(err)
		if bytes.Equal(a, b) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s and %s are not the same within %v", args[0], args[1], patience)
		}
	}
}

// slay PIDFILE kills the process of a file.
func slay(ts *testscript.TestScript, _ bool, args []string) {
	var pid int
	_, err := fmt.Sscan(ts.ReadFile(args[0]), &pid)
	ts.Check(err)
	ts.Check(syscall.Kill(pid, syscall.SIGKILL))
}

// spoil FILE-PATTERN FROM TO replaces a text in the one file that matches.
func spoil(ts *testscript.TestScript, _ bool, args []string) {
	found, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(found) != 1 {
		ts.Fatalf("%s matches %d files", args[0], len(found))
	}
	data, err := os.ReadFile(found[0])
	ts.Check(err)
	text := strings.Replace(string(data), args[1], args[2], 1)
	if text == string(data) {
		ts.Fatalf("%s does not hold %q", found[0], args[1])
	}
	ts.Check(os.WriteFile(found[0], []byte(text), 0o600))
}
