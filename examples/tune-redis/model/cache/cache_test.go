package cache

import (
	"math"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const mib = 1 << 20

func cost(t *testing.T, s Setting, w Wants) float64 {
	t.Helper()
	sum := 0.0
	for seed := range uint64(4) {
		sum += Cost(s, w, seed) / 4
	}
	return sum
}

func calm() Wants {
	w := Peak()
	w.Gets, w.Keys, w.Wides = 800, 600, 0
	return w
}

var usual = Setting{Memory: 24 * mib, Samples: 5, Listed: 8192}

func TestDefaultIsGoodWhenCalmAndBadAtThePeak(t *testing.T) {
	good := Setting{Memory: 56 * mib, Samples: 5, Listed: 512}
	if c := cost(t, usual, calm()); c > 1.2 {
		t.Errorf("the default costs %.2f when calm, want about 1", c)
	}
	bad, better := cost(t, usual, Peak()), cost(t, good, Peak())
	if bad < 5 || better > 1.3 {
		t.Errorf("at the peak the default costs %.2f and a good setting %.2f, want above 5 and about 1", bad, better)
	}
	tight := usual
	tight.Memory = 8 * mib
	if c := cost(t, tight, calm()); c < 5 {
		t.Errorf("8 MiB cost %.2f when calm, want above 5", c)
	}
}

func TestHashesAsTablesTakeMemoryOfTheValues(t *testing.T) {
	w := Peak()
	w.Keys = 1000
	listed, table := usual, usual
	listed.Memory, table.Memory, table.Listed = 34*mib, 34*mib, 64
	sum := func(s Setting) (all float64) {
		for _, h := range hits(s, w) {
			all += h
		}
		return all
	}
	if a, b := sum(listed), sum(table); a-b < 20 {
		t.Errorf("%.0f values with lists and %.0f with tables, want clearly fewer", a, b)
	}
}

func TestBetterPoliciesHitMoreOften(t *testing.T) {
	ratio := func(policy int) (all float64) {
		s := usual
		s.Policy = policy
		h := hits(s, Peak())
		for i, p := range popularity(Peak()) {
			all += p * h[i]
		}
		return all
	}
	if lru, lfu, random := ratio(0), ratio(1), ratio(2); lfu <= lru || lru <= random {
		t.Errorf("hit ratios: lru %.3f, lfu %.3f, random %.3f; want lfu above lru above random", lru, lfu, random)
	}
}

func TestWrongParametersAreRefused(t *testing.T) {
	for _, params := range [][]float64{nil, {1, 2, 3}, {0, 0, 5, 1, 10}, {1, 3, 5, 1, 10}, {1, -1, 5, 1, 10}, {1, 0, 0, 1, 10}, {math.NaN(), 0, 5, 1, 10}} {
		if s, err := Decode(params); err == nil {
			t.Errorf("%v: got %+v", params, s)
		}
	}
}

func TestCostIsFiniteAndTheSameForASeed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Setting{
			Memory: rapid.Float64Range(1, 1<<31).Draw(t, "memory"), Policy: rapid.IntRange(0, 2).Draw(t, "policy"),
			Samples: rapid.Float64Range(1, 64).Draw(t, "samples"), Listed: rapid.Float64Range(0, 1e5).Draw(t, "listed"),
		}
		seed := rapid.Uint64().Draw(t, "seed")
		c := Cost(s, Peak(), seed)
		if math.IsNaN(c) || math.IsInf(c, 0) || c < 1 {
			t.Fatalf("%+v costs %v", s, c)
		}
		if again := Cost(s, Peak(), seed); again != c {
			t.Fatalf("%+v costs %v and %v with seed %d", s, c, again, seed)
		}
	})
}
