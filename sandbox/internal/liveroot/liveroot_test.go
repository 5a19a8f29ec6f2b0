package liveroot_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tetratelabs/wazero/experimental/sys"
	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sandbox/internal/liveroot"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOnlyRegularFilesAndFoldersBeneathTheRootOpen(t *testing.T) {
	dir := t.TempDir()
	for name, make := range map[string]func(string) error{
		"file":   func(p string) error { return os.WriteFile(p, []byte("x"), 0o600) },
		"folder": func(p string) error { return os.Mkdir(p, 0o755) },
		"pipe":   func(p string) error { return syscall.Mkfifo(p, 0o600) },
		"out":    func(p string) error { return os.Symlink("/etc", p) },
		"in":     func(p string) error { return os.Symlink(filepath.Join(dir, "file"), p) },
	} {
		if err := make(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	root, err := liveroot.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for p, opens := range map[string]bool{"file": true, "folder": true, ".": true, "pipe": false, "out": false, "out/passwd": false, "../" + filepath.Base(dir) + "/file": false, "none": false} {
		f, eno := root.Open(p)
		if (eno == 0) != opens {
			t.Errorf("%s: got %v, want it to open: %v", p, eno, opens)
		}
		if eno == 0 {
			f.Close()
		}
	}
	if target, eno := root.Readlink("in"); target != "/file" || eno != 0 {
		t.Errorf("a link into the root: got %q, %v; want /file", target, eno)
	}
	if target, eno := root.Readlink("out"); target != "/etc" || eno != 0 {
		t.Errorf("a link out of the root: got %q, %v; want /etc, which the view resolves in itself", target, eno)
	}
}

func TestNoRootIsEmpty(t *testing.T) {
	var none *liveroot.Root
	if _, eno := none.Lstat("file"); eno != sys.ENOENT {
		t.Errorf("got %v, want ENOENT", eno)
	}
	if err := none.Close(); err != nil {
		t.Error(err)
	}
}
