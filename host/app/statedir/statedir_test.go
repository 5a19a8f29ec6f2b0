package statedir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFirstOpenMakesAPrivateFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "state")
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if !d.Fresh() {
		t.Error("a folder that was just made is not called fresh")
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("got mode %v, %v, want 0700", info.Mode(), err)
	}
}

func TestSecondDaemonIsRefusedAndToldWhoHoldsTheFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	first, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(path)
	var inUse *InUseError
	if !errors.As(err, &inUse) || inUse.PID != fmt.Sprint(os.Getpid()) {
		t.Fatalf("got %v, want an InUseError with pid %d", err, os.Getpid())
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(path)
	if err != nil {
		t.Fatalf("after the first was closed: %v", err)
	}
	if again.Fresh() {
		t.Error("an old folder is called fresh")
	}
	again.Close()
}

func TestUnfitFoldersAreRefusedWithAHint(t *testing.T) {
	base := t.TempDir()
	open := filepath.Join(base, "open")
	file := filepath.Join(base, "file")
	if err := errors.Join(os.Mkdir(open, 0o700), os.Chmod(open, 0o755), os.WriteFile(file, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct{ path, want string }{
		"readable by others": {open, "chmod 700"},
		"a file":             {file, "no folder"},
		"below a file":       {filepath.Join(file, "x"), "[state] dir"},
	}
	for name, c := range cases {
		if d, err := Open(c.path); err == nil || !strings.Contains(err.Error(), c.want) {
			if d != nil {
				d.Close()
			}
			t.Errorf("%s: got %v, want an error with %q", name, err, c.want)
		}
	}
}
