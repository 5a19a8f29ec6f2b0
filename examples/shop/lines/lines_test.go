package lines

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// read opens a file and returns it with its lines.
func read(t *testing.T, path string) (*File, []string) {
	t.Helper()
	var got []string
	f, err := Open(path, func(line []byte) error {
		got = append(got, strings.TrimSuffix(string(line), "\n"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f, got
}

func TestLinesComeBackAndATornOneIsDropped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lines")
	f, none := read(t, path)
	if err := errors.Join(f.Append([]byte("one")), f.Append([]byte("two")), f.Check()); err != nil || len(none) != 0 {
		t.Fatalf("a new file has %q, and: %v", none, err)
	}
	torn, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := torn.WriteString("thr"); err != nil {
		t.Fatal(err)
	}
	if err := torn.Close(); err != nil {
		t.Fatal(err)
	}
	f, got := read(t, path)
	if err := f.Append([]byte("three")); err != nil {
		t.Fatal(err)
	}
	if _, again := read(t, path); !slices.Equal(got, []string{"one", "two"}) || !slices.Equal(again, []string{"one", "two", "three"}) {
		t.Errorf("got %q, and %q after another line", got, again)
	}
}

func TestALineThatIsNotUnderstoodIsNamedByItsPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lines")
	if err := os.WriteFile(path, []byte("good\nbad\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	wrong := errors.New("wrong")
	_, err := Open(path, func(line []byte) error {
		if string(line) == "bad\n" {
			return wrong
		}
		return nil
	})
	if !errors.Is(err, wrong) || !strings.Contains(err.Error(), path+" at byte 5") {
		t.Errorf("got %v, want the line's place", err)
	}
}

func TestAFileThatWasReplacedIsFoundOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lines")
	f, _ := read(t, path)
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	if err := f.Check(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v of a file that was moved away", err)
	}
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := f.Check(); err == nil || !strings.Contains(err.Error(), "replaced") {
		t.Errorf("got %v of a file that was replaced", err)
	}
}
