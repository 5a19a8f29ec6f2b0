package gotest_test

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/homeostat/homeostat/sandbox"
	"github.com/homeostat/homeostat/sandbox/gotest"
)

// suites asks for whole test suites of others, which take minutes.
var suites = flag.Bool("gotest.suites", false, "run the standard library's and toml's own tests inside the sandbox")

func TestSuitesOfOthersPassInside(t *testing.T) {
	if !*suites {
		t.Skip("takes minutes: make sandbox-suites")
	}
	goroot := goEnv(t, "GOROOT")
	for _, c := range []struct{ root, pkg string }{
		{goroot, "src/encoding/json"}, {goroot, "src/strings"}, {goroot, "src/text/template"},
		{moduleDir(t, "github.com/BurntSushi/toml"), "."},
	} {
		t.Run(c.pkg, func(t *testing.T) {
			l := sandbox.Limits{Memory: 1 << 30, Timeout: 10 * time.Minute, Output: 64 << 20, Disk: 256 << 20}
			got, err := runner(t).Run(t.Context(), gotest.Suite{View: sandbox.View{Lower: c.root}, Packages: []string{c.pkg}, Limits: l})
			if err != nil {
				t.Fatal(err)
			}
			r := got[0]
			if r.Verdict != sandbox.Pass || len(r.Tests) < 10 {
				t.Fatalf("got %s, %d tests: %s", r.Verdict, len(r.Tests), r.Message)
			}
			t.Logf("%d tests, build %v, compile %v, run %v", len(r.Tests), r.Build, r.Run.Compile, r.Run.Wall)
		})
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// moduleDir asks the go command where a module's source lies.
func moduleDir(t *testing.T, module string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-json", module).Output()
	if err != nil {
		t.Fatal(err)
	}
	var m struct{ Dir string }
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(m.Dir, "go.mod")); err != nil {
		t.Fatal(err)
	}
	return m.Dir
}
