package gotest_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sandbox"
	"github.com/homeostat/homeostat/sandbox/gotest"
	"github.com/homeostat/homeostat/sandbox/view"
)

func TestMain(m *testing.M) {
	sandbox.MaybeWorker()
	goleak.VerifyTestMain(m)
}

// building asks for the tests that build packages: the standard library for wasip1
// alone takes half a minute the first time.
var building = flag.Bool("gotest.build", false, "run the tests that build Go packages")

// runner keeps its caches between test runs: the standard library takes half a
// minute to build for wasip1 the first time, as any Go build cache does.
func runner(t testing.TB) *gotest.Runner {
	t.Helper()
	if !*building && !*suites {
		t.Skip("builds Go packages for wasip1: make sandbox-go")
	}
	user, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(user, "homeostat-sandbox-test")
	s, err := sandbox.Open(sandbox.Settings{CacheDir: filepath.Join(dir, "modules")})
	if err != nil {
		t.Fatal(err)
	}
	r, err := gotest.New(s, gotest.Settings{WorkDir: filepath.Join(dir, "work"), Timeout: 20 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// tree makes a module with one package in the folder sum.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{
		"go.mod":          "module example.com/shop\n\ngo 1.26\n",
		"sum/sum.go":      "package sum\n\nfunc Sum(a, b int) int { return a + b }\n",
		"sum/sum_test.go": sumTest,
		"secrets/key":     "hush",
	}
	for name, text := range files {
		all[name] = text
	}
	for name, text := range all {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// patient limits are not reached on a loaded machine.
var patient = sandbox.Limits{Timeout: 5 * time.Minute, CompileTimeout: 10 * time.Minute}

const sumTest = `package sum

import (
	"os"
	"testing"
)

func TestSum(t *testing.T) {
	if got := Sum(2, 3); got != 5 {
		t.Fatalf("got %d", got)
	}
}

func TestFiles(t *testing.T) {
	if _, err := os.Stat("../secrets/key"); err == nil {
		t.Error("sees the secret")
	}
	if _, err := os.ReadFile("sum.go"); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile("golden", []byte("x"), 0o600); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(t.TempDir()+"/x", nil, 0o600); err != nil {
		t.Error(err)
	}
}

func TestSkipped(t *testing.T) { t.Skip("not here") }
`

func compare(t *testing.T, dir string, staged ...view.Staged) gotest.Comparison {
	t.Helper()
	v := sandbox.View{Lower: dir, Staged: staged, Deny: []string{"secrets/**"}}
	got, err := runner(t).Compare(t.Context(), gotest.Suite{View: v, Packages: gotest.ChangedPackages(v), Limits: patient})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Package != "sum" {
		t.Fatalf("got %+v, want the package sum alone", got)
	}
	return got[0]
}

func TestGoodChangeIsAllowedWithResultsPerTest(t *testing.T) {
	dir := tree(t, nil)
	c := compare(t, dir, view.Staged{Path: "sum/sum.go", Data: []byte("package sum\n\nfunc Sum(a, b int) int { return b + a }\n")})
	if c.Outcome != sandbox.Allowed {
		t.Fatalf("got %s: %s\n%+v", c.Outcome, c.Candidate.Message, c.Candidate.Run)
	}
	got := ""
	for _, one := range c.Candidate.Tests {
		got += one.Name + " " + one.Outcome + ", "
	}
	if want := "TestSum pass, TestFiles pass, TestSkipped skip, "; got != want {
		t.Errorf("tests: got %q, want %q", got, want)
	}
	if _, err := os.Stat(filepath.Join(dir, "sum", "golden")); err == nil {
		t.Error("a test wrote into the live tree")
	}
}

func TestBrokenChangeIsBlocked(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"wrong":      {"package sum\n\nfunc Sum(a, b int) int { return a - b }\n", "TestSum"},
		"no compile": {"package sum\n\nfunc Sum(a, b int) int { return x }\n", "undefined: x"},
	} {
		got := compare(t, tree(t, nil), view.Staged{Path: "sum/sum.go", Data: []byte(c.text)})
		said := got.Candidate.Message + strings.Join(got.Broken, " ")
		if got.Outcome != sandbox.Blocked || !strings.Contains(said, c.want) {
			t.Errorf("%s: got %s, %q; want blocked and %q", name, got.Outcome, said, c.want)
		}
	}
}

func TestWhatWasBrokenBeforeWarnsButNewFailuresBlock(t *testing.T) {
	failing := sumTest + "\nfunc TestOld(t *testing.T) { t.Error(\"always\") }\n"
	dir := tree(t, map[string]string{"sum/sum_test.go": failing})
	same := compare(t, dir, view.Staged{Path: "sum/sum.go", Data: []byte("package sum\n\nfunc Sum(a, b int) int { return b + a }\n")})
	if same.Outcome != sandbox.Warned || len(same.Broken) != 0 {
		t.Errorf("same failures: got %s, broken %v; want warned", same.Outcome, same.Broken)
	}
	worse := compare(t, dir, view.Staged{Path: "sum/sum.go", Data: []byte("package sum\n\nfunc Sum(a, b int) int { return 0 }\n")})
	if worse.Outcome != sandbox.Blocked || len(worse.Broken) != 1 {
		t.Errorf("a new failure: got %s, broken %v; want blocked, TestSum", worse.Outcome, worse.Broken)
	}
}

func TestDeniedFileCannotBeEmbedded(t *testing.T) {
	text := "package sum\n\nimport _ \"embed\"\n\n//go:embed key.txt\nvar Key string\n\nfunc Sum(a, b int) int { return a + b }\n"
	dir := tree(t, map[string]string{"sum/key.txt": "hush"})
	v := sandbox.View{Lower: dir, Deny: []string{"**/key.txt"}, Staged: []view.Staged{{Path: "sum/sum.go", Data: []byte(text)}}}
	got, err := runner(t).Run(t.Context(), gotest.Suite{View: v, Packages: []string{"sum"}, Limits: patient})
	if err != nil || got[0].Verdict != sandbox.Fail || !strings.Contains(got[0].Message, "key.txt") {
		t.Fatalf("got %+v, %v; want a build that does not find key.txt", got, err)
	}
}

func TestPackageWithoutTestsPasses(t *testing.T) {
	dir := tree(t, map[string]string{"plain/p.go": "package plain\n"})
	got, err := runner(t).Run(t.Context(), gotest.Suite{View: sandbox.View{Lower: dir}, Packages: []string{"plain"}, Limits: patient})
	if err != nil || got[0].Verdict != sandbox.Pass || got[0].Message != "has no tests" {
		t.Fatalf("got %+v, %v", got, err)
	}
}

func TestChangedPackagesAreFoldersWithGoFiles(t *testing.T) {
	var staged []view.Staged
	for _, p := range []string{"a/b.go", "a/c.go", "top.go", "d/testdata/x.json", "testdata/y", "e/readme.md", "f/testdata/g/h.go"} {
		staged = append(staged, view.Staged{Path: p})
	}
	got := strings.Join(gotest.ChangedPackages(sandbox.View{Staged: staged}), " ")
	if want := ". a d f"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPrintedLinesDoNotPassForResults(t *testing.T) {
	out := "\x16=== RUN   TestA\n--- PASS: TestFake (0.00s)\nnoise \x16--- FAIL: TestA (0.25s)\n\x16=== RUN   TestHang\n"
	got := gotest.ParseTests(out)
	if len(got) != 2 || got[0].Outcome != "fail" || got[1].Name != "TestHang" || got[1].Outcome != "unknown" {
		t.Fatalf("got %+v", got)
	}
}

func FuzzParseTests(f *testing.F) {
	f.Add("\x16=== RUN   TestA\n\x16--- PASS: TestA (0.00s)\n")
	f.Add("\x16--- SKIP: A/b (1e9s)\n\x16    --- FAIL: x (-1s)\n")
	f.Fuzz(func(t *testing.T, out string) {
		for _, one := range gotest.ParseTests(out) {
			if one.Name == "" || one.Elapsed < 0 || !strings.Contains("pass fail skip unknown", one.Outcome) {
				t.Errorf("from %q: %+v", out, one)
			}
		}
	})
}
