package policy

import (
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/filekind"
	"github.com/homeostat/homeostat/host/screen/risk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSettingsAreJudgedByTheirFile(t *testing.T) {
	for _, c := range []struct {
		kind filekind.Kind
		text string
		want risk.Level
	}{
		{filekind.SSHD, "permitrootlogin yes", risk.High},
		{filekind.SSHD, "# PermitRootLogin yes", risk.None},
		{filekind.SSHD, "PermitRootLogin no", risk.None},
		{filekind.Sudoers, "%ops ALL=(ALL:ALL) ALL", risk.High},
		{filekind.Unit, "ExecStart=/tmp/x", risk.High},
		{filekind.Unit, "CapabilityBoundingSet=CAP_SYS_ADMIN", risk.None},
		{filekind.Nginx, "  autoindex on;", risk.Medium},
		{filekind.YAML, "    privileged: true", risk.High},
		{filekind.JSON, "  \"verify_ssl\": false,", risk.High},
		{filekind.Go, "verify_ssl = false", risk.None},
	} {
		found := Judge(c.kind, "\n"+c.text)
		if risk.Worst(found) != c.want || (len(found) > 0 && found[0].Line != 2) {
			t.Errorf("%s %q: got %+v, want %s on line 2", c.kind, c.text, found, c.want)
		}
	}
}

func TestAGuardThatOnlyChangedIsNotDropped(t *testing.T) {
	if found := Dropped(filekind.Unit, "ProtectSystem=full", "ProtectSystem = strict"); len(found) > 0 {
		t.Errorf("got %+v, want nothing", found)
	}
	if found := Dropped(filekind.Unit, "ProtectSystem=full", "#ProtectSystem=full"); len(found) != 1 {
		t.Errorf("got %+v, want the guard that was commented out", found)
	}
}

func FuzzJudge(f *testing.F) {
	f.Add("sudoers", "a ALL=(ALL) ALL")
	f.Add("other", "debug: true")
	f.Fuzz(func(t *testing.T, kind, text string) {
		for _, finding := range Judge(filekind.Kind(kind), text) {
			if finding.Line < 1 || finding.Line > 1+strings.Count(text, "\n") {
				t.Errorf("%q: %+v", text, finding)
			}
		}
	})
}
