package sequence

import (
	"math"
	"math/rand/v2"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const level = 0.95

// stream yields observations and the conditional mean of each.
type stream func(rng *rand.Rand, n int) (o Observation, mean float64)

func coin(chance float64) stream {
	return func(rng *rand.Rand, _ int) (Observation, float64) {
		o := Observation{Low: 0, High: 1}
		if rng.Float64() < chance {
			o.Value = 1
		}
		return o, chance
	}
}

// weighted is an inverse-propensity difference: the first arm is drawn with the
// chance share(n), and its outcome weighted by it.
func weighted(share, a, b func(n int) float64) stream {
	return func(rng *rand.Rand, n int) (Observation, float64) {
		p := share(n)
		o := Observation{Low: -1 / (1 - p), High: 1 / p}
		switch {
		case rng.Float64() < p:
			if rng.Float64() < a(n) {
				o.Value = 1 / p
			}
		case rng.Float64() < b(n):
			o.Value = -1 / (1 - p)
		}
		return o, a(n) - b(n)
	}
}

func always(x float64) func(int) float64 { return func(int) float64 { return x } }

// drifting changes slowly and then at once.
func drifting(n int) float64 {
	if n < 150 {
		return 0.9 - 0.4*float64(n)/150
	}
	return 0.2
}

func skewed(n int) float64 { return []float64{0.05, 0.5, 0.9, 0.2}[n%4] }

var streams = map[string]stream{
	"a fair coin":                      coin(0.5),
	"a rare event":                     coin(0.02),
	"an almost certain one":            coin(0.99),
	"a known difference":               weighted(always(0.5), always(0.9), always(0.6)),
	"no difference":                    weighted(always(0.5), always(0.7), always(0.7)),
	"skewed propensities":              weighted(skewed, always(0.8), always(0.5)),
	"one arm rarely drawn":             weighted(always(0.06), always(0.9), always(0.9)),
	"a drift that both arms share":     weighted(always(0.5), drifting, drifting),
	"a drift of the difference itself": weighted(skewed, drifting, always(0.5)),
}

// missed returns the share of runs in which the interval was wrong at any look.
func missed(t *testing.T, s stream, judge func(all []Observation, mean float64, seq *Sequence) bool) float64 {
	t.Helper()
	const runs, looks = 300, 400
	wrong := 0
	for run := range runs {
		rng := rand.New(rand.NewPCG(uint64(run), 7))
		seq := New(level)
		var all []Observation
		total, bad := 0.0, false
		for n := range looks {
			o, mean := s(rng, n)
			if err := seq.Add(o); err != nil {
				t.Fatal(err)
			}
			all, total = append(all, o), total+mean
			bad = bad || judge(all, total/float64(n+1), seq)
		}
		if bad {
			wrong++
		}
	}
	return float64(wrong) / runs
}

func TestTheIntervalHoldsAtAllLooksTogether(t *testing.T) {
	for name, s := range streams {
		got := missed(t, s, func(_ []Observation, mean float64, seq *Sequence) bool { return seq.Excludes(mean) })
		if got > 1-level {
			t.Errorf("%s: the true mean was excluded at some look in %.1f %% of runs, want at most %.0f %%", name, 100*got, 100*(1-level))
		}
	}
}

// The control: what everybody does, looked at again and again.
func TestAnOrdinaryIntervalThatIsPeekedAtDoesNotHold(t *testing.T) {
	got := missed(t, streams["no difference"], func(all []Observation, mean float64, _ *Sequence) bool {
		n := float64(len(all))
		if n < 10 {
			return false
		}
		sum, squares := 0.0, 0.0
		for _, o := range all {
			sum, squares = sum+o.Value, squares+o.Value*o.Value
		}
		sd := math.Sqrt((squares - sum*sum/n) / (n - 1))
		return math.Abs(sum/n-mean) > 1.96*sd/math.Sqrt(n)
	})
	if got < 0.2 {
		t.Errorf("got %.1f %% of runs wrong at some look, want a fifth at least: the test of coverage could not fail", 100*got)
	}
}

func TestTheIntervalIsWhereExcludesSaysSo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seq := New(level)
		for range rapid.IntRange(1, 200).Draw(t, "n") {
			low := rapid.Float64Range(-20, 0).Draw(t, "low")
			high := rapid.Float64Range(0, 20).Draw(t, "high")
			if err := seq.Add(Observation{Value: rapid.Float64Range(low, high).Draw(t, "value"), Low: low, High: high}); err != nil {
				t.Fatal(err)
			}
		}
		i := seq.Interval()
		if !(i.Low <= seq.Mean() && seq.Mean() <= i.High) {
			t.Fatalf("got interval %+v around mean %g", i, seq.Mean())
		}
		for _, inside := range []float64{i.Low + 1e-6, i.High - 1e-6} {
			if i.High-i.Low > 1e-5 && seq.Excludes(inside) {
				t.Fatalf("%g lies inside %+v and is excluded", inside, i)
			}
		}
	})
}

func TestTheIntervalNarrowsAsPlanned(t *testing.T) {
	plan := Plan{Level: level, Deviation: 0.5, Range: 0.5}
	n := plan.Needed(0.1)
	if n < 100 || n > 400 {
		t.Fatalf("got %d tosses of a fair coin for a tenth, want between 100 (a fixed number needs 96) and 400", n)
	}
	rng := rand.New(rand.NewPCG(3, 3))
	seq := New(level)
	for k := range n {
		o, _ := coin(0.5)(rng, k)
		if err := seq.Add(o); err != nil {
			t.Fatal(err)
		}
	}
	if i := seq.Interval(); i.High-i.Low > 0.26 || i.High-i.Low < 0.14 {
		t.Errorf("got %+v after %d tosses, want about 0.2 wide", i, n)
	}
	if (Plan{Level: level, Deviation: 1, Range: 1}).Needed(0) != most {
		t.Error("want no number of observations to be enough for a width of nothing")
	}
}

// A bet that is too large for the range is lost even where the guess was right.
func TestAWideRangeLeavesTheBoundsWide(t *testing.T) {
	seq := New(level)
	for range 5 {
		if err := seq.Add(Observation{Value: 0, Low: -3, High: 3}); err != nil {
			t.Fatal(err)
		}
		if i := seq.Interval(); i.Low > -1 || i.High < 1 || seq.Excludes(0.5) {
			t.Fatalf("got %+v after %d observations in a range of 6", i, seq.Count())
		}
	}
}

func TestAnObservationOutsideItsRangeIsRefused(t *testing.T) {
	seq := New(level)
	for _, o := range []Observation{{2, 0, 1}, {-1, 0, 1}, {math.NaN(), 0, 1}, {0, math.NaN(), 1}, {0, 1, -1}, {0, math.Inf(-1), 1}} {
		if err := seq.Add(o); err == nil {
			t.Errorf("%+v: want it refused", o)
		}
	}
	if i := seq.Interval(); seq.Count() != 0 || !math.IsInf(i.Low, -1) || i.Excludes(1e9) {
		t.Errorf("got %+v of %d, want nothing known", i, seq.Count())
	}
}
