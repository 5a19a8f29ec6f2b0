package tally

import (
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/change/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOnlyWhatFailsNewlyBlocks(t *testing.T) {
	for _, c := range []struct {
		current, candidate        record.Verdict
		failed, warned, undecided int
	}{
		{record.Pass, record.Pass, 0, 0, 0},
		{record.Fail, record.Pass, 0, 0, 0},
		{record.Pass, record.Fail, 1, 0, 0},
		{record.Fail, record.Fail, 0, 1, 0},
		{record.Pass, record.Inconclusive, 0, 0, 1},
		{record.Inconclusive, record.Inconclusive, 0, 0, 1},
	} {
		var got Tally
		got.Note("check", c.current, c.candidate, "a reason")
		if len(got.Failed) != c.failed || got.Warned != c.warned || got.Undecided != c.undecided || got.Asked != 1 {
			t.Errorf("%s then %s: got %+v, want %d failed, %d warned, %d undecided", c.current, c.candidate, got, c.failed, c.warned, c.undecided)
		}
		if len(got.Details) != 1 || !strings.Contains(got.Details[0], "a reason") {
			t.Errorf("%s then %s: got %q, want the reason", c.current, c.candidate, got.Details)
		}
	}
}
