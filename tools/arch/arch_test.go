package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Limits on size: of a file in lines, of a package in lines of code, without
// blank lines and comments. A package beyond 1,000 should have a reason, beyond
// maxPackageLines there is none. Generated code does not count.
const (
	maxFileLines    = 600
	maxPackageLines = 2000
)

// larger are packages that may be larger still, and why.
var larger = map[string]int{
	"/host/cmd/homeostat/cli": 2600, // one file a subcommand, which share little
	"/host/change":            2200, // the stages share one run
}

const module = "github.com/homeostat/homeostat"

type goPackage struct {
	ImportPath   string
	Dir          string
	Doc          string
	Name         string
	GoFiles      []string
	TestGoFiles  []string
	XTestGoFiles []string
	Deps         []string
}

func listPackages(t *testing.T, args ...string) []goPackage {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Dir,Doc,Name,GoFiles,TestGoFiles,XTestGoFiles,Deps"}, args...)...)
	cmd.Dir = filepath.Join("..", "..")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %v: %v\n%s", args, err, stderr.String())
	}
	var list []goPackage
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

func isGenerated(path string) bool {
	head, err := os.ReadFile(path)
	const far = 4 << 10 // a generator puts the comment of its source first
	return err == nil && bytes.Contains(head[:min(len(head), far)], []byte("DO NOT EDIT"))
}

func lineCount(t *testing.T, path string) int {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(data, []byte("\n"))
}

// codeCount counts lines that are neither blank nor comment.
func codeCount(t *testing.T, path string) int {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			n++
		}
	}
	return n
}

func onlyGenerated(p goPackage) bool {
	for _, f := range p.GoFiles {
		if !isGenerated(filepath.Join(p.Dir, f)) {
			return false
		}
	}
	return true
}

func TestEveryPackageHasACommentThatSaysWhatItOwns(t *testing.T) {
	for _, p := range listPackages(t, "./...") {
		if !onlyGenerated(p) && len(p.Doc) < 40 {
			t.Errorf("%s: package comment %q says too little", p.ImportPath, p.Doc)
		}
	}
}

func TestFilesAndPackagesStaySmall(t *testing.T) {
	for _, p := range listPackages(t, "./...") {
		total := 0
		for _, f := range p.GoFiles {
			path := filepath.Join(p.Dir, f)
			if isGenerated(path) {
				continue
			}
			total += codeCount(t, path)
			if n := lineCount(t, path); n > maxFileLines {
				t.Errorf("%s: %d lines, at most %d are allowed", path, n, maxFileLines)
			}
		}
		limit := max(maxPackageLines, larger[strings.TrimPrefix(p.ImportPath, module)])
		if total > limit {
			t.Errorf("%s: %d lines of code, at most %d are allowed: split it", p.ImportPath, total, limit)
		}
		for _, f := range append(p.TestGoFiles, p.XTestGoFiles...) {
			if n := lineCount(t, filepath.Join(p.Dir, f)); n > maxFileLines {
				t.Errorf("%s: %d lines, at most %d are allowed", filepath.Join(p.Dir, f), n, maxFileLines)
			}
		}
	}
}

func TestEveryPackageWithTestsLooksForLeakedGoroutines(t *testing.T) {
	for _, p := range listPackages(t, "./...") {
		files := append(p.TestGoFiles, p.XTestGoFiles...)
		if len(files) == 0 {
			continue
		}
		found := false
		for _, f := range files {
			data, err := os.ReadFile(filepath.Join(p.Dir, f))
			if err != nil {
				t.Fatal(err)
			}
			found = found || bytes.Contains(data, []byte("goleak."))
		}
		if !found {
			t.Errorf("%s: no test file uses goleak", p.ImportPath)
		}
	}
}

// TestPluginAuthorsDependOnLittle holds what a program that imports sdk and
// sdk/serve drags in.
func TestPluginAuthorsDependOnLittle(t *testing.T) {
	forbidden := []string{"wazero", "gopsutil", "sqlite", module + "/host", "cobra", "huma"}
	for _, p := range listPackages(t, "./sdk", "./sdk/serve") {
		for _, dep := range p.Deps {
			for _, word := range forbidden {
				if strings.Contains(dep, word) {
					t.Errorf("%s depends on %s", p.ImportPath, dep)
				}
			}
		}
	}
}

// TestMainFilesOfPluginsAreShort keeps algorithms in sub-packages.
func TestMainFilesOfPluginsAreShort(t *testing.T) {
	mains, err := filepath.Glob(filepath.Join("..", "..", "plugins", "*", "main.go"))
	if err != nil || len(mains) == 0 {
		t.Fatalf("no plugin was found: %v", err)
	}
	for _, path := range mains {
		if n := lineCount(t, path); n > 40 {
			t.Errorf("%s: %d lines, at most 40 are allowed", path, n)
		}
		if _, err := parser.ParseFile(token.NewFileSet(), path, nil, 0); err != nil {
			t.Error(err)
		}
	}
}
