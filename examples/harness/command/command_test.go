package command

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestExitCodeTellsAWrongCommandLineFromAnError(t *testing.T) {
	for want, err := range map[int]error{0: nil, 1: errors.New("a bar was missed"), 2: Usage("--runs is %d", 0)} {
		got := Program{Name: "x", Run: func(context.Context) error { return err }}.Main()
		if got != want {
			t.Errorf("an error of %v ends with %d, want %d", err, got, want)
		}
	}
}

func TestAProgramGivesUpAfterItsTime(t *testing.T) {
	p := Program{Name: "x", Longest: time.Millisecond, Run: func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}}
	if got := p.Main(); got != 1 {
		t.Errorf("exit code %d, want 1", got)
	}
}

func TestScratchFolderIsThereAndGoes(t *testing.T) {
	var dir string
	failed := errors.New("failed")
	err := Scratch("bin", func(bin, d string) error {
		dir = d
		if !filepath.IsAbs(bin) {
			t.Errorf("bin is %s, want an absolute path", bin)
		}
		return errors.Join(failed, os.WriteFile(filepath.Join(d, "file"), nil, 0o600))
	})
	if !errors.Is(err, failed) {
		t.Errorf("the error is %v, want the body's", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func TestChoiceByName(t *testing.T) {
	all := []string{"tcp", "http"}
	self := func(s string) string { return s }
	for only, want := range map[string][]string{"": all, "http": {"http"}, "http,tcp": {"http", "tcp"}} {
		if got, err := Choose(only, all, self); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q chooses %v, %v, want %v", only, got, err, want)
		}
	}
	for _, wrong := range []string{"htp", "tcp,", "tcp http"} {
		_, err := Choose(wrong, all, self)
		if !errors.As(err, new(usageError)) || !strings.Contains(err.Error(), "tcp, http") {
			t.Errorf("%q gives %v, want what there is", wrong, err)
		}
	}
}

func TestResultsAreWrittenWhereAFileIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out.json")
	if err := errors.Join(WriteJSON(file, []int{1}), WriteJSON("", nil)); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "[\n  1\n]\n" {
		t.Errorf("the file holds %q, %v", got, err)
	}
	if err := WriteJSON(filepath.Join(t.TempDir(), "none", "out.json"), 1); err == nil {
		t.Error("a folder that is missing gives no error")
	}
}
