package drill

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/drill/cases"
	"github.com/homeostat/homeostat/host/drill/lab"
	"github.com/homeostat/homeostat/host/drill/sight"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEveryInvariantHasARow(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range cases.All() {
		if seen[c.ID] {
			t.Errorf("%s is there twice", c.ID)
		}
		seen[c.ID] = true
		if c.Title == "" || c.Does == "" || c.Expects == "" || c.Run == nil {
			t.Errorf("%s: got %+v, want all of it filled in", c.ID, c)
		}
	}
	for _, id := range strings.Fields("R01 R02 R03 R04 R05 R06 R07 R08 R09 R10 R11 R12 R13 R14 R15 R16 R17 R18 R19 R20") {
		if !seen[id] {
			t.Errorf("%s has no row", id)
		}
	}
}

func TestChosenRowsComeInTheGivenOrder(t *testing.T) {
	got, err := Choose([]string{"r07", "C01"})
	if err != nil || len(got) != 2 || got[0].ID != "R07" || got[1].ID != "C01" {
		t.Errorf("got %v, %v, want R07 and C01", got, err)
	}
	if _, err := Choose([]string{"R99"}); err == nil || !strings.Contains(err.Error(), "R01") {
		t.Errorf("unknown row: got %v, want an error that names the rows", err)
	}
}

func TestVerdictFollowsFromWhatWasSeen(t *testing.T) {
	saw := func(got string) *sight.Sight {
		var s sight.Sight
		s.Is("file", got, "old")
		return &s
	}
	for _, c := range []struct {
		name    string
		control bool
		seen    *sight.Sight
		err     error
		want    Verdict
	}{
		{"as expected", false, saw("old"), nil, OK},
		{"not as expected", false, saw("new"), nil, Failed},
		{"nothing was seen", false, &sight.Sight{}, nil, Failed},
		{"it could not be seen", false, saw("old"), errors.New("no answer"), Failed},
		{"the host does not allow it", false, saw("old"), &lab.CannotError{Why: "no mounts"}, NotRun},
		{"a control that is noticed", true, saw("new"), nil, OK},
		{"a control that is not noticed", true, saw("old"), nil, Failed},
		{"a control that goes wrong", true, saw("new"), errors.New("no answer"), Failed},
	} {
		if got, text := judge(cases.Case{Control: c.control}, c.seen, c.err); got != c.want {
			t.Errorf("%s: got %s (%s), want %s", c.name, got, text, c.want)
		}
	}
}

func TestAFailedRowLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var told []Row
	results, err := Run(context.Background(), Options{Program: "/bin/false", Only: []string{"R01"}, Tell: func(r Row) { told = append(told, r) }})
	if err != nil || results.Failed != 1 || len(told) != 1 || !strings.Contains(told[0].Seen, "exit status 1") {
		t.Errorf("got %+v, %v, want one failed row that says why", results, err)
	}
	left, err := os.ReadDir(os.TempDir())
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
