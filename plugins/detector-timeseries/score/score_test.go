package score

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// days are noisy days of five-minute rows.
func days(n int, seed uint64) (times []int64, values []float64) {
	const row, day = 300, 86400
	rng := rand.New(rand.NewPCG(seed, 1))
	for i := range n * day / row {
		at := int64(i) * row
		times = append(times, at)
		values = append(values, 100+30*math.Sin(2*math.Pi*float64(at)/day)+3*rng.NormFloat64())
	}
	return times, values
}

func scores(times []int64, values []float64) []Verdict {
	var s Series
	out := make([]Verdict, len(values))
	for i, v := range values {
		out[i] = s.Add(times[i], v)
	}
	return out
}

func TestNoLookAhead(t *testing.T) {
	times, values := days(8, 3)
	whole := scores(times, values)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, len(values)).Draw(t, "prefix")
		for i, v := range scores(times[:n], values[:n]) {
			if v != whole[i] {
				t.Fatalf("row %d of a prefix of %d is judged %+v, in the whole series %+v", i, n, v, whole[i])
			}
		}
	})
}

func TestStateCarriesOn(t *testing.T) {
	times, values := days(12, 4)
	whole := scores(times, values)
	var s Series
	half := len(values) / 2
	for i := range half {
		s.Add(times[i], values[i])
	}
	var heir Series
	state := s.AppendState(nil)
	if err := heir.SetState(state); err != nil {
		t.Fatal(err)
	}
	if again := heir.AppendState(nil); !bytes.Equal(again, state) {
		t.Error("the state changes on its way")
	}
	for i := half; i < len(values); i++ {
		if got := heir.Add(times[i], values[i]); got != whole[i] {
			t.Fatalf("row %d: the heir says %+v, want %+v", i, got, whole[i])
		}
	}
}

func TestWhatIsStrangeStandsOut(t *testing.T) {
	for name, change := range map[string]func(v []float64){
		"a spike":                   func(v []float64) { v[0] = 400 },
		"a fall":                    func(v []float64) { v[0], v[1] = 0, 0 },
		"a new level":               func(v []float64) { add(v, 80) },
		"night values in the day":   func(v []float64) { mirror(v) },
		"a line where noise was":    func(v []float64) { level(v, 190) },
		"noise far above the usual": func(v []float64) { swing(v, 90) },
	} {
		times, values := days(20, 5)
		at := 15*288 + 60
		change(values[at : at+72])
		all := scores(times, values)
		before, during := 0.0, 0.0
		for i, v := range all {
			switch {
			case i >= at && i < at+72:
				during = max(during, v.New)
			case i >= 5*288 && i < at:
				before = max(before, v.New)
			}
		}
		if during <= before || during < Threshold {
			t.Errorf("%s scores %.1f, the ten usual days before at most %.1f, the threshold is %.1f", name, during, before, Threshold)
		}
	}
}

func add(v []float64, x float64) {
	for i := range v {
		v[i] += x
	}
}

func mirror(v []float64) {
	for i := range v {
		v[i] = 200 - v[i] - 20
	}
}

func level(v []float64, x float64) {
	for i := range v {
		v[i] = x
	}
}

func swing(v []float64, x float64) {
	for i := range v {
		v[i] += x * float64(i%2*2-1)
	}
}

func TestConstantSeriesIsNeverStrange(t *testing.T) {
	var s Series
	for i := range 3000 {
		if v := s.Add(int64(i)*300, 42); v.Score >= Threshold {
			t.Fatalf("row %d of a constant scores %+v", i, v)
		}
	}
}

func TestNewAlarmRisesAboveThePeakOfTheLastRows(t *testing.T) {
	times, values := days(20, 6)
	at := 16 * 288
	for k := range 10 {
		values[at+30*k] = 300 + 20*float64(k)
	}
	all := scores(times, values)
	silent := 0
	for i := silence; i < len(all); i++ {
		peak := 0.0
		for _, v := range all[i-silence : i] {
			peak = max(peak, v.Score)
		}
		switch {
		case all[i].New > 0 && all[i].New <= 1.0499*peak:
			t.Fatalf("row %d is a new alarm at %v after a peak of %v", i, all[i].New, peak)
		case all[i].New == 0 && all[i].Score >= Threshold:
			silent++
		}
	}
	if silent == 0 {
		t.Error("no strange row was kept silent, want some of the ten spikes to be")
	}
}

func TestTailTellsProbabilitiesOfKnownTails(t *testing.T) {
	for name, draw := range map[string]func(*rand.Rand) float64{
		"exponential": (*rand.Rand).ExpFloat64,
		"normal":      (*rand.Rand).NormFloat64,
	} {
		var q tail
		rng := rand.New(rand.NewPCG(8, 9))
		over := 0
		const rows, level = 40000, 3 // one in a thousand
		for i := range rows {
			if q.surprise(draw(rng)) >= level && i > horizon {
				over++
			}
		}
		if want := float64(rows-horizon) / 1000; float64(over) < want/3 || float64(over) > want*3 {
			t.Errorf("%s: %d values of %d are called as rare as one in a thousand, want about %.0f", name, over, rows-horizon, want)
		}
	}
}

// TestNearestAgreesWithThePlainSearch holds the ring search to the definition.
func TestNearestAgreesWithThePlainSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{2, 4, 8}).Draw(t, "length")
		values := rapid.SliceOfN(rapid.Float64Range(-100, 100), 1, 900).Draw(t, "values")
		var r ring12
		hint := search{Back: rapid.Uint32Range(0, 1000).Draw(t, "hint")}
		for _, v := range values {
			r.add(v)
		}
		if len(values) > twelves {
			values = values[len(values)-twelves:]
		}
		want := 0.0
		if len(values) > 2*n {
			want = math.Inf(1)
		}
		last := len(values) - 1
		for j := n - 1; j <= last-n; j++ {
			sum := 0.0
			for k := range n {
				d := values[last-k] - values[j-k]
				sum += d * d
			}
			if len(values) > 2*n {
				want = min(want, math.Sqrt(sum))
			}
		}
		if got := r.nearest(n, &hint); math.Abs(got-want) > 1e-3*(1+want) {
			t.Fatalf("nearest of %d values by %d: got %v, want %v", len(values), n, got, want)
		}
	})
}

func TestStateOfTheWrongShapeIsRefused(t *testing.T) {
	var s Series
	good := s.AppendState(nil)
	if len(good) != Bytes {
		t.Fatalf("%d bytes, want %d", len(good), Bytes)
	}
	if s.SetState(good[1:]) == nil {
		t.Error("a short state was taken")
	}
	for i := range good {
		good[i] = 0xff
	}
	if s.SetState(good) == nil {
		t.Error("a state of impossible counts was taken")
	}
}

func FuzzSetState(f *testing.F) {
	var s Series
	f.Add(s.AppendState(nil), 1.5)
	f.Fuzz(func(t *testing.T, state []byte, v float64) {
		var s Series
		if math.IsNaN(v) || math.IsInf(v, 0) || s.SetState(state) != nil {
			return
		}
		for i := range 300 {
			s.Add(int64(i)*60, v+float64(i))
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	times, values := days(60, 1)
	var s Series
	for i := 0; b.Loop(); i++ {
		k := i % len(values)
		s.Add(times[k], values[k])
	}
}

func TestKnownRangeIsTheScaleOfTheSymbols(t *testing.T) {
	times, values := days(20, 9)
	var told, plain Series
	told.Bound(0, 200)
	differ := false
	for i, v := range values {
		a, b := told.Add(times[i], v), plain.Add(times[i], v)
		differ = differ || a.Surprise[Order6Fast] != b.Surprise[Order6Fast]
		a.Surprise[Order6Fast], b.Surprise[Order6Fast] = 0, 0
		if a.Surprise != b.Surprise {
			t.Fatalf("row %d: a known range changes other features: %v and %v", i, a.Surprise, b.Surprise)
		}
	}
	if !differ {
		t.Error("a known range changes nothing")
	}
	for v, want := range map[float64]uint8{-5: 0, 0: 0, 39: 0, 41: 1, 199: 4, 200: 4, 900: 4} {
		if got := (bounds{0, 200}).symbol(v); got != want {
			t.Errorf("%v of 0 to 200 is symbol %d, want %d", v, got, want)
		}
	}
}

func TestRangeThatTellsNothingIsLeftOut(t *testing.T) {
	var s Series
	for _, r := range [][2]float64{{1, 1}, {2, 1}, {math.NaN(), 1}, {0, math.Inf(1)}, {math.Inf(-1), 0}} {
		s.Bound(r[0], r[1])
		if s.m.Bounds.known() {
			t.Errorf("%v to %v was taken as a range", r[0], r[1])
		}
	}
}

func TestSequenceIsSurprisedByWhatNeverFollowed(t *testing.T) {
	var q sequence
	usual := 0.0
	for i := range 1200 {
		usual = q.bits(uint8(i % 3))
	}
	if usual > 0.1 {
		t.Errorf("the next of 0 1 2 0 1 2 … takes %.2f bits, want nearly none", usual)
	}
	if got := q.bits(2); got < 8 {
		t.Errorf("a 2 where a 0 always came takes %.2f bits, want at least 8", got)
	}
}

func TestProbabilitiesOfTheNextSymbolSumToOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q sequence
		for _, s := range rapid.SliceOfN(rapid.Uint8Range(0, symbols-1), 0, 2000).Draw(t, "symbols") {
			q.bits(s)
		}
		sum := 0.0
		for s := range uint8(symbols) {
			next := q
			sum += math.Exp2(-next.bits(s))
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Fatalf("the probabilities sum to %v", sum)
		}
	})
}
