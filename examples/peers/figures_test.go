package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/examples/peers/trial"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func example() figures {
	down := func(name string, downs ...time.Duration) trial.Result {
		return trial.Result{Supervisor: name, Downs: []trial.Down{{Fault: "hang", Times: 1, Repaired: downs, Bound: 20 * time.Second}}}
	}
	return figures{
		Results: []trial.Result{down("homeostat", 2*time.Second), down("monit", 5*time.Second), down("runit")},
		LeftOut: []string{"supervisord: needs supervisord"},
		Faults:  []trial.Fault{{Name: "hang", Shows: "SIGSTOP"}},
	}
}

func TestTableShowsRatiosAndWhatNeverCameBack(t *testing.T) {
	var out strings.Builder
	example().print(&out)
	for _, want := range []string{"2.00 s (1.0 ×)", "5.00 s (2.5 ×)", "never within 20s (0 of 1)", "left out supervisord", "hang: SIGSTOP"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output lacks %q:\n%s", want, out.String())
		}
	}
}

func TestFiguresHaveTheDowntimesInJSON(t *testing.T) {
	b, err := json.Marshal(example())
	if err != nil || !strings.Contains(string(b), `"repaired_ns"`) {
		t.Errorf("got %s (%v), want the downtimes", b, err)
	}
}
