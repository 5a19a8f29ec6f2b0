// Package modtest makes WASM modules for tests, from source in the repository.
//
// It owns nothing at run time: only tests import it. Its functions may be called
// from parallel tests.
package modtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/homeostat/homeostat/sandbox"
)

// NeedWAT leaves the test out where wat2wasm is missing. With CI=true that is a
// failure instead.
func NeedWAT(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("wat2wasm"); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("wat2wasm is missing: apt-get install wabt")
	}
	t.Skip("needs wat2wasm: apt-get install wabt")
}

// WAT assembles WebAssembly text with wat2wasm of the Debian package wabt.
func WAT(t testing.TB, text string) []byte {
	t.Helper()
	NeedWAT(t)
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.wat"), filepath.Join(dir, "out.wasm")
	if err := os.WriteFile(in, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("wat2wasm", "-o", out, in)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("wat2wasm: %v\n%s", err, said)
	}
	return read(t, out)
}

// Go builds the command in dir for wasip1.
func Go(t testing.TB, dir string) []byte {
	t.Helper()
	return GoFlags(t, dir)
}

// GoFlags builds the command in dir for wasip1 with more flags of go build.
func GoFlags(t testing.TB, dir string, flags ...string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.wasm")
	cmd := exec.Command("go", append(append([]string{"build"}, flags...), "-o", out, ".")...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build %s for wasip1: %v\n%s", dir, err, said)
	}
	return read(t, out)
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Sandbox opens a sandbox with a cache of its own.
func Sandbox(t testing.TB) *sandbox.Sandbox {
	t.Helper()
	s, err := sandbox.Open(sandbox.Settings{CacheDir: filepath.Join(t.TempDir(), "cache")})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
