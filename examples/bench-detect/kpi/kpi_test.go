package kpi

import (
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/examples/bench-detect/table"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSeriesComeBackTheSameFromTheirSeed(t *testing.T) {
	for f := range faults {
		a, b, c := generate(f, 3), generate(f, 3), generate(f, 4)
		if !slices.Equal(a.values, b.values) || slices.Equal(a.values, c.values) {
			t.Errorf("%s: the same seed gives the same series: %v, another seed too: %v", faultNames[f],
				slices.Equal(a.values, b.values), slices.Equal(a.values, c.values))
		}
		if len(a.values) != days*day || len(a.stretches) != 2 || a.stretches[0][0] < learning || a.stretches[1][1]+grace >= days*day {
			t.Errorf("%s: %d rows with faults at %v", faultNames[f], len(a.values), a.stretches)
		}
	}
}

func TestFlatLineRepeatsTheValueBeforeIt(t *testing.T) {
	l := generate(flatLine, 1)
	for _, s := range l.stretches {
		for i := s[0]; i <= s[1]; i++ {
			if l.values[i] != l.values[s[0]-1] {
				t.Fatalf("row %d is %v, want %v as before the fault", i, l.values[i], l.values[s[0]-1])
			}
		}
	}
}

func TestAlarmsAreOwedToFaultsOrWrong(t *testing.T) {
	l := labelled{values: make([]float64, 10*day), stretches: [][2]int{{1000, 1010}, {2000, 2010}}}
	var got tally
	got.add(l, []int{999, 1002, 1005, 1010 + grace, 1011 + grace})
	want := tally{stretches: 2, found: 1, right: 3, wrong: 2, delay: 2, quiet: 10*day - learning - 2*(11+grace)}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got.late() != "10 min" {
		t.Errorf("late by %s, want 10 min", got.late())
	}
}

func TestPlainFaultsAreFoundWithFewFalseAlarms(t *testing.T) {
	rows, err := Set.Run(t.Context(), table.Input{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		t.Logf("%s: %.3f", r.What, r.Got)
	}
	if recall := rows[faults].Got; recall < 0.5 {
		t.Errorf("recall is %.2f, want at least half", recall)
	}
	if wrong := rows[faults+2].Got; wrong > 2 {
		t.Errorf("%.2f false alarms a week and series, want at most 2", wrong)
	}
}
