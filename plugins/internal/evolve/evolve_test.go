package evolve

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestNumbersKeepEveryBit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := Floats(rapid.SliceOf(rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, math.Inf(1), math.Inf(-1), math.SmallestNonzeroFloat64}))).Draw(t, "numbers"))
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var out Floats
		if err := json.Unmarshal(text, &out); err != nil || !slices.Equal(out, in) {
			t.Fatalf("%v came back as %v, %v", in, out, err)
		}
	})
}

func TestNumbersThatNobodySavedAreRefused(t *testing.T) {
	nan, err := Floats{math.NaN()}.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(nan), "AAAA", "not base64!"} {
		var f Floats
		if err := f.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was read as %v", text, f)
		}
	}
}

func TestSourceGoesOnWhereItWasSaved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := NewSource(rapid.Uint64().Draw(t, "seed"))
		for range rapid.IntRange(0, 50).Draw(t, "draws") {
			a.NormFloat64()
		}
		text, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		var b Source
		if err := json.Unmarshal(text, &b); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if x, y := a.NormFloat64(), b.NormFloat64(); x != y {
				t.Fatalf("got %v, want %v", y, x)
			}
		}
	})
}

func TestMirrorsKeepEverythingInside(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1)})).Draw(t, "x")
		if y := Reflect(x); !(y >= 0 && y <= 1) {
			t.Fatalf("%v became %v", x, y)
		}
	})
	for x, want := range map[float64]float64{0.3: 0.3, 1.25: 0.75, -0.25: 0.25, 2.5: 0.5} {
		if got := Reflect(x); math.Abs(got-want) > 1e-12 {
			t.Errorf("%v became %v, want %v", x, got, want)
		}
	}
}
