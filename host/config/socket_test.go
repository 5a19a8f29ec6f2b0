package config

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSocketIsFoundInAFileThatIsNotGood(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.toml")
	text := "[healing]\nmoode = 1\n[socket]\npath = \"h.sock\"\n[[component]]\nname = 5\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, ok := SocketOf(file, Host{})
	if want := filepath.Join(filepath.Dir(file), "h.sock"); !ok || got != want {
		t.Errorf("got %q %v, want %q", got, ok, want)
	}
	if err := os.WriteFile(file, []byte("= ="), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, ok := SocketOf(file, Host{}); ok {
		t.Errorf("got %q for what is no TOML", got)
	}
}
