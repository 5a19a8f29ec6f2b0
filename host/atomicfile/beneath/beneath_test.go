package beneath

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tree returns a folder with a/b/file, links out of it, and a link within it.
func tree(t *testing.T) *os.File {
	t.Helper()
	dir := t.TempDir()
	for _, err := range []error{
		os.MkdirAll(filepath.Join(dir, "a/b"), 0o755),
		os.WriteFile(filepath.Join(dir, "a/b/file"), []byte("inside"), 0o644),
		os.Symlink("/etc", filepath.Join(dir, "etc")),
		os.Symlink("/etc/passwd", filepath.Join(dir, "a/passwd")),
		os.Symlink("b", filepath.Join(dir, "a/link")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

// TestOpenNeverLeavesTheRoot holds the fallback to the same table as openat2.
func TestOpenNeverLeavesTheRoot(t *testing.T) {
	for name, resolve := range map[string]func(int, string, int) (int, error){"openat2": openat2, "step by step": stepByStep} {
		root := tree(t)
		for _, c := range []struct {
			rel  string
			want []error // one of them; empty: it opens
		}{
			{"a/b/file", nil},
			{"a", nil},
			{"etc/passwd", []error{unix.ELOOP, unix.ENOTDIR}},
			{"a/passwd", []error{unix.ELOOP}},
			{"a/link/file", []error{unix.ELOOP, unix.ENOTDIR}},
			{"a/none", []error{unix.ENOENT}},
		} {
			fd, err := resolve(int(root.Fd()), c.rel, unix.O_RDONLY)
			if err == nil {
				_ = unix.Close(fd)
			}
			if !oneOf(err, c.want) {
				t.Errorf("%s of %s: got %v, want one of %v", name, c.rel, err, c.want)
			}
		}
		root.Close()
	}
}

func oneOf(err error, want []error) bool {
	for _, w := range want {
		if errors.Is(err, w) {
			return true
		}
	}
	return err == nil && len(want) == 0
}

func TestOpenRefusesMounts(t *testing.T) {
	slash, err := os.Open("/")
	if err != nil {
		t.Fatal(err)
	}
	defer slash.Close()
	for name, resolve := range map[string]func(int, string, int) (int, error){"openat2": openat2, "step by step": stepByStep} {
		if _, err := resolve(int(slash.Fd()), "proc/version", unix.O_RDONLY); !errors.Is(err, unix.EXDEV) {
			t.Errorf("%s of /proc/version from /: got %v, want %v", name, err, unix.EXDEV)
		}
	}
}

func TestOpenReadsAFile(t *testing.T) {
	f, err := Open(tree(t), "a/b/file", unix.O_RDONLY)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if data, err := io.ReadAll(f); err != nil || string(data) != "inside" {
		t.Errorf("got %q, %v, want %q", data, err, "inside")
	}
}

func FuzzCheck(f *testing.F) {
	for _, s := range []string{"", ".", "..", "a/../b", "/a", "a//b", "a/", "./a", "a\x00b", "../a", "a/..", "a/b", ".a", "a..b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, rel string) {
		if Check(rel) != nil {
			return
		}
		joined := filepath.Join("/root", rel)
		if joined != "/root" && filepath.Dir(joined) != filepath.Join("/root", filepath.Dir(rel)) {
			t.Errorf("%q passed, but below /root it is %q", rel, joined)
		}
		if rel != "." && joined != "/root/"+rel {
			t.Errorf("%q passed, but below /root it is %q", rel, joined)
		}
	})
}

func TestCheckRefusesWhatIsNotPlain(t *testing.T) {
	for _, rel := range []string{"", "..", "a/../b", "/a", "a//b", "a/", "./a", "a\x00b", "../a", "a/.."} {
		if err := Check(rel); !errors.Is(err, ErrOutside) {
			t.Errorf("%q: got %v, want %v", rel, err, ErrOutside)
		}
	}
	for _, rel := range []string{".", "a", "a/b", ".a", "a..b", "..a"} {
		if err := Check(rel); err != nil {
			t.Errorf("%q: got %v, want none", rel, err)
		}
	}
}
