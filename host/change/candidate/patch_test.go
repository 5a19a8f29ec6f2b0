package candidate_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/txn"
)

// resolveDiff applies one diff to one file.
func resolveDiff(t testing.TB, old, text string) (candidate.Resolved, error) {
	t.Helper()
	dir := t.TempDir()
	if old != "" {
		fill(t, dir, map[string]string{"f": old})
	}
	return candidate.Candidate{Diffs: []string{text}}.Resolve(dir)
}

func TestDiffsAreAppliedExactly(t *testing.T) {
	for name, c := range map[string]struct{ old, diff, want string }{
		"replace a line":        {"1\n2\n3\n", "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n 1\n-2\n+two\n 3\n", "1\ntwo\n3\n"},
		"two hunks":             {"1\n2\n3\n4\n", "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-1\n+one\n@@ -4 +4 @@\n-4\n+four\n", "one\n2\n3\nfour\n"},
		"insert without lines":  {"1\n2\n", "--- a/f\n+++ b/f\n@@ -1,0 +2 @@\n+1.5\n", "1\n1.5\n2\n"},
		"lose the last newline": {"1\n", "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-1\n+one\n\\ No newline at end of file\n", "one"},
		"gain the last newline": {"1", "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-1\n\\ No newline at end of file\n+one\n", "one\n"},
	} {
		r, err := resolveDiff(t, c.old, c.diff)
		if err != nil || string(r.Ops[0].Data) != c.want {
			t.Errorf("%s: got %+v, %v, want %q", name, r.Ops, err, c.want)
		}
	}
}

func TestDiffsCreateAndDelete(t *testing.T) {
	r, err := resolveDiff(t, "", "--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+new\n")
	if err != nil || string(r.Ops[0].Data) != "new\n" || !r.Ops[0].Base.Absent {
		t.Errorf("create: got %+v, %v", r, err)
	}
	r, err = resolveDiff(t, "old\n", "--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-old\n")
	if err != nil || r.Ops[0].Kind != txn.Delete {
		t.Errorf("delete: got %+v, %v", r, err)
	}
}

func TestDiffsThatDoNotFitAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ old, diff, says string }{
		"other content":     {"x\n", "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-1\n+2\n", "made from"},
		"past the end":      {"1\n", "--- a/f\n+++ b/f\n@@ -9 +9 @@\n-1\n+2\n", "does not fit"},
		"makes what is":     {"1\n", "--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+2\n", "it is there"},
		"changes nothing":   {"", "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-1\n+2\n", "absent"},
		"outside":           {"1\n", "--- a/../f\n+++ b/../f\n@@ -1 +1 @@\n-1\n+2\n", "below the root"},
		"no leading folder": {"1\n", "--- f\n+++ f\n@@ -1 +1 @@\n-1\n+2\n", "leading folder"},
		"a rename":          {"1\n", "diff --git a/f b/g\nsimilarity index 100%\nrename from f\nrename to g\n", "cannot be applied"},
		"no diff":           {"1\n", "hello\n", "diff"},
	} {
		if _, err := resolveDiff(t, c.old, c.diff); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want an error with %q", name, err, c.says)
		}
	}
}

// TestDiffsOfDiffGiveTheNewFile holds our reading of diffs to the program that writes them.
func TestDiffsOfDiffGiveTheNewFile(t *testing.T) {
	program, err := exec.LookPath("diff")
	if err != nil {
		t.Skip("needs diff")
	}
	text := rapid.StringMatching(`([a-c]{0,2}\n){0,8}[a-c]?`)
	rapid.Check(t, func(rt *rapid.T) {
		old, want := text.Draw(rt, "old"), text.Draw(rt, "new")
		dir := t.TempDir()
		fill(t, dir, map[string]string{"a/f": old, "b/f": want})
		cmd := exec.Command(program, "-u", "a/f", "b/f")
		cmd.Dir = dir
		out, _ := cmd.Output() // exit 1 says that there is a difference
		if len(out) == 0 {
			return
		}
		r, err := candidate.Candidate{Diffs: []string{string(out)}}.Resolve(filepath.Join(dir, "a"))
		if err != nil || string(r.Ops[0].Data) != want {
			rt.Fatalf("old %q, diff:\n%s\ngot %+v, %v, want %q", old, out, r.Ops, err, want)
		}
	})
}

func FuzzDiff(f *testing.F) {
	f.Add("1\n2\n", "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n 1\n-2\n+two\n")
	f.Add("", "--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+new\n")
	f.Add("1", "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-1\n\\ No newline at end of file\n+one\n")
	f.Fuzz(func(t *testing.T, old, text string) {
		r, err := resolveDiff(t, old, text)
		if err == nil && len(r.Ops) == 0 {
			t.Errorf("diff %q gave neither an operation nor an error", text)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"root":"r","edits":[{"path":"a","content":"x"},{"kind":"symlink","path":"b","target":"a"}]}`))
	f.Add([]byte(`{"diffs":["--- a/f\n"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := candidate.Parse(data)
		if err == nil && c.Key() == "" {
			t.Errorf("%q has no key", data)
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(fullManifest))
	f.Add([]byte("delete = [\"../x\"]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := candidate.Read(fstest.MapFS{"change.toml": {Data: text}, "a": {Data: []byte("x")}})
		if err == nil && c.Check() != nil {
			t.Errorf("%q was taken although %v", text, c.Check())
		}
	})
}
