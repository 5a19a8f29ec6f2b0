package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/examples/bench-detect/table"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEverySetHasAName(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range sets {
		if s.Name == "" || seen[s.Name] || s.Folder != "" && s.Source == "" {
			t.Errorf("set %+v: want a name of its own, and a source for its data", s.Name)
		}
		seen[s.Name] = true
	}
}

func TestSetThatFailsOrIsMissingDoesNotStopTheOthers(t *testing.T) {
	data := t.TempDir()
	if err := os.Mkdir(filepath.Join(data, "there"), 0o755); err != nil {
		t.Fatal(err)
	}
	asked := ""
	answer := func(name string, err error) func(context.Context, table.Input) ([]table.Row, error) {
		return func(_ context.Context, in table.Input) ([]table.Row, error) {
			asked += name + "=" + filepath.Base(in.Folder) + " "
			return []table.Row{{Set: name}}, err
		}
	}
	chosen := []table.Set{
		{Name: "absent", Folder: "nowhere", Run: answer("absent", nil)},
		{Name: "broken", Folder: "there", Run: answer("broken", errors.New("half a file"))},
		{Name: "made", Run: answer("made", nil)},
	}
	rows, failed := measure(t.Context(), chosen, table.Input{Folder: data, Out: io.Discard})
	if len(rows) != 2 || !errors.Is(failed, errIncomplete) {
		t.Errorf("got %d rows and %v, want two and what says that one is missing", len(rows), failed)
	}
	if want := "broken=there made=" + filepath.Base(data) + " "; asked != want {
		t.Errorf("asked %q, want %q", asked, want)
	}
}
