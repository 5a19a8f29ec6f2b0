package loghub

import (
	"context"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/examples/bench-detect/table"
	"github.com/homeostat/homeostat/plugins/detector-logs/template"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAccuracyCountsOnlyLinesOfWholeGroups(t *testing.T) {
	for _, c := range []struct {
		groups []template.ID
		labels string
		want   float64
	}{
		{[]template.ID{1, 1, 2, 2}, "a a b b", 1},
		{[]template.ID{1, 1, 2, 3}, "a a b b", 0.5},  // one label in two groups
		{[]template.ID{1, 1, 1, 2}, "a a b c", 0.25}, // two labels in one group
		{[]template.ID{1, 2, 1, 2}, "a a b b", 0},
	} {
		if got := Accuracy(c.groups, strings.Fields(c.labels)); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v for %s: %v, want %v", c.groups, c.labels, got, c.want)
		}
	}
}

// write makes the files of one system.
func write(t *testing.T, folder, name string, files map[string]string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(folder, name), 0o755); err != nil {
		t.Fatal(err)
	}
	for suffix, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name, name+"_2k.log"+suffix), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

const structured = "LineId,Content,EventId\n1,opened 5,E1\n2,opened 6,E1\n3,closed,E2\n"

func TestViewsAreMeasuredForAllAndForTheHalves(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"A", "B"} {
		write(t, folder, name, map[string]string{
			"": "INFO opened 5\nINFO opened 6\nINFO closed\n", "_structured.csv": structured, "_structured_corrected.csv": structured,
		})
	}
	systems, err := read(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range views {
		rows := v.rows(systems)
		if len(rows) != 6 {
			t.Fatalf("%s: %d rows, want two systems and four means", v.name, len(rows))
		}
		for _, r := range rows {
			if r.Got != 1 {
				t.Errorf("%s: got %v, want 1", r.What, r.Got)
			}
		}
	}
}

func TestASetThatIsIncompleteIsNamed(t *testing.T) {
	folder := t.TempDir()
	in := table.Input{Folder: folder, Out: io.Discard}
	if _, err := Set.Run(context.Background(), in); err == nil || !strings.Contains(err.Error(), folder) {
		t.Errorf("an empty folder: %v", err)
	}
	write(t, folder, "A", map[string]string{"": "x\ny\n", "_structured.csv": structured, "_structured_corrected.csv": structured})
	if _, err := Set.Run(context.Background(), in); err == nil || !strings.Contains(err.Error(), "2 lines, but 3") {
		t.Errorf("a line too few: %v", err)
	}
}
