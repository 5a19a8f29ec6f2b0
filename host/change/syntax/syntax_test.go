package syntax

import (
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var wellFormed = []struct{ path, content string }{
	{"main.go", "package main\n\nfunc main() {}\n"},
	{"a.json", "{\"a\": [1, 2, {\"b\": null}]}\n"},
	{"a.toml", "[a]\nb = \"5s\"\n[[c]]\nd = 1\n"},
	{"a.yaml", "a:\n  - b: 1\n  - c\n---\nd: e\n"},
	{"a.yml", "x: &anchor {a: 1}\ny: *anchor\n"},
	{"php.ini", "; note\n[PHP]\nengine = On\nshort\n"},
	{"run", "#!/bin/bash\na=(1 2)\nfor x in \"${a[@]}\"; do echo \"$x\"; done\n"},
	{"a.sh", "#!/bin/sh\nlocal x=1\n[ -f /etc/a ] && echo $x\n"},
	{"web.service", "[Unit]\nDescription=A\n[Service]\nType=notify\nExecStart=/usr/bin/web \\\n  --port 80\nRestart=on-failure\nRestartSec=5s\n[Install]\nWantedBy=multi-user.target\n"},
	{"etc/systemd/system/web.service.d/limit.conf", "[Service]\nExecStart=\nExecStart=-/bin/web 'a b'\nMemoryMax=1G\n"},
	{"etc/cron.d/job", "SHELL=/bin/sh\n# note\n*/5 1-3,9 * jan-mar mon root /usr/bin/job --all\n@daily root job\n"},
	{"spool/cron/crontabs/ann", "0 3 * * 7 /home/ann/job\n"},
}

func TestWellFormedFilesPass(t *testing.T) {
	for _, c := range wellFormed {
		if verdict, problems := Check(c.path, []byte(c.content)); verdict != Pass {
			t.Errorf("%s: got %s %v, want pass\n%s", c.path, verdict, problems, c.content)
		}
	}
}

var malformed = []struct {
	path, content string
	line          int
	text          string
}{
	{"main.go", "package main\n\nfunc main() {\n\tx :=\n}\n", 5, "expected"},
	{"a.json", "{\n\"a\": 1,\n}\n", 3, "invalid character"},
	{"a.json", "{\"a\": 1}\n{\"b\": 2}\n", 2, "after the end"},
	{"a.json", "{\n\"a\": [1,\n", 2, "EOF"},
	{"a.toml", "a = 1\nb = \n", 2, "value"},
	{"a.toml", "a = 1\na = 2\n", 2, "already"},
	{"a.yaml", "a:\n  b: 1\n c: 2\n", 3, ""},
	{"a.yaml", "a: 1\nb: 2\na: 3\n", 3, "already defined"},
	{"a.ini", "[good]\nx = 1\n[bad\ny = 2\n", 3, "section"},
	{"run.sh", "#!/bin/sh\nif true; then\necho x\n", 2, "if"},
	{"web.service", "[Service]\nExecStart=/usr/bin/web\nRestart=sometimes\n", 3, "want one of"},
	{"web.service", "[Service]\nExecStart=/bin/sh -c \"echo\n", 2, "path of a program"},
	{"web.service", "ExecStart=/bin/true\n", 1, "before the first section"},
	{"web.service", "[Service]\nRestartSec=soon\n", 2, "span"},
	{"web.service", "[Service]\nnonsense\n", 2, "neither"},
	{"etc/cron.d/job", "61 * * * * root job\n", 1, "minute"},
	{"etc/cron.d/job", "# note\n* * * * root\n", 2, "columns"},
	{"etc/cron.d/job", "* * * * * root job", 1, "does not end"},
	{"etc/cron.d/job", "@often root job\n", 1, "no time"},
	{"etc/crontab", "*/0 * * * * root job\n", 1, "step"},
}

func TestMalformedFilesFailAtTheirLine(t *testing.T) {
	for _, c := range malformed {
		verdict, problems := Check(c.path, []byte(c.content))
		if verdict != Fail || len(problems) == 0 {
			t.Errorf("%s: got %s %v, want fail\n%s", c.path, verdict, problems, c.content)
			continue
		}
		if problems[0].Line != c.line || !strings.Contains(problems[0].Text, c.text) {
			t.Errorf("%s: got line %d %q, want line %d with %q\n%s", c.path, problems[0].Line, problems[0].Text, c.line, c.text, c.content)
		}
	}
}

func TestFilesOfNoKnownKindAreSkipped(t *testing.T) {
	for _, path := range []string{"README.md", "logo.png", "app.conf"} {
		if verdict, _ := Check(path, []byte("{[(")); verdict != Skipped {
			t.Errorf("%s: got %s, want skipped", path, verdict)
		}
	}
}

func TestBottomlessBracketsAreInconclusive(t *testing.T) {
	for _, path := range []string{"a.json", "a.go", "a.yaml", "a.sh", "a.toml"} {
		if verdict, _ := Check(path, []byte(strings.Repeat("[", 100_000))); verdict != Inconclusive {
			t.Errorf("%s: got %s, want inconclusive", path, verdict)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, c := range wellFormed {
		f.Add(c.path, []byte(c.content))
	}
	for _, c := range malformed {
		f.Add(c.path, []byte(c.content))
	}
	f.Fuzz(func(t *testing.T, path string, content []byte) {
		verdict, problems := Check(path, content)
		if (verdict == Fail || verdict == Inconclusive) != (len(problems) > 0) {
			t.Errorf("%s: %s with %d problems", path, verdict, len(problems))
		}
		lines := 1 + strings.Count(string(content), "\n")
		for _, p := range problems {
			if p.Line < 0 || p.Line > lines+1 || p.Text == "" {
				t.Errorf("%s: %+v in %d lines", path, p, lines)
			}
		}
	})
}
