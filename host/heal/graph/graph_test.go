package graph

import (
	"slices"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// chain is web → api → store → disk.
func chain() Graph {
	return New(map[string][]string{"web": {"api"}, "api": {"store"}}, []sdk.Link{
		{From: "store", To: "disk", Depends: true}, {From: "web", To: "mail"},
	})
}

func TestDependenciesAndDependentsAreTransitiveAndNearestFirst(t *testing.T) {
	g := chain()
	if got, want := g.Dependencies("web"), []string{"api", "store", "disk"}; !slices.Equal(got, want) {
		t.Errorf("web depends on %v, want %v", got, want)
	}
	if got, want := g.Dependents("disk"), []string{"store", "api", "web"}; !slices.Equal(got, want) {
		t.Errorf("on the disk depend %v, want %v", got, want)
	}
	if g.DependsOn("web", "mail") {
		t.Error("a link that does not depend counts as a dependency")
	}
	if got := (Graph{}).Dependencies("web"); len(got) != 0 {
		t.Errorf("the empty graph knows %v", got)
	}
}

func TestCauseIsTheDeepestFailingDependency(t *testing.T) {
	cases := map[string]struct {
		failing []string
		want    string
	}{
		"nothing else fails":        {[]string{"web"}, "web"},
		"the next one fails":        {[]string{"web", "api"}, "api"},
		"the deepest fails":         {[]string{"web", "api", "store", "disk"}, "disk"},
		"one in between looks well": {[]string{"web", "store"}, "store"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := chain().Cause("web", func(n string) bool { return slices.Contains(c.failing, n) })
			if got != c.want {
				t.Errorf("with %v failing the cause is %s, want %s", c.failing, got, c.want)
			}
		})
	}
}

// TestCauseEndsInEveryGraph draws graphs with cycles: the cause is the
// component itself or a failing dependency of it.
func TestCauseEndsInEveryGraph(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e"}
	rapid.Check(t, func(t *rapid.T) {
		needs := rapid.MapOf(rapid.SampledFrom(names), rapid.SliceOf(rapid.SampledFrom(names))).Draw(t, "needs")
		down := rapid.MapOf(rapid.SampledFrom(names), rapid.Bool()).Draw(t, "down")
		g := New(needs, nil)
		from := rapid.SampledFrom(names).Draw(t, "from")
		cause := g.Cause(from, func(n string) bool { return down[n] })
		if cause != from && (!down[cause] || !g.DependsOn(from, cause)) {
			t.Fatalf("the cause of %s is %s, which is healthy or no dependency of it", from, cause)
		}
		if slices.Contains(g.Dependencies(from), from) {
			t.Fatalf("%s depends on itself", from)
		}
	})
}
