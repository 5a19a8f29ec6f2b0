package view_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero/experimental/sys"
	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/sandbox/view"
)

// The writable view against a model: a plain map of files, without the folders.
// Whatever the guest does, the two agree and the live root keeps its bytes.
func TestWritableViewAgreesWithAMap(t *testing.T) {
	dir := root(t)
	before := snapshot(t, dir)
	names := []string{"a.txt", "dir/b.txt", "dir/c", "out/x", "out/y", "dir/d", "z"}
	rapid.Check(t, func(rt *rapid.T) {
		o := open(t, view.View{Lower: dir, Writable: true, Staged: []view.Staged{{Path: "dir/c", Data: []byte("staged c")}}},
			view.Quota{Bytes: 1 << 20, Files: 1000, Open: 8})
		model := map[string]string{"a.txt": "live a", "dir/b.txt": "live b", "dir/c": "staged c"}
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			p, q := rapid.SampledFrom(names).Draw(rt, "p"), rapid.SampledFrom(names).Draw(rt, "q")
			text := rapid.StringMatching(`[a-z]{0,9}`).Draw(rt, "text")
			step(o, model, rapid.IntRange(0, 4).Draw(rt, "op"), [3]string{p, q, text})
			for _, name := range names {
				got, eno := o.read(name)
				want, there := model[name]
				if got != want || (eno == 0) != there {
					rt.Fatalf("%s: got %q, %v; model has %q, %v", name, got, eno, want, there)
				}
			}
		}
	})
	if after := snapshot(t, dir); after != before {
		t.Fatalf("the live root changed: %s, was %s", after, before)
	}
}

func step(o opened, model map[string]string, op int, a [3]string) {
	p, q, text := a[0], a[1], a[2]
	switch op {
	case 0:
		o.write(p, text)
		model[p] = text
	case 1:
		o.Unlink(p)
		delete(model, p)
	case 2:
		o.Rename(p, q)
		if old, ok := model[p]; ok && p != q {
			model[q] = old
			delete(model, p)
		}
	case 3:
		if f, eno := o.OpenFile(p, sys.O_WRONLY|sys.O_APPEND, 0); eno == 0 {
			f.Write([]byte(text))
			f.Close()
			model[p] += text
		}
	case 4:
		if f, eno := o.OpenFile(p, sys.O_RDWR, 0); eno == 0 {
			f.Truncate(3)
			f.Close()
			model[p] = (model[p] + "\x00\x00\x00")[:3]
		}
	}
}

func snapshot(t testing.TB, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(filepath.Dir(dir), func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(&all, "%s %v ", p, info.Mode())
		if info.Mode().IsRegular() {
			text, err := os.ReadFile(p)
			fmt.Fprintf(&all, "%q", text)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// FuzzPaths throws any path at every operation. Nothing may panic, show what lies
// outside, exceed a quota or change the live root.
func FuzzPaths(f *testing.F) {
	dir := root(f)
	before := snapshot(f, dir)
	for _, seed := range []string{"a.txt", "../outside", "/etc/passwd", "out1/x", "loop", "out/../../../outside", "pipe", "todir/../../outside", strings.Repeat("d/", 3000), "a\x00b", ".", "", "out/\xff"} {
		f.Add(seed, "out/n", true)
		f.Add("out/n", seed, false)
	}
	f.Fuzz(func(t *testing.T, p, q string, writable bool) {
		quota := view.Quota{Bytes: 16 << 10, Files: 5, Open: 4}
		o := open(t, view.View{Lower: dir, Writable: writable, Deny: []string{"secrets/**"}}, quota)
		for _, name := range []string{p, q} {
			o.Mkdir(name, 0o755)
			o.write(name, "guest")
			if got, _ := o.read(name); strings.Contains(got, "not yours") || strings.Contains(got, "hush") || strings.Contains(got, "root:") {
				t.Errorf("read %q: got %q", name, got)
			}
			o.names(name)
			o.Readlink(name)
			o.Stat(name)
			o.Utimens(name, 1, 2)
		}
		o.Symlink(p, q)
		o.Rename(p, q)
		o.read(q)
		o.Unlink(p)
		o.Rmdir(q)
		if left := o.Quota(); left.Files < 0 || left.Bytes < 0 || left.Open != quota.Open {
			t.Errorf("quota after %q, %q: %+v", p, q, left)
		}
		if after := snapshot(t, dir); after != before {
			t.Fatalf("the live root changed by %q, %q: %s", p, q, after)
		}
	})
}

func FuzzDeny(f *testing.F) {
	for _, seed := range [][2]string{{"secrets/**", "secrets/a/b"}, {"**/*.key", "a/b.key"}, {"**", "x"}, {"[", "x"}, {"a/**/b", "a/x/y/b"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, glob, p string) {
		if len(glob) > 50 || len(p) > 50 || !fs.ValidPath(p) || p == "." {
			return
		}
		if view.Denied([]string{glob}, p) && !view.Denied([]string{glob}, p+"/below") {
			t.Errorf("%q hides %q but not what is below it", glob, p)
		}
	})
}

func TestDenyGlobs(t *testing.T) {
	for _, c := range []struct {
		glob, path string
		want       bool
	}{
		{"secrets/**", "secrets", true}, {"secrets/**", "secrets/a/b", true}, {"secrets/**", "secretsx", false},
		{"**/*.key", "tls/site.key", true}, {"**/*.key", "site.key", true}, {"**/*.key", "site.keys", false},
		{"**/.ssh/**", "home/u/.ssh/id", true}, {"a/*/c", "a/b/c", true}, {"a/*/c", "a/b/b/c", false}, {"**/.env", ".env", true},
	} {
		if got := view.Denied([]string{c.glob}, c.path); got != c.want {
			t.Errorf("glob %q, path %q: got %v, want %v", c.glob, c.path, got, c.want)
		}
	}
}
