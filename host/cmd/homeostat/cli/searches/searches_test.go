package searches

import (
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSearchesAreShownWithWhatStoppedThem(t *testing.T) {
	base, least := 3.3951887, 0.0669319
	var out strings.Builder
	Show(&out, api.NewList([]api.Search{
		{Component: "web", State: "done", Round: 2, Spent: 9, Budget: 9, Default: &base, Best: &least, BestValues: map[string]any{"workers": 30.0, "mode": "fast"}},
		{Component: "bank", State: "proving", Round: 3, Hours: 8},
		{Component: "shelf", State: "done", Round: 2, Replay: "recorded load is not replayed: no function replay"},
		{Component: "store", State: "set_aside", Round: 1, Why: "the model traps\x1b[2J"},
	}))
	got := out.String()
	for _, want := range []string{"9 of 9", "3.395", "0.06693", "mode=fast workers=30", "store: the model traps", "8 recorded hours", "made up", "shelf: recorded load is not replayed"} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant %q in it", got, want)
		}
	}
	if strings.Contains(got, "\x1b") {
		t.Errorf("got %q, with a sequence that steers the terminal", got)
	}
}

func TestNoSearchSaysWhereToBegin(t *testing.T) {
	var out strings.Builder
	Show(&out, api.NewList[api.Search](nil))
	if !strings.Contains(out.String(), "[evolve]") {
		t.Errorf("got %q", out.String())
	}
}
