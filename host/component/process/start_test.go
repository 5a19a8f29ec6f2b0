package process

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestProgramThatIsStillBeingWrittenIsStartedWhenItIsWhole(t *testing.T) {
	program := filepath.Join(t.TempDir(), "true")
	data, err := os.ReadFile("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, data, 0o755); err != nil {
		t.Fatal(err)
	}
	writer, err := os.OpenFile(program, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := os.StartProcess(program, []string{"true"}, &os.ProcAttr{}); !errors.Is(err, syscall.ETXTBSY) {
		t.Fatalf("start of a program that is open for writing: got %v, %v, want ETXTBSY", p, err)
	}
	time.AfterFunc(5*writtenPause, func() { writer.Close() })
	h, err := Start(Command{Args: []string{program}})
	if err != nil {
		t.Fatalf("Start: got %v, want it to wait for the writer", err)
	}
	<-h.Done()
	h.Close()
}
