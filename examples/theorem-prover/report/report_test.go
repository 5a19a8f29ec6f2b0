package report

import (
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/examples/theorem-prover/engine"
	"github.com/homeostat/homeostat/examples/theorem-prover/trial"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestBarsAreRelativeToTheLongestOfTheirRow(t *testing.T) {
	setting := engine.Prove{Heuristic: "auto", TimeLimit: 1, MemoryLimit: 64, Workers: 2}
	rows := []trial.Row{
		{Fault: "crash", Shows: "it dies", Healer: "restart", Action: "restart engine", Seconds: 1.25, Before: 100, During: 0, After: 50},
		{Fault: "drift", Evolved: &trial.Evolved{Default: trial.Measured{Rate: 10}, Found: trial.Measured{Setting: setting, Rate: 40}}, Wrong: []string{"too slow"}},
	}
	var b strings.Builder
	Bars(&b, rows)
	for _, want := range []string{
		"  before   " + strings.Repeat("#", width) + "   100 a minute\n",
		"  during   " + strings.Repeat(" ", width) + "     0 a minute  for 1.2 s, until restart: restart engine\n",
		"  after    " + strings.Repeat("#", width/2) + strings.Repeat(" ", width/2) + "    50 a minute\n",
		"  default  " + strings.Repeat("#", width/4) + " ",
		"auto, 1 s, 64 MiB, 2 workers\n",
		"  WRONG    too slow\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("lacks %q:\n%s", want, b.String())
		}
	}
}
