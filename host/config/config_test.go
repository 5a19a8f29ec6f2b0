package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/config/form"
)

// rootHost is a host on which every key may be used.
func rootHost() Host {
	return Host{Root: true, Systemd: true, User: "root", HasUser: func(name string) bool { return name == "www-data" }}
}

// mustParse parses text as /srv/config.toml on rootHost.
func mustParse(t *testing.T, text string) *Settings {
	t.Helper()
	settings, err := Parse([]byte(text), "/srv/config.toml", rootHost())
	if err != nil {
		t.Fatalf("Parse: %v\ntext:\n%s", err, text)
	}
	return settings
}

// problemsOf parses text and returns the sentences of its problems.
func problemsOf(t *testing.T, text string, host Host) []string {
	t.Helper()
	_, err := Parse([]byte(text), "/srv/config.toml", host)
	if err == nil {
		return nil
	}
	var all *Errors
	if !errors.As(err, &all) || !strings.HasPrefix(all.Error(), fmt.Sprintf("/srv/config.toml:%d: ", all.Problems[0].Line)) {
		t.Fatalf("Parse: got %T %v, want *Errors with file and line\ntext:\n%s", err, err, text)
	}
	lines := make([]string, len(all.Problems))
	for i, p := range all.Problems {
		lines[i] = fmt.Sprintf("line %d: %s", p.Line, p)
	}
	return lines
}

func TestEmptyFileHasTheDefaultsOfTheMission(t *testing.T) {
	s := mustParse(t, "")
	for _, c := range []struct {
		key       string
		got, want any
	}{
		{"healing.mode", s.Healing.Mode, ModeSupervised},
		{"healing.enabled", s.Healing.Enabled, true},
		{"healing.detection_interval", s.Healing.DetectionInterval, 30 * time.Second},
		{"healing.max_concurrent_recoveries", s.Healing.MaxConcurrentRecoveries, 3},
		{"healing.quarantine_period", s.Healing.QuarantinePeriod, 10 * time.Minute},
		{"healing.approval_expiry", s.Healing.ApprovalExpiry, time.Hour},
		{"healing.hold", s.Healing.Hold, 2 * time.Minute},
		{"safety.breaker.failures", s.Safety.Breaker.Failures, 5},
		{"safety.breaker.successes", s.Safety.Breaker.Successes, 3},
		{"safety.breaker.timeout", s.Safety.Breaker.Timeout, 5 * time.Minute},
		{"safety.rate.max", s.Safety.Rate.Max, 10},
		{"safety.rate.window", s.Safety.Rate.Window, time.Minute},
		{"safety.health.min_score", s.Safety.Health.MinScore, 80},
		{"safety.health.cpu_max", s.Safety.Health.CPUMax, form.Percent(90)},
		{"safety.health.memory_min_available", s.Safety.Health.MemoryMinAvailable, form.Percent(20)},
		{"safety.screen.max_chars", s.Safety.Screen.MaxChars, 10000},
		{"backup.keep_days", s.Backup.KeepDays, 7},
		{"backup.keep_max", s.Backup.KeepMax, 50},
		{"dashboard.listen", s.Dashboard.Listen, form.Address("127.0.0.1:8080")},
		{"log.level", s.Log.Level, "info"},
		{"history.days", s.History.Days, 7},
		{"state.dir", s.State.Dir, "/var/lib/homeostat"},
		{"socket.path", s.Socket.Path, "/run/homeostat/homeostat.sock"},
		{"sandbox.memory", s.Sandbox.Memory, form.Size(256 << 20)},
		{"sandbox.timeout", s.Sandbox.Timeout, 10 * time.Second},
		{"sandbox.files", s.Sandbox.Files, 2000},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", c.key, c.got, c.want)
		}
	}
}

// fullText uses every table of the configuration.
const fullText = `
[healing]
mode = "automated"
[safety.health]
cpu_max = "95.5%"
[[component]]
name = "store"
command = ["./shop-store"]
dir = "shop"
[[component]]
name = "web"
kind = "command"
command = ["./shop-web", "--config", "shop.toml"]
dir = "shop"
env = { LANG = "C" }
user = "www-data"
depends_on = ["store"]
logs = ["web.log"]
scrape = "http://127.0.0.1:9101/metrics"
restarts = { max = 3, window = "5m" }
[[component.probe]]
type = "http"
url = "http://127.0.0.1:9100/health"
status = "200"
[[component.probe]]
type = "tcp"
address = "127.0.0.1:9100"
[[component.parameter]]
name = "workers"
type = "int"
min = 1
max = 64
default = 8
max_step = 8
file = "shop.toml"
key = "server.workers"
[[link]]
from = "web"
to = "store"
listen = "127.0.0.1:9200"
target = "127.0.0.1:9201"
type = "http"
[[root]]
name = "shop"
path = "shop"
component = "web"
validate = [["nginx", "-t", "-c", "{view}/nginx.conf"], ["bin/shop-web", "--check"], ["{view}/check.sh"]]
checks = [{ module = "checks/shop.wasm", args = ["-v"] }]
[plugins]
allow_unpinned = true
[plugins.timeseries]
kind = "detector"
path = "detector-timeseries"
[plugins.timeseries.limits]
memory = "64MiB"
[plugins.timeseries.config]
threshold = 0.99
[plugins.timeseries.config.deep]
list = [1, 2]
[sandbox.interpreters.python]
wasm = "python.wasm"
sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
`

func TestEveryTableIsRead(t *testing.T) {
	s := mustParse(t, fullText)
	web := s.Components[1]
	for _, c := range []struct {
		key       string
		got, want any
	}{
		{"cpu_max", s.Safety.Health.CPUMax, form.Percent(95.5)},
		{"kind of the first component", s.Components[0].Kind, KindCommand},
		{"dir", web.Dir, "/srv/shop"},
		{"program", web.Command[0], "/srv/shop/shop-web"},
		{"argument", web.Command[2], "shop.toml"},
		{"env", web.Env["LANG"], "C"},
		{"logs", web.Logs[0], "/srv/shop/web.log"},
		{"restarts", web.Restarts, Restarts{Max: 3, Window: 5 * time.Minute}},
		{"probe status", web.Probes[0].Status, form.StatusRange{From: 200, To: 200}},
		{"probe name", web.Probes[1].Name, "tcp"},
		{"parameter file", web.Parameters[0].File, "/srv/shop/shop.toml"},
		{"parameter default", web.Parameters[0].Default.Value(), int64(8)},
		{"link type", s.Links[0].Type, "http"},
		{"root path", s.Roots[0].Path, "/srv/shop"},
		{"root activate", s.Roots[0].Activate, ActivateRestart},
		{"validator in PATH", s.Roots[0].Validate[0][0], "nginx"},
		{"validator beside the file", s.Roots[0].Validate[1][0], "/srv/bin/shop-web"},
		{"validator of the candidate", s.Roots[0].Validate[2][0], "{view}/check.sh"},
		{"check", s.Roots[0].Checks[0].Module, "/srv/checks/shop.wasm"},
		{"plugin limit", s.Plugins.Named["timeseries"].Limits.Memory, form.Size(64 << 20)},
		{"plugin call", s.Plugins.Named["timeseries"].Limits.Call, 2 * time.Second},
		{"interpreter", s.Sandbox.Interpreters["python"].WASM, "/srv/python.wasm"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", c.key, c.got, c.want)
		}
	}
}

func TestPluginTableIsHandedOnAsItsOwnText(t *testing.T) {
	s := mustParse(t, fullText)
	text, err := s.Plugins.Named["timeseries"].Config.TOML()
	if err != nil {
		t.Fatal(err)
	}
	want := "threshold = 0.99\n\n[deep]\n  list = [1, 2]\n"
	if string(text) != want {
		t.Errorf("got:\n%s\nwant:\n%s", text, want)
	}
}

func TestLoadSaysWhatToDoWithoutAFile(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "config.toml"), rootHost())
	if err == nil || !strings.Contains(err.Error(), "--config") {
		t.Errorf("got %v, want an error with a hint", err)
	}
}

func TestLoadResolvesAgainstTheFolderOfTheFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "config.toml")
	if err := os.WriteFile(path, []byte(fullText), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Load(path, rootHost())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.Components[0].Dir, filepath.Join(folder, "shop"); got != want {
		t.Errorf("dir: got %s, want %s", got, want)
	}
}
