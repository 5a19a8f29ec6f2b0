package sql

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
		if risk.Worst(found) != c.want || (len(found) > 0 && found[0].Line != 2) {
			t.Errorf("%s: got %+v, want %s on line 2", c.source, found, c.want)
		}
	}
}

func FuzzJudge(f *testing.F) {
	f.Add("DROP/**/TABLE a; '\n;")
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
	{`DROP DATABASE a`, risk.Critical},
	{`drop /* x */ table a`, risk.High},
	{`/*!50000 DROP */ TABLE a`, risk.High},
	{`DELETE FROM a -- WHERE id = 1`, risk.High},
	{`DELETE FROM a WHERE id = 1`, risk.None},
	{`INSERT INTO a VALUES ('drop table b; delete from c')`, risk.None},
	{`COPY a FROM PROGRAM 'id'`, risk.High},
	{`CREATE INDEX a ON b (c)`, risk.Low},
}
