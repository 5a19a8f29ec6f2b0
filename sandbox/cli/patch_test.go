package cli

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sourcegraph/go-diff/diff"
	"pgregory.net/rapid"
)

// Whatever diff -u says of two texts, apply makes the second of the first.
func TestApplyUndoesDiff(t *testing.T) {
	dir := t.TempDir()
	text := rapid.Custom(func(rt *rapid.T) string {
		lines := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "", "-x", "+y", " z", "\\ no"}), 0, 12).Draw(rt, "lines")
		end := rapid.SampledFrom([]string{"\n", ""}).Draw(rt, "end")
		if len(lines) == 0 {
			return ""
		}
		return strings.Join(lines, "\n") + end
	})
	rapid.Check(t, func(rt *rapid.T) {
		old, new := text.Draw(rt, "old"), text.Draw(rt, "new")
		f, err := diff.ParseFileDiff(unified(rt, dir, [2]string{old, new}))
		if old == new {
			return
		}
		if err != nil {
			rt.Fatalf("parse: %v", err)
		}
		got, err := apply([]byte(old), f.Hunks)
		if err != nil || string(got) != new {
			rt.Fatalf("%q to %q: got %q, %v", old, new, got, err)
		}
	})
}

func unified(t *rapid.T, dir string, texts [2]string) []byte {
	names := []string{filepath.Join(dir, "old"), filepath.Join(dir, "new")}
	for i, name := range names {
		if err := os.WriteFile(name, []byte(texts[i]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("diff", "-u", names[0], names[1]).Output()
	var differ *exec.ExitError
	if err != nil && !errors.As(err, &differ) {
		t.Fatal(err)
	}
	return out
}

func FuzzApply(f *testing.F) {
	f.Add("one\ntwo\n", "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-one\n+uno\n two\n")
	f.Add("", "--- a/x\n+++ b/x\n@@ -9,2 +1,2 @@\n-one\n")
	f.Fuzz(func(t *testing.T, old, patch string) {
		files, err := diff.ParseMultiFileDiff([]byte(patch))
		if err != nil {
			return
		}
		for _, one := range files {
			_, _ = apply([]byte(old), one.Hunks) // must not panic
		}
	})
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{"256MiB": 256 << 20, "1GiB": 1 << 30, "7 KiB": 7 << 10, "12B": 12, "0B": 0} {
		if got, err := parseSize(text); got != want || err != nil {
			t.Errorf("%q: got %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "5", "MiB", "-1MiB", "1.5MiB", "9999999999999GiB", "1MB"} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("%q: got %d, want an error", text, got)
		}
	}
}
