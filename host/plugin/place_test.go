package plugin

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/homeostat/homeostat/host/plugin/runner"
)

// short makes a temporary folder with a path that is short enough for sockets.
func short(t *testing.T, mode os.FileMode) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hst")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, mode); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestSocketFolderIsEmptiedAndOpenToEnter(t *testing.T) {
	want := filepath.Join(short(t, 0o755), "a", "sockets")
	if err := os.MkdirAll(filepath.Join(want, "left", "over"), 0o700); err != nil {
		t.Fatal(err)
	}
	got, err := openSockets(want, nil)
	if err != nil || got != want {
		t.Fatalf("got %s, %v, want %s", got, err, want)
	}
	info, err := os.Stat(got)
	left, _ := os.ReadDir(got)
	if err != nil || info.Mode().Perm() != 0o711 || len(left) != 0 {
		t.Errorf("got %v with %v, %v, want an empty folder of mode 0711", info.Mode(), left, err)
	}
}

func TestSocketsMoveWhereThePluginsUserCanReachThem(t *testing.T) {
	closed := filepath.Join(short(t, 0o700), "sockets")
	got, err := openSockets(closed, &runner.Identity{UID: 65534, GID: 65534})
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(got)
	if got == closed || !reachable(got) {
		t.Errorf("got %s, want a folder that every user can reach", got)
	}
	own, err := openSockets(closed, nil)
	if err != nil || own != closed {
		t.Errorf("got %s, %v, want %s where plugins run as the daemon's own user", own, err, closed)
	}
}

func TestSocketPathThatIsTooLongIsRefused(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("x", maxSocketDir))
	if _, err := openSockets(long, nil); err == nil || !strings.Contains(err.Error(), "at most 60") {
		t.Errorf("got %v, want the length refused", err)
	}
}
