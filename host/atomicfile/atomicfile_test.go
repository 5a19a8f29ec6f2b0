package atomicfile_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/atomicfile/failpoint"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	oldText = "the old content"
	newText = "the new content, which is longer"
)

// oldFile returns the path of a file that holds oldText, alone in its folder.
func oldFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state.json")
	if err := os.WriteFile(path, []byte(oldText), 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestWriteFileReplacesContentAndMode(t *testing.T) {
	for _, mode := range []fs.FileMode{0o600, 0o644, 0o666, 0o755} {
		path := oldFile(t)
		if err := atomicfile.WriteFile(path, []byte(newText), mode); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, path); got != newText || info.Mode() != mode {
			t.Errorf("got %q with mode %v, want %q with %v", got, info.Mode(), newText, mode)
		}
		if got := names(t, filepath.Dir(path)); len(got) != 1 {
			t.Errorf("folder holds %v, want only the file", got)
		}
	}
}

func TestWriteFileTakesTheLongestName(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("n", 255))
	if err := atomicfile.WriteFile(path, []byte(newText), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := read(t, path); got != newText {
		t.Errorf("got %q, want %q", got, newText)
	}
}

func TestWriteFileReplacesALinkAndLeavesItsTarget(t *testing.T) {
	target := oldFile(t)
	link := filepath.Join(filepath.Dir(target), "link")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.WriteFile(link, []byte(newText), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := read(t, target); got != oldText {
		t.Errorf("target of the link holds %q, want %q", got, oldText)
	}
	if got := read(t, link); got != newText {
		t.Errorf("link's place holds %q, want %q", got, newText)
	}
}

func TestKillAtEachOperationLeavesOldOrNew(t *testing.T) {
	sweep(t, func(n int) *failpoint.Points { return failpoint.KillAt(n) })
}

func TestErrorAtEachOperationLeavesOldOrNewAndNoLitter(t *testing.T) {
	for _, errno := range []error{syscall.EIO, syscall.ENOSPC, syscall.EROFS} {
		paths := sweep(t, func(n int) *failpoint.Points { return failpoint.FailAt(n, errno) })
		for _, path := range paths {
			if got := names(t, filepath.Dir(path)); len(got) != 1 {
				t.Errorf("%v: folder holds %v, want only the file", errno, got)
			}
		}
	}
}

// sweep replaces a file once per operation with the gate that point makes, checks that the file is whole and that the
// error is reported, and returns the files.
func sweep(t *testing.T, point func(n int) *failpoint.Points) []string {
	t.Helper()
	count := failpoint.Count()
	if err := (atomicfile.Ops{Gate: count}).WriteFile(oldFile(t), []byte(newText), 0o600); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for n := 1; n <= len(count.Seen()); n++ {
		path, gate := oldFile(t), point(n)
		err := atomicfile.Ops{Gate: gate}.WriteFile(path, []byte(newText), 0o600)
		if err == nil || !gate.Reached() {
			t.Errorf("operation %d %v: got error %v, want one", n, count.Seen()[n-1], err)
		}
		if got := read(t, path); got != oldText && got != newText {
			t.Errorf("operation %d: file holds %q, want old or new", n, got)
		}
		paths = append(paths, path)
	}
	return paths
}

func TestInterruptedOperationIsRepeated(t *testing.T) {
	for n := 1; n <= 7; n++ {
		path, gate := oldFile(t), failpoint.FailAt(n, syscall.EINTR)
		if err := (atomicfile.Ops{Gate: gate}).WriteFile(path, []byte(newText), 0o600); err != nil {
			t.Errorf("EINTR at operation %d: %v, want success", n, err)
		}
		if got := read(t, path); got != newText || !gate.Reached() {
			t.Errorf("EINTR at operation %d: file holds %q, want %q", n, got, newText)
		}
	}
}

func TestErrorOfFillKeepsTheOldFile(t *testing.T) {
	path, cause := oldFile(t), errors.New("no more input")
	err := atomicfile.Ops{}.Write(path, 0o600, func(w io.Writer) error {
		if _, err := io.WriteString(w, "half"); err != nil {
			return err
		}
		return cause
	})
	if !errors.Is(err, cause) || read(t, path) != oldText {
		t.Errorf("got error %v and content %q, want %v and %q", err, read(t, path), cause, oldText)
	}
}

func TestRemoveLeftoversTakesOnlyWhatADeadWriterLeft(t *testing.T) {
	path := oldFile(t)
	gate := failpoint.KillAt(4)
	if err := (atomicfile.Ops{Gate: gate}).WriteFile(path, []byte(newText), 0o600); !errors.Is(err, failpoint.ErrKilled) {
		t.Fatalf("got error %v, want %v", err, failpoint.ErrKilled)
	}
	n, err := atomicfile.RemoveLeftovers(filepath.Dir(path))
	if n != 1 || err != nil {
		t.Errorf("removed %d with error %v, want 1", n, err)
	}
	if got := names(t, filepath.Dir(path)); len(got) != 1 || read(t, path) != oldText {
		t.Errorf("folder holds %v, want only the old file", got)
	}
}

func TestMkdirAllAndRemoveAreExact(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "a", "b")
	for range 2 {
		if err := (atomicfile.Ops{}).MkdirAll(deep, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(deep); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("got %v, %v, want a folder with mode 0700", info, err)
	}
	if err := (atomicfile.Ops{}).Remove(deep); err != nil {
		t.Fatal(err)
	}
	if err := (atomicfile.Ops{}).Remove(deep); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("second remove: got %v, want %v", err, fs.ErrNotExist)
	}
}
