package embed

import (
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/filekind"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestProgramsAreFoundOnTheirLines(t *testing.T) {
	for _, c := range []struct {
		kind filekind.Kind
		text string
		want []Program
	}{
		{filekind.Unit, "[Service]\nExecStart=-/bin/a %i \\\n  b\nExecStop=\n", []Program{{2, "/bin/a instance \\\n  b"}}},
		{filekind.SystemCron, "A=1\n# x\n0 3 * * * root a b\n@daily root c\n", []Program{{3, "a b"}, {4, "c"}}},
		{filekind.Crontab, "0 3 * * * a%in\n", []Program{{1, "printf '%s' 'in' | a"}}},
		{filekind.Dockerfile, "FROM a\nrun --mount=type=cache b\nCMD [\"c\", \"d e\"]\nRUN <<X\nf\ng\nX\n", []Program{{2, "b"}, {3, "'c' 'd e'"}, {4, "\nf\ng\n"}}},
		{filekind.Makefile, "a: b\n\t@c $@ $$d\n", []Program{{2, "c target $d"}}},
		{filekind.YAML, "on: x\nsteps:\n  - run: a ${{ b }}\n  - name: run\n", []Program{{3, "a VALUE"}}},
		{filekind.YAML, "runcmd:\n  - a b\n  - [c, d]\n", []Program{{2, "a b"}, {3, "'c' 'd'"}}},
		{filekind.JSON, "{\"run\": \"a\"}", nil},
	} {
		got, err := Programs(c.kind, c.text)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: got %+v %v, want %+v\n%s", c.kind, got, err, c.want, c.text)
		}
	}
}

func FuzzPrograms(f *testing.F) {
	f.Add("unit", "ExecStart=a\\\nb")
	f.Add("dockerfile", "RUN <<E\na\nE")
	f.Add("yaml", "run: |\n a\n")
	f.Add("makefile", "a:\n\tb")
	f.Add("crontab", "@daily a%b")
	f.Fuzz(func(t *testing.T, kind, text string) {
		programs, _ := Programs(filekind.Kind(kind), text)
		for _, p := range programs {
			if p.Line < 1 || p.Line > 2+strings.Count(text, "\n")+strings.Count(text, "\r") {
				t.Errorf("%q: %+v", text, p)
			}
		}
	})
}
