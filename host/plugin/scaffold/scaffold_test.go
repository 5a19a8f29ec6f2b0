package scaffold

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sdk/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestWrittenPluginBuildsAndItsTestsPass puts the plugin below this package, so
// that it belongs to the module under test; "_" hides it from "go build ./...".
func TestWrittenPluginBuildsAndItsTestsPass(t *testing.T) {
	for _, kind := range []wire.PluginKind{wire.KindDetector, wire.KindStrategy} {
		dir, err := os.MkdirTemp(".", "_plugin-")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		files, err := Write(Options{Name: "my-" + string(kind), Kind: kind, Dir: dir})
		if err != nil || len(files) != 3 {
			t.Fatalf("%s: got %v, %v, want three files without go.mod", kind, files, err)
		}
		for _, args := range [][]string{{"vet"}, {"test", "-count=1"}} {
			run := exec.Command("go", append(args, ".")...)
			run.Dir = dir
			if out, err := run.CombinedOutput(); err != nil {
				t.Errorf("%s: go %s: %v\n%s", kind, args[0], err, out)
			}
		}
		if out, err := exec.Command("gofmt", "-l", dir).Output(); err != nil || len(out) > 0 {
			t.Errorf("%s: gofmt would change %s (%v)", kind, out, err)
		}
	}
}

func TestModuleOfItsOwnGetsAGoMod(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	files, err := Write(Options{Name: "alone", Kind: wire.KindDetector, Dir: dir, SDK: "v1.2.3"})
	if err != nil || len(files) != 4 {
		t.Fatalf("got %v, %v, want four files", files, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil || !strings.Contains(string(text), "require github.com/homeostat/homeostat v1.2.3") {
		t.Errorf("got %s, %v, want the sdk's version", text, err)
	}
	if out, err := exec.Command("go", "mod", "edit", "-json", filepath.Join(dir, "go.mod")).CombinedOutput(); err != nil {
		t.Errorf("go.mod does not parse: %v\n%s", err, out)
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "main.go")
	if err := os.WriteFile(path, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(Options{Name: "x", Kind: wire.KindStrategy, Dir: dir}); err == nil {
		t.Error("got no error for a file that exists")
	}
	if got, _ := os.ReadFile(path); string(got) != "mine" {
		t.Errorf("the file was overwritten with %q", got)
	}
}

func TestWrongNamesAndKindsAreRefused(t *testing.T) {
	for _, o := range []Options{{Name: "No Spaces", Kind: wire.KindDetector}, {Name: "../x", Kind: wire.KindDetector}, {Name: "x", Kind: "healer"}} {
		o.Dir = filepath.Join(t.TempDir(), "d")
		if _, err := Write(o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
		if _, err := os.Stat(o.Dir); err == nil {
			t.Errorf("%+v left a folder", o)
		}
	}
}
