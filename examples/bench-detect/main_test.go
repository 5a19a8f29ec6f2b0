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

func TestSetsAreChosenByNameInTheOrderAskedFor(t *testing.T) {
	got, err := choose("kpi,nab")
	if err != nil || len(got) != 2 || got[0].Name != "kpi" || got[1].Name != "nab" {
		t.Errorf("got %v, %v", got, err)
	}
	if all, err := choose(""); err != nil || len(all) != len(sets) {
		t.Errorf("without names got %d sets, %v, want all %d", len(all), err, len(sets))
	}
	for _, wrong := range []string{"nob", "nab,", "nab kpi"} {
		if _, err := choose(wrong); err == nil {
			t.Errorf("--only %q was taken", wrong)
		}
	}
}

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
	if len(rows) != 2 || failed != 1 {
		t.Errorf("got %d rows and exit code %d, want two and 1", len(rows), failed)
	}
	if want := "broken=there made=" + filepath.Base(data) + " "; asked != want {
		t.Errorf("asked %q, want %q", asked, want)
	}
}

func TestFiguresAreWrittenToAFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "figures.json")
	if err := write(name, []table.Row{{Set: "nab", Got: 75}}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(name); err != nil || info.Size() == 0 {
		t.Errorf("got %v, %v", info, err)
	}
	if write(filepath.Join(name, "below"), nil) == nil {
		t.Error("a file below a file was written")
	}
}
