package table

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestBarIsReachedOrMissedOnItsSide(t *testing.T) {
	for name, c := range map[string]struct {
		row  Row
		want string
	}{
		"no bar":            {Row{Got: 5}, ""},
		"at least, above":   {Row{Got: 5, Bar: 4, Want: AtLeast}, "reached"},
		"at least, equal":   {Row{Got: 4, Bar: 4, Want: AtLeast}, "reached"},
		"at least, below":   {Row{Got: 3, Bar: 4, Want: AtLeast}, "missed"},
		"at most, below":    {Row{Got: 3, Bar: 4, Want: AtMost}, "reached"},
		"at most, above":    {Row{Got: 5, Bar: 4, Want: AtMost}, "missed"},
		"a bar of zero":     {Row{Got: 0.1, Want: AtMost}, "missed"},
		"a bar of zero met": {Row{Got: 0, Want: AtMost}, "reached"},
	} {
		if got := c.row.Verdict(); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

var rows = []Row{
	{Set: "nab", What: "standard", Got: 75.2, Bar: 75, Want: AtLeast, Reference: "ARTime 74.9"},
	{Set: "nab", What: "low-FN", Got: 79.7},
}

func TestTablePutsEachFigureBesideItsBarAndReference(t *testing.T) {
	var out strings.Builder
	if err := Print(&out, rows); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("got %d lines, want a heading and two rows:\n%s", len(lines), out.String())
	}
	if got := strings.Join(strings.Fields(lines[1]), " "); got != "nab standard 75.2 at least 75 reached ARTime 74.9" {
		t.Errorf("got %q", got)
	}
	if got := strings.Join(strings.Fields(lines[2]), " "); got != "nab low-FN 79.7" {
		t.Errorf("a row without a bar is %q, want no verdict", got)
	}
}

func TestWrittenRowsAreReadBackTheSame(t *testing.T) {
	written, err := json.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	var got []Row
	if err := json.Unmarshal(written, &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != len(rows) || got[0] != rows[0] || got[1] != rows[1] {
		t.Errorf("got %+v, want %+v", got, rows)
	}
}

func TestProcessorTimeGrowsWithWork(t *testing.T) {
	begun, err := CPU()
	if err != nil {
		t.Fatal(err)
	}
	sum, deadline := 0, time.Now().Add(time.Minute)
	for now := begun; now <= begun; now, err = CPU() {
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("no processor time was used within a minute of work (%d), error %v", sum, err)
		}
		for i := range 1_000_000 {
			sum += i
		}
	}
}
