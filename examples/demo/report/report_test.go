package report

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/examples/demo/scenario"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func lines() []scenario.Line {
	seen, back := 12*time.Millisecond, 2500*time.Millisecond
	limit := scenario.Limit{Seen: time.Second, Back: 3 * time.Second, Orders: 1}
	return []scenario.Line{
		{Fault: "crash", SeenAfter: &seen, BackAfter: &back, Action: "restart crash", Orders: 1, Limit: limit},
		{Fault: "hang", Limit: limit, Wrong: []string{"not repaired"}},
		{Fault: "calm"},
	}
}

func TestTableShowsWhatCameOfEachFault(t *testing.T) {
	var out strings.Builder
	results := New(&out).Finish(lines())
	if results.Repaired {
		t.Error("repaired: got true with a fault that was not")
	}
	for _, want := range []string{
		"12 ms (limit 2.0 s)", "2.5 s (limit 6.0 s)", "restart crash", "1 (limit 1)", "NOT REPAIRED",
		"never (limit 2.0 s)", "2 of 3 within", "hang: not repaired", "left alone",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output lacks %q:\n%s", want, out.String())
		}
	}
}

func TestAllRepairedIsSaid(t *testing.T) {
	var out strings.Builder
	if results := New(&out).Finish(lines()[:1]); !results.Repaired || strings.Contains(out.String(), "NOT") {
		t.Errorf("got repaired %v and\n%s", results.Repaired, out.String())
	}
}

func TestResultsKeepTheirNamesInJSON(t *testing.T) {
	var out strings.Builder
	b, err := json.Marshal(New(&out).Finish(lines()))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Repaired bool
		Faults   []struct {
			Fault string
			Back  *int64 `json:"back_after_ns"`
		}
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if got.Repaired || len(got.Faults) != 3 || *got.Faults[0].Back != 2_500_000_000 || got.Faults[1].Back != nil {
		t.Errorf("read back: %s", b)
	}
}
