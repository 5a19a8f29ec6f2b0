package listen

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSocketIsPrivateAndReplacesALeftover(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s", "h.sock")
	first, err := Unix(path, "")
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, %v, want 0600", info.Mode().Perm(), err)
	}
	if _, err := Unix(path, ""); err == nil || !strings.Contains(err.Error(), "another daemon") {
		t.Errorf("got %v, want that another daemon answers", err)
	}
	first.(*net.UnixListener).SetUnlinkOnClose(false)
	first.Close()
	second, err := Unix(path, "")
	if err != nil {
		t.Fatalf("a leftover was not replaced: %v", err)
	}
	second.Close()
}

func TestUnfitAddressesAreRefusedWithAHint(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := TCP("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	cases := map[string]struct {
		open func() (net.Listener, error)
		want string
	}{
		"a file":        {func() (net.Listener, error) { return Unix(file, "") }, "something else"},
		"long path":     {func() (net.Listener, error) { return Unix("/"+strings.Repeat("x", 200), "") }, "shorter"},
		"unknown group": {func() (net.Listener, error) { return Unix(filepath.Join(dir, "a.sock"), "no-such-group-here") }, "[socket] group"},
		"taken port":    {func() (net.Listener, error) { return TCP(taken.Addr().String()) }, "port is taken"},
	}
	for name, c := range cases {
		l, err := c.open()
		if err == nil {
			l.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, c.want)
		}
	}
	if data, _ := os.ReadFile(file); string(data) != "precious" {
		t.Error("the file in the socket's place was touched")
	}
}
