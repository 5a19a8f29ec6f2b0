package script

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
	f.Add("a=1\nos.system('sh')")
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
	{`os.system("rm -rf /")`, risk.High},
	{`subprocess.run(["git", "status"])`, risk.Medium},
	{`exec(base64.b64decode(x))`, risk.High},
	{`shutil.rmtree("/")`, risk.Critical},
	{`requests.get(u, verify=False)`, risk.High},
	{`x = 1 # os.system("sh")`, risk.None},
	{`print("hello")`, risk.None},
}
