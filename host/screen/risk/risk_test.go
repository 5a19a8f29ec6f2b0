package risk

import (
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestNewKeepsWhatOnlyTheSecondHas(t *testing.T) {
	a, b := Finding{Line: 1, Rule: "a"}, Finding{Line: 2, Rule: "b"}
	moved := Finding{Line: 9, Rule: "a"}
	if got := New([]Finding{a}, []Finding{moved, b, a}); !slices.Equal(got, []Finding{b, a}) {
		t.Errorf("got %+v, want b and the second a", got)
	}
}

func TestNewOfASideWithItselfIsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := rapid.SliceOf(rapid.SampledFrom([]string{"a", "b", "c"})).Draw(t, "rules")
		var side []Finding
		for i, r := range rules {
			side = append(side, Finding{Line: i, Rule: r})
		}
		if got := New(side, side); len(got) != 0 {
			t.Fatalf("got %+v of %v", got, rules)
		}
	})
}

func TestExcerptIsOneShortLineWithoutMarks(t *testing.T) {
	got := Excerpt("a\n\uE000b" + strings.Repeat("x", 200))
	if !strings.HasPrefix(got, "a …b") || len([]rune(got)) != excerptMax || strings.ContainsAny(got, "\n\uE000") {
		t.Errorf("got %q", got)
	}
}

func TestLevelsHaveNames(t *testing.T) {
	for level, want := range map[Level]string{None: "none", Low: "low", Medium: "medium", High: "high", Critical: "critical", 9: "level(9)"} {
		if got := level.String(); got != want {
			t.Errorf("%d: got %s, want %s", level, got, want)
		}
	}
}
