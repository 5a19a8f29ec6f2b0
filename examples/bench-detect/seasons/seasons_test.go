package seasons

import (
	"math"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/examples/bench-detect/table"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wave is a level of 100 with a season, a growth a value, and nothing else.
func wave(n int, growth float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = (100 + growth*float64(i)) * (1 + 0.3*math.Sin(2*math.Pi*float64(i)/period))
	}
	return out
}

func TestEveryMethodForecastsAPureSeason(t *testing.T) {
	all := wave(700+ahead, 0)
	for _, m := range methods {
		for k, v := range m.forecast(all[:700]) {
			if want := all[700+k]; math.Abs(v-want) > 0.5 {
				t.Errorf("%s, %d ahead: got %.3f, want %.3f", m.name, k+1, v, want)
				break
			}
		}
	}
}

func TestThetaFollowsHalfOfATrendAndNaive2None(t *testing.T) {
	all := wave(720+period, 0.1)
	want := func(m method) float64 { return m.forecast(all[:720])[period-1] / all[720-1] }
	half := 1 + 0.05*period/172
	if got := want(methods[2]); math.Abs(got-1) > 0.005 {
		t.Errorf("Naive 2 moves by a factor of %.4f in a day, want 1", got)
	}
	if got := want(methods[3]); math.Abs(got-half) > 0.005 {
		t.Errorf("Theta moves by a factor of %.4f in a day, want about %.4f", got, half)
	}
}

// TestReferencesAreWhereTheyAreOnM4 holds the generator to its promise: the
// reference methods get about the marks they have on the competition's hourly
// series (.628 and 1.006).
func TestReferencesAreWhereTheyAreOnM4(t *testing.T) {
	rows, err := Set.Run(t.Context(), table.Input{})
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{rows[0].Got, 0.628, 1, 1.006}
	for i, r := range rows {
		if math.Abs(r.Got-want[i]) > 0.03 {
			t.Errorf("%s: %.3f, want about %.3f", r.What, r.Got, want[i])
		}
	}
	if rows[0].Verdict() != "reached" {
		t.Errorf("the seasonal model has an OWA of %.3f, want at most %.2f", rows[0].Got, rows[0].Bar)
	}
}

func TestErrorsAreThoseOfTheCompetition(t *testing.T) {
	var a, b errors2
	a.add([]float64{110, 90}, []float64{100, 100}, 5)
	b.add([]float64{130, 70}, []float64{100, 100}, 5)
	if got, want := a.smape, 2*10.0/210+2*10.0/190; math.Abs(got-want) > 1e-12 || a.mase != 4 {
		t.Errorf("sMAPE %v and MASE %v, want %v and 4", got, a.mase, want)
	}
	if got := a.owa(a); got != 1 {
		t.Errorf("the OWA of a method beside itself is %v, want 1", got)
	}
	if got := a.owa(b); got >= 0.5 {
		t.Errorf("a third of the errors gives an OWA of %v, want less than half", got)
	}
}
