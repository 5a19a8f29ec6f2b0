package golang

import (
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/screen/risk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEachKnownSinIsFoundOnItsLine(t *testing.T) {
	for _, c := range sins {
		found := Judge("\n" + c.source)
		if risk.Worst(found) != c.want || (len(found) > 0 && found[0].Line != 2 && found[0].Rule != "go.unknown") {
			t.Errorf("%s: got %+v, want %s on line 2", c.source, found, c.want)
		}
	}
}

func FuzzJudge(f *testing.F) {
	f.Add("package a\nimport \"C\"\nvar x = 1")
	for _, c := range sins {
		f.Add(c.source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		for _, finding := range Judge(source) {
			if finding.Line < 0 || finding.Line > 1+strings.Count(source, "\n") || finding.Rule == "" || finding.Level == risk.None {
				t.Errorf("%q: %+v", source, finding)
			}
		}
	})
}

var sins = []struct {
	source string
	want   risk.Level
}{
	{`import "C"`, risk.High},
	{`var _ = tls.Config{InsecureSkipVerify: true}`, risk.High},
	{`var _ = tls.Config{InsecureSkipVerify: false}`, risk.None},
	{`func f() { exec.Command("sh", "-c", x) }`, risk.High},
	{`func f() { exec.Command(x) }`, risk.High},
	{`func f() { os.RemoveAll("/etc") }`, risk.Critical},
	{`func f() { os.WriteFile(p, b, 0o666) }`, risk.High},
	{`func f() { os.WriteFile(p, b, 0o644) }`, risk.None},
	{`func f() { db.Query("select " + x) }`, risk.High},
	{`func f() { db.Query("select " + "1") }`, risk.None},
	{`func init() {}`, risk.Low},
	{`func f( {`, risk.High},
}
