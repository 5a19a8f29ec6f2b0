package odds

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	slow    = Case{Signature: "web:probe/http", Kind: "probe"}
	options = []Option{{"restart", 8 * time.Second}, {"reconfigure", 40 * time.Second}}
)

func told(n int, strategy string, healed bool) *Book {
	b := &Book{}
	b.tell(n, strategy, healed)
	return b
}

func (b *Book) tell(n int, strategy string, healed bool) {
	for range n {
		b.Tell(Trial{Case: slow, Strategy: strategy, Healed: healed})
	}
}

func TestWithoutEvidenceEveryGuardedChoiceIsTheFirstRung(t *testing.T) {
	for _, b := range []*Book{{}, told(2, "restart", false), told(20, "reconfigure", true)} {
		if got := b.Choose(Guarded, slow, options, nil); got.Index != 0 || got.Propensities[0] != 1 {
			t.Errorf("got %+v, want the first rung", got)
		}
	}
}

func TestGuardedLadderIsLeftOnClearEvidenceAndSaysWhy(t *testing.T) {
	b := told(12, "restart", false)
	b.tell(12, "reconfigure", true)
	got := b.Choose(Guarded, slow, options, nil)
	if got.Index != 1 {
		t.Fatalf("got %+v, want reconfigure", got)
	}
	for _, want := range []string{"reconfigure instead of restart", "restart helped in 0 of"} {
		if !strings.Contains(got.Why, want) {
			t.Errorf("got %q, want it to say %q", got.Why, want)
		}
	}
	// What is known of one signature does not turn the ladder of another kind.
	other := b.Choose(Guarded, Case{Signature: "web:exit", Kind: "exit"}, options, nil)
	if other.Index != 0 {
		t.Errorf("got %+v for a case of another kind, want the first rung", other)
	}
}

func TestARungThatHelpsAgainIsTakenAgain(t *testing.T) {
	b := told(12, "restart", false)
	b.tell(12, "reconfigure", true)
	b.tell(40, "restart", true)
	if got := b.Choose(Guarded, slow, options, nil); got.Index != 0 {
		t.Errorf("got %+v after restart helped 40 times, want restart", got)
	}
}

func TestFewTrialsLeanOnTheirKind(t *testing.T) {
	b := &Book{}
	for _, signature := range []string{"a", "b", "c", "d"} {
		for range 5 {
			b.Tell(Trial{Case: Case{Signature: signature, Kind: "probe"}, Strategy: "restart", Healed: true})
		}
	}
	fresh := b.Belief("restart", Case{Signature: "new", Kind: "probe"}).Mean()
	stranger := b.Belief("restart", Case{Signature: "new", Kind: "exit"}).Mean()
	if unknown := (&Book{}).Belief("restart", slow).Mean(); fresh <= stranger || stranger <= unknown {
		t.Errorf("got %.2f in the kind, %.2f outside, %.2f unknown: want them falling", fresh, stranger, unknown)
	}
}

func TestThompsonDrawsByChanceAndLogsHowLikelyItWas(t *testing.T) {
	b := told(10, "restart", false)
	b.tell(10, "reconfigure", true)
	rng := rand.New(rand.NewPCG(1, 2))
	counts := [2]int{}
	expected := 0.0
	const rounds = 400
	for range rounds {
		got := b.Choose(Thompson, slow, options, rng)
		counts[got.Index]++
		if p := got.Propensities[got.Index]; p <= 0 || p > 1 {
			t.Fatalf("got propensity %g", p)
		}
		expected += got.Propensities[1]
	}
	if counts[0] == 0 || counts[1] < counts[0] {
		t.Errorf("got %v choices, want both and more of what helps", counts)
	}
	if off := math.Abs(expected - float64(counts[1])); off > rounds/10 {
		t.Errorf("got %d choices of reconfigure, the logged propensities say %.0f", counts[1], expected)
	}
}

func TestBeliefsStayWithinBoundsAndSurviveJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := &Book{}
		for range rapid.IntRange(0, 200).Draw(t, "trials") {
			b.Tell(Trial{
				Case:     Case{Signature: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "signature"), Kind: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "kind")},
				Strategy: rapid.SampledFrom([]string{"restart", "reconfigure"}).Draw(t, "strategy"), Healed: rapid.Bool().Draw(t, "healed"),
			})
		}
		if err := b.Check(); err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		var back Book
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{"restart", "reconfigure", "unknown"} {
			c := Case{Signature: "a", Kind: "x"}
			want, got := b.Belief(s, c), back.Belief(s, c)
			if got != want || !(want.Mean() > 0 && want.Mean() < 1) {
				t.Fatalf("%s: got %+v, want %+v with a mean in (0, 1)", s, got, want)
			}
		}
		rule := rapid.SampledFrom(Rules()).Draw(t, "rule")
		got := b.Choose(rule, Case{Signature: "a", Kind: "x"}, options, rand.New(rand.NewPCG(1, 1)))
		if got.Index < 0 || got.Index >= len(options) || got.Why == "" || !sumsToOne(got) {
			t.Fatalf("%s: got %+v", rule, got)
		}
	})
}

func sumsToOne(c Choice) bool {
	sum := 0.0
	for _, p := range c.Propensities {
		sum += p
	}
	return math.Abs(sum-1) < 1e-9 && c.Propensities[c.Index] > 0
}

func TestABookKeepsABoundedNumberOfSignatures(t *testing.T) {
	b := &Book{}
	for n := range maxSignatures + 10 {
		b.Tell(Trial{Case: Case{Signature: strings.Repeat("x", n%7) + time.Duration(n).String(), Kind: "probe"}, Strategy: "restart"})
	}
	if got := len(b.BySignature["restart"]); got > maxSignatures {
		t.Errorf("got %d signatures, want at most %d", got, maxSignatures)
	}
}

func FuzzADamagedBookIsFoundOut(f *testing.F) {
	f.Add([]byte(`{"all":{"restart":{"trials":2,"healed":1}}}`))
	f.Add([]byte(`{"all":{"restart":{"trials":1,"healed":3}}}`))
	f.Add([]byte(`{"by_kind":{"restart":{"probe":{"trials":1e300,"healed":-1}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var b Book
		if json.Unmarshal(data, &b) != nil || b.Check() != nil {
			return
		}
		got := b.Choose(Guarded, slow, options, nil)
		if m := b.Belief("restart", slow).Mean(); !(m > 0 && m < 1) {
			t.Errorf("got a mean of %g from %s", m, data)
		}
		b.Tell(Trial{Case: slow, Strategy: options[got.Index].Strategy})
		if err := b.Check(); err != nil {
			t.Errorf("got %v after one more trial", err)
		}
	})
}
