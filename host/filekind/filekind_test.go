package filekind

import (
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestKindsByPathAndFirstLine(t *testing.T) {
	for _, c := range []struct {
		path, content string
		want          Kind
	}{
		{"a/main.go", "", Go}, {"x.YML", "", YAML}, {"run", "#!/usr/bin/env bash\n", Shell}, {"run", "#!/usr/bin/python3\n", Script}, {"tool.sh", "#!/usr/bin/env python3\n", Script},
		{"/etc/cron.d/job", "", SystemCron}, {"/etc/crontab", "", SystemCron}, {"/var/spool/cron/crontabs/ann", "", Crontab}, {"/etc/cron.daily/job", "", Shell}, {"web.service", "", Unit},
		{"/etc/systemd/system/web.service.d/a.conf", "", Unit}, {"/etc/ssh/sshd_config", "", SSHD}, {"/etc/sudoers.d/ops", "", Sudoers}, {"/etc/nginx/conf.d/a.conf", "", Nginx}, {"Dockerfile.dev", "", Dockerfile},
		{"README", "", Other}, {"a.conf", "", Other},
	} {
		if got := Of(c.path, []byte(c.content)); got != c.want {
			t.Errorf("%s %q: got %s, want %s", c.path, c.content, got, c.want)
		}
	}
}

func TestBoundedKeepsParsersFromWhatTheyCannotBear(t *testing.T) {
	for _, c := range []struct {
		kind Kind
		text string
		want bool
	}{
		{YAML, strings.Repeat("- ", 20_000), false}, {YAML, strings.Repeat("- a\n", 20_000), true}, {JSON, strings.Repeat("[", 1000), false}, {JSON, strings.Repeat("[]", 1000), true},
		{Shell, strings.Repeat("a\n", 200_000), false}, {Shell, "case a in b) ;; esac", true}, {Other, strings.Repeat("a", 9<<20), false},
	} {
		if got := Bounded(c.kind, c.text); got != c.want {
			t.Errorf("%s %.20q…: got %t, want %t", c.kind, c.text, got, c.want)
		}
	}
}
