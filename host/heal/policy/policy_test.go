package policy

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDecisionsOfAllModesAndSeverities(t *testing.T) {
	asked := map[Mode]sdk.Severity{ // from which severity on a person is asked
		Automated: sdk.SeverityCritical + 1, Supervised: sdk.SeverityHigh, Manual: sdk.SeverityUnknown, Mode("odd"): sdk.SeverityUnknown,
	}
	for mode, from := range asked {
		for s := sdk.SeverityUnknown; s <= sdk.SeverityCritical; s++ {
			want := Act
			if s >= from {
				want = Ask
			}
			if got := Decide(mode, s, ""); got != want {
				t.Errorf("%s, %s: got %s, want %s", mode, s, got, want)
			}
			if got := Decide(mode, s, "no undo"); got != Ask {
				t.Errorf("%s, %s, irreversible: got %s, want %s", mode, s, got, Ask)
			}
			if got := Decide(Learning, s, ""); got != Record {
				t.Errorf("learning, %s: got %s, want %s", s, got, Record)
			}
		}
	}
}

func TestStricterModeWinsUnlessTheComponentSaysSo(t *testing.T) {
	cases := []struct {
		daemon Mode
		own    Own
		want   Mode
	}{
		{Supervised, Own{}, Supervised},
		{Supervised, Own{Mode: Manual}, Manual},
		{Manual, Own{Mode: Automated}, Manual},
		{Manual, Own{Mode: Automated, Wins: true}, Automated},
		{Automated, Own{Mode: Learning}, Learning},
	}
	for _, c := range cases {
		if got := Effective(c.daemon, c.own); got != c.want {
			t.Errorf("daemon %s, component %+v: got %s, want %s", c.daemon, c.own, got, c.want)
		}
	}
	if got := Strictest(); got != Automated {
		t.Errorf("the strictest of none is %s", got)
	}
}

func TestUnknownModesAreRefusedWithTheChoices(t *testing.T) {
	for _, m := range []Mode{Automated, Supervised, Manual, Learning} {
		if got, err := ParseMode(string(m)); err != nil || got != m {
			t.Errorf("%s: got %s, %v", m, got, err)
		}
	}
	for _, bad := range []string{"", "auto", "Manual"} {
		if _, err := ParseMode(bad); err == nil {
			t.Errorf("mode %q was taken", bad)
		}
	}
}
