package outlog

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const keep = 64 << 10

// fill appends numbered lines until the file has the size, trimming as the host does, and returns how many lines were written.
func fill(t *testing.T, file *os.File, size int64) int {
	t.Helper()
	lines := 0
	for written := int64(0); written < size; lines++ {
		n, err := fmt.Fprintf(file, "line %08d\n", lines)
		if err != nil {
			t.Fatal(err)
		}
		written += int64(n)
		if lines%500 == 0 {
			if _, err := Trim(file.Name(), keep); err != nil {
				t.Fatal(err)
			}
		}
	}
	return lines
}

func open(t *testing.T, path string) *os.File {
	t.Helper()
	file, err := Open(path, keep, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

func TestOutputStaysBoundedAndKeepsItsNewestLinesAtTheirOffsets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "web.log")
	file := open(t, path)
	lines := fill(t, file, 20*keep)
	size, err := Trim(path, keep)
	if err != nil {
		t.Fatal(err)
	}
	const lineLength = int64(len("line 00000000\n"))
	if want := int64(lines) * lineLength; size != want {
		t.Fatalf("size: got %d, want %d: an offset never moves", size, want)
	}
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	if used := st.Blocks * 512; used > 2*keep+16<<10 {
		t.Errorf("disk used: got %d, want at most %d", used, 2*keep)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := int64(lines) - keep/lineLength; i < int64(lines); i++ {
		want := fmt.Sprintf("line %08d\n", i)
		if got := content[i*lineLength : (i+1)*lineLength]; string(got) != want {
			t.Fatalf("at offset %d: got %q, want %q", i*lineLength, got, want)
		}
	}
	begin, err := firstData(path)
	if err != nil || begin == 0 || bytes.IndexByte(content[begin:], 0) >= 0 {
		t.Errorf("first data: got %d, %v; want an offset after which there is no hole", begin, err)
	}
}

func TestNextStartBeginsANewFileAfterAHole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "web.log")
	old := open(t, path)
	fill(t, old, 4*keep)
	before, err := old.Stat()
	if err != nil {
		t.Fatal(err)
	}
	open(t, path)
	now, err := os.Stat(path)
	if err != nil || now.Size() != 0 || os.SameFile(before, now) {
		t.Errorf("file after the next start: got size %d, same %v, %v; want a new empty one", now.Size(), os.SameFile(before, now), err)
	}
	aside, err := os.Stat(path + ".1")
	if err != nil || !os.SameFile(before, aside) {
		t.Errorf("the old file: got %v; want it as %s.1", err, path)
	}
}

func TestSmallFileIsAppendedToByTheNextStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "web.log")
	for range 2 {
		if _, err := open(t, path).WriteString("hello\n"); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "hello\nhello\n" {
		t.Errorf("after two starts: got %q, %v; want both lines", got, err)
	}
}

func TestTrimOfAMissingFileIsNoError(t *testing.T) {
	if size, err := Trim(filepath.Join(t.TempDir(), "none"), keep); size != 0 || err != nil {
		t.Errorf("Trim of no file: got %d, %v; want 0, nil", size, err)
	}
}

func TestCopyTruncateKeepsTheOldContentAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "web.log")
	writer := open(t, path)
	if _, err := writer.WriteString("before\n"); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := copyTruncate(file, path); err != nil {
		t.Fatal(err)
	}
	if _, err := writer.WriteString("after\n"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{path: "after\n", path + ".1": "before\n"} {
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v; want %q", filepath.Base(name), got, err, want)
		}
	}
}
