package burden

import (
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWorstSeverityDecidesAndNamesDoNot(t *testing.T) {
	const low, medium, high = sdk.SeverityLow, sdk.SeverityMedium, sdk.SeverityHigh
	cases := []struct {
		now, before Burden
		want        int
	}{
		{Burden{}, Burden{}, 0},
		{Burden{"a": medium}, Burden{"b": medium}, 0},
		{Burden{"a": low, "b": low, "c": low}, Burden{"a": medium}, -1},
		{Burden{"a": high}, Burden{"a": medium, "b": medium, "c": medium}, 1},
		{Burden{"a": medium, "b": low}, Burden{"a": medium}, 1},
		{Burden{}, Burden{"a": low}, -1},
	}
	for _, c := range cases {
		if got := c.now.Compare(c.before); got != c.want {
			t.Errorf("%s beside %s: got %d, want %d", c.now, c.before, got, c.want)
		}
		if got := c.before.Compare(c.now); got != -c.want {
			t.Errorf("%s beside %s: got %d, want %d", c.before, c.now, got, -c.want)
		}
	}
}

func TestWorseAreNamed(t *testing.T) {
	before := Burden{"a": sdk.SeverityHigh, "b": sdk.SeverityLow}
	now := Burden{}
	for name, s := range map[string]sdk.Severity{"a": sdk.SeverityLow, "b": sdk.SeverityMedium, "c": sdk.SeverityLow} {
		now.Add(name, s)
	}
	now.Add("b", sdk.SeverityLow)
	if got := now.Worse(before); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("worse are %v, want b and c", got)
	}
	if got := now.Of([]string{"c", "z"}).String(); got != "c low" {
		t.Errorf("the part is %q, want c alone", got)
	}
}
