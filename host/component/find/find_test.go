package find

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStalePidfileIsNotBelieved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stale.pid")
	sleeper := exec.Command("/bin/sleep", "600")
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sleeper.Process.Kill(); _ = sleeper.Wait() }()
	for _, c := range []struct {
		name, text string
		age        time.Duration
		found      bool
	}{
		{name: "fresh", text: fmt.Sprint(sleeper.Process.Pid), found: true},
		{name: "with a line end", text: fmt.Sprintf(" %d\n", sleeper.Process.Pid), found: true},
		{name: "written long before the process began", text: fmt.Sprint(sleeper.Process.Pid), age: time.Hour},
		{name: "empty"}, {name: "words", text: "nginx"}, {name: "negative", text: "-1"}, {name: "init", text: "1"},
		{name: "gone", text: "4194303"},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		written := time.Now().Add(-c.age)
		if err := os.Chtimes(path, written, written); err != nil {
			t.Fatal(err)
		}
		if id, err := ByPidfile(path); (err == nil) != c.found {
			t.Errorf("%s: got %v, %v; want found %v", c.name, id, err, c.found)
		}
	}
}

func TestPidfileThatIsNoSmallFileIsNoAnswer(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, make([]byte, 4096), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, large} {
		if id, err := ByPidfile(path); err == nil || errors.Is(err, ErrNotRunning) {
			t.Errorf("ByPidfile(%s): got %v, %v; want an error that leaves open whether it runs", path, id, err)
		}
	}
	if _, err := ByPidfile(filepath.Join(dir, "none")); !errors.Is(err, ErrNotRunning) {
		t.Errorf("ByPidfile of no file: got %v, want ErrNotRunning", err)
	}
}

func TestMatchNeverFindsTheHostItself(t *testing.T) {
	if id, err := ByMatch("^" + os.Args[0]); !errors.Is(err, ErrNotRunning) {
		t.Errorf("ByMatch of the test's own command line: got %v, %v; want ErrNotRunning", id, err)
	}
	if _, err := ByMatch("("); err == nil || errors.Is(err, ErrNotRunning) {
		t.Errorf("ByMatch of a broken expression: got %v, want another error than ErrNotRunning", err)
	}
}
