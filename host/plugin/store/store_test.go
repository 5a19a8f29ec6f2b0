package store

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func opened(t *testing.T) (*Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "plugins")
	s, err := Open(dir, os.WriteFile)
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

func program(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "detector")
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTakenProgramIsTheVerifiedOne(t *testing.T) {
	s, dir := opened(t)
	path := program(t, "first")
	sum, err := Hash(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Take(path, strings.ToUpper(sum))
	if err != nil {
		t.Fatal(err)
	}
	defer p.File.Close()
	if err := os.WriteFile(path, []byte("second"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(p.File); string(got) != "first" || p.SHA256 != sum {
		t.Errorf("got %q with %s, want what was verified", got, p.SHA256)
	}
	var mismatch *MismatchError
	if _, err := s.Take(path, sum); !errors.As(err, &mismatch) || mismatch.Want != sum {
		t.Errorf("got %v, want a mismatch", err)
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "programs")); len(left) != 1 {
		t.Errorf("got %v, want no copy of what was refused", left)
	}
}

func TestTamperedCopyIsReplacedAndNotRun(t *testing.T) {
	s, dir := opened(t)
	path := program(t, "good")
	sum, _ := Hash(path)
	if err := os.WriteFile(filepath.Join(dir, "programs", sum), []byte("evil"), 0o755); err != nil {
		t.Fatal(err)
	}
	p, err := s.Take(path, sum)
	if err != nil {
		t.Fatal(err)
	}
	defer p.File.Close()
	if got, _ := io.ReadAll(p.File); string(got) != "good" {
		t.Errorf("got %q, want the copy made anew", got)
	}
}

func TestOnlyExecutableFilesAreTaken(t *testing.T) {
	s, _ := opened(t)
	plain := program(t, "x")
	if err := os.Chmod(plain, 0o644); err != nil {
		t.Fatal(err)
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o755); err != nil {
		t.Fatal(err)
	}
	for path, words := range map[string]string{"/nowhere": "no such file", t.TempDir(): "no regular file", pipe: "no regular file", plain: "chmod +x"} {
		if _, err := s.Take(path, ""); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: got %v, want it to say %q", path, err, words)
		}
	}
}

func TestFoldersArePrivate(t *testing.T) {
	_, dir := opened(t)
	for _, sub := range []string{"", "programs", "state"} {
		info, err := os.Stat(filepath.Join(dir, sub))
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: got %v, %v, want 0700", sub, info.Mode(), err)
		}
	}
}

func TestPruneKeepsWhatIsInUse(t *testing.T) {
	s, dir := opened(t)
	first, err := s.Take(program(t, "first"), "")
	if err != nil {
		t.Fatal(err)
	}
	defer first.File.Close()
	second, err := s.Take(program(t, "second"), "")
	if err != nil {
		t.Fatal(err)
	}
	defer second.File.Close()
	n, err := s.Prune(map[string]bool{first.SHA256: true})
	if err != nil || n != 1 {
		t.Errorf("got %d, %v, want 1 removed", n, err)
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "programs")); len(left) != 1 || left[0].Name() != first.SHA256 {
		t.Errorf("got %v, want the first only", left)
	}
}

func TestStateComesBackWholeOrNotAtAll(t *testing.T) {
	s, dir := opened(t)
	if got, err := s.LoadState("none"); got != nil || err != nil {
		t.Errorf("got %v, %v, want nothing", got, err)
	}
	for _, state := range [][]byte{{}, []byte("abc"), make([]byte, sdk.MaxState)} {
		if err := s.SaveState("x", state); err != nil {
			t.Fatal(err)
		}
		if got, err := s.LoadState("x"); err != nil || string(got) != string(state) {
			t.Errorf("got %d bytes, %v, want %d", len(got), err, len(state))
		}
	}
	if err := s.SaveState("x", make([]byte, sdk.MaxState+1)); err == nil {
		t.Error("a state beyond the limit was kept")
	}
	file := filepath.Join(dir, "state", "x.state")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, spoiled := range [][]byte{{}, whole[:10], whole[:len(whole)-1], append(whole[:len(whole):len(whole)], 0)} {
		if err := os.WriteFile(file, spoiled, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.LoadState("x"); !s.Damaged(err) {
			t.Errorf("%d of %d bytes: got %v, want %v", len(spoiled), len(whole), err, ErrDamaged)
		}
	}
	aside, err := s.SetAside("x")
	if _, statError := os.Stat(aside); err != nil || statError != nil {
		t.Errorf("got %v, %v, want the file kept", err, statError)
	}
}

func TestSameStateIsNotWrittenAgain(t *testing.T) {
	writes := 0
	s, err := Open(filepath.Join(t.TempDir(), "p"), func(path string, data []byte, mode fs.FileMode) error {
		writes++
		return os.WriteFile(path, data, mode)
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := s.SaveState("x", []byte("same")); err != nil {
			t.Fatal(err)
		}
	}
	if writes != 1 {
		t.Errorf("got %d writes, want 1", writes)
	}
}
