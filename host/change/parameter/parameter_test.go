package parameter_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/change/parameter"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const tomlText = `# workers = 1
name = "shop" # the name
ratio = 0.5
doc = """
[server]
depth = 99
"""
[server]
workers = 8   # not too many
listen="127.0.0.1:1"
mode = 'fast'
big = 1_000
fast = true
[server.pool]
workers = 3
# workers = 4
[[list]]
workers = 5
`

const jsonText = `{"server": {"workers" :8, "mode":"fast", "ratio": 0.5,
  "list": [ 1, {"n": 2} ]},
  "fast":true, "none": null }
`

const yamlText = `# workers: 1
server:
  workers: 8   # not too many
  größe: 5
  mode: 'fast'
  ratio: 0.5
  fast: true
  list: [1, {n: 2}]
  text: |
    workers: 9
base: &b 4
copy: *b
`

const iniText = `; workers = 1
[server]
workers = 8 ; not too many
name="shop one"
mode = fast
path = a \
  workers = 9
[server:pool]
workers=3
`

const envText = `# WORKERS=1
export WORKERS=8
MODE="fast" # why
ROOT=$HOME/x
`

const nginxText = `# worker_processes 1;
worker_processes  8; # not too many
events {
    worker_connections 768;
}
http {
    sendfile on;
    gzip_types text/css text/plain;
    server {
        keepalive_timeout 65;
    }
    server { listen 80; }
}
`

const redisText = `# maxclients 1
maxclients 10000
maxmemory-policy noeviction
save 900 1
save 300 10
appendonly yes
`

const postgresText = `max_connections = 100		# (change requires restart)
#work_mem = 4MB
fsync on
`

// replacements are values that can be replaced, and a piece of the text afterwards.
var replacements = []struct {
	format                     parameter.Format
	text, key, old, value, now string
}{
	{parameter.TOML, tomlText, "server.workers", "8", "16", "workers = 16   # not too many\n"},
	{parameter.TOML, tomlText, "server.pool.workers", "3", "4", "workers = 4\n# workers"},
	{parameter.TOML, tomlText, "name", "shop", "store", "name = \"store\" # the name\n"},
	{parameter.TOML, tomlText, "server.mode", "fast", "slow", "mode = 'slow'\n"},
	{parameter.TOML, tomlText, "server.listen", "127.0.0.1:1", "127.0.0.1:2", "listen=\"127.0.0.1:2\"\n"},
	{parameter.TOML, tomlText, "ratio", "0.5", "1", "\nratio = 1.0\n"},
	{parameter.TOML, tomlText, "server.big", "1000", "2000", "big = 2000\n"},
	{parameter.TOML, tomlText, "server.fast", "true", "false", "fast = false\n"},
	{parameter.JSON, jsonText, "server.workers", "8", "16", `"workers" :16, "mode"`},
	{parameter.JSON, jsonText, "server.mode", "fast", "slow", `"mode":"slow",`},
	{parameter.JSON, jsonText, "server.ratio", "0.5", "1", "\"ratio\": 1,\n"},
	{parameter.JSON, jsonText, "server.list.1.n", "2", "3", `{"n": 3} ]`},
	{parameter.JSON, jsonText, "fast", "true", "false", `"fast":false,`},
	{parameter.YAML, yamlText, "server.workers", "8", "16", "  workers: 16   # not too many\n"},
	{parameter.YAML, yamlText, "server.größe", "5", "6", "  größe: 6\n"},
	{parameter.YAML, yamlText, "server.mode", "fast", "slow", "  mode: 'slow'\n"},
	{parameter.YAML, yamlText, "server.ratio", "0.5", "1", "  ratio: 1.0\n"},
	{parameter.YAML, yamlText, "server.list.1.n", "2", "3", "list: [1, {n: 3}]\n"},
	{parameter.INI, iniText, "server.workers", "8", "16", "workers = 16 ; not too many\n"},
	{parameter.INI, iniText, "server:pool.workers", "3", "4", "workers=4\n"},
	{parameter.INI, iniText, "server.name", "shop one", "shop two", "name=\"shop two\"\n"},
	{parameter.Env, envText, "WORKERS", "8", "16", "export WORKERS=16\n"},
	{parameter.Env, envText, "MODE", "fast", "slow", "MODE=\"slow\" # why\n"},
	{parameter.Words, nginxText, "worker_processes", "8", "16", "worker_processes  16; # not too many\n"},
	{parameter.Words, nginxText, "events.worker_connections", "768", "1024", "    worker_connections 1024;\n"},
	{parameter.Words, nginxText, "http.sendfile", "on", "off", "    sendfile off;\n"},
	{parameter.Words, nginxText, "http.server.keepalive_timeout", "65", "30", "keepalive_timeout 30;\n"},
	{parameter.Words, redisText, "maxclients", "10000", "500", "\nmaxclients 500\n"},
	{parameter.Lines, redisText, "maxmemory-policy", "noeviction", "allkeys-lru", "maxmemory-policy allkeys-lru\n"},
	{parameter.Lines, postgresText, "max_connections", "100", "200", "max_connections = 200\t\t# (change"},
	{parameter.Lines, postgresText, "fsync", "on", "off", "\nfsync off\n"},
}

func TestOneValueIsReplacedAndNothingElse(t *testing.T) {
	for _, c := range replacements {
		old, err := parameter.Value(c.format, c.text, c.key)
		if err != nil || old != c.old {
			t.Errorf("%s %s: got %q, %v, want %q", c.format, c.key, old, err, c.old)
		}
		got, err := parameter.Set(c.format, c.text, c.key, c.value)
		if err != nil || !strings.Contains(got, c.now) || len(got)-len(c.text) > len(".0")+len(c.value) {
			t.Errorf("%s %s: got %v, want %q in\n%s", c.format, c.key, err, c.now, got)
			continue
		}
		back, err := parameter.Set(c.format, got, c.key, c.old)
		if err != nil || back != c.text && !strings.Contains(c.text, "1_000") {
			t.Errorf("%s %s: setting it back gave %v\n%s", c.format, c.key, err, back)
		}
	}
}

func TestWhatCannotBeReplacedSafelyIsRefusedWithTheReason(t *testing.T) {
	for _, c := range []struct {
		format                 parameter.Format
		text, key, value, want string
	}{
		{parameter.TOML, tomlText, "server.nothing", "1", "no such key"},
		{parameter.TOML, tomlText, "server.depth", "1", "no such key"}, // it stands in a text
		{parameter.TOML, tomlText, "list.0.workers", "1", "line of its own"},
		{parameter.TOML, "a = { b = 1 }\n", "a.b", "2", "line of its own"},
		{parameter.TOML, "a = [1]\n", "a", "2", "no such key"},
		{parameter.TOML, "a = 2026-01-02\n", "a", "2", "no plain value"},
		{parameter.TOML, tomlText, "name", "x\"\nworkers = 9", "without escapes"},
		{parameter.TOML, tomlText, "server.workers", "many", "readable as toml"},
		{parameter.TOML, tomlText, "server.workers", "true", "it is a whole number, and would be read as a truth value"},
		{parameter.TOML, "a = 1\na = 2\n", "a", "3", "readable as toml"},
		{parameter.JSON, jsonText, "none", "1", "no plain value"},
		{parameter.JSON, `{"a":1,"a":2}`, "a", "3", "several lines give it"},
		{parameter.JSON, `{"a":1} x`, "a", "3", "readable as json"},
		{parameter.JSON, jsonText, "server.mode", `x","y":"`, "without escapes"},
		{parameter.YAML, yamlText, "base", "5", "no plain value"},
		{parameter.YAML, yamlText, "copy", "5", "no plain value"},
		{parameter.YAML, yamlText, "server.text", "5", "no plain value"},
		{parameter.YAML, "a: x\n", "a", "5", "it is a text, and would be read as a whole number"},
		{parameter.YAML, "a: 1\n---\na: 2\n", "a", "5", "several documents"},
		{parameter.YAML, "a: {{ b }}\n", "a", "5", "fills it in"},
		{parameter.INI, iniText, "server.path", "b", "no plain value"},
		{parameter.INI, "a = 1\na = 2\n", "a", "3", "several lines give it"},
		{parameter.Env, envText, "ROOT", "x", "no plain value"},
		{parameter.Env, envText, "WORKERS", "$(reboot)", "without escapes"},
		{parameter.Words, redisText, "save", "1", "several lines give it"},
		{parameter.Words, nginxText, "http.gzip_types", "x", "no plain value"},
		{parameter.Words, nginxText, "http.server.listen", "81", "no such key"},
		{parameter.Words, nginxText, "worker_processes", "4;daemon off", "without escapes"},
		{parameter.Words, "}\n", "a", "1", "a } without its {"},
		{parameter.Lines, "a 1\na = 1\n", "a", "2", "several lines give it"},
		{"html", "a", "a", "2", "not known"},
	} {
		got, err := parameter.Set(c.format, c.text, c.key, c.value)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %s to %q: got %v, want %q; the text became\n%s", c.format, c.key, c.value, err, c.want, got)
		}
	}
	if _, err := parameter.Value(parameter.INI, "", "a"); !errors.Is(err, parameter.ErrNoKey) {
		t.Errorf("got %v, want %v", err, parameter.ErrNoKey)
	}
	if _, err := parameter.Value(parameter.YAML, strings.Repeat("- ", 40_000)+"a", "a"); err == nil || !strings.Contains(err.Error(), "too deep") {
		t.Errorf("a deep text: got %v", err)
	}
}

func TestFormatIsToldByTheNameOfTheFile(t *testing.T) {
	for file, want := range map[string]parameter.Format{
		"/srv/shop.toml": parameter.TOML, "a.JSON": parameter.JSON, "a.yml": parameter.YAML, "/etc/php.ini": parameter.INI,
		"/etc/systemd/system/web.service": parameter.INI, "/etc/default/web": parameter.Env, "web.env": parameter.Env,
		"/etc/nginx/nginx.conf": parameter.Words, "/etc/redis/redis.conf": parameter.Lines, "/etc/mysql/my.cnf": parameter.INI,
	} {
		if got, err := parameter.FormatOf(file); got != want || err != nil {
			t.Errorf("%s: got %q, %v, want %q", file, got, err, want)
		}
	}
	for _, file := range []string{"a.xml", "start.sh", "main.go", "Dockerfile"} {
		if got, err := parameter.FormatOf(file); err == nil {
			t.Errorf("%s: got %q, want a refusal", file, got)
		}
	}
}

func FuzzSet(f *testing.F) {
	formats := []parameter.Format{parameter.TOML, parameter.JSON, parameter.YAML, parameter.INI, parameter.Env, parameter.Words, parameter.Lines}
	for _, r := range replacements {
		for i, format := range formats {
			if format == r.format {
				f.Add(i, r.text, r.key, r.value)
			}
		}
	}
	f.Add(1, `{"a":"b"}`, "a", "\x81")
	f.Add(3, "a=\"", "a", "b")
	f.Add(2, "a: \"\\x41\"", "a", "b")
	f.Add(5, "a {", "a", "b")
	f.Fuzz(func(t *testing.T, format int, text, key, value string) {
		if format < 0 || format >= len(formats) {
			return
		}
		got, err := parameter.Set(formats[format], text, key, value)
		if err != nil {
			return
		}
		if !strings.Contains(got, value) {
			t.Errorf("%s, %q in %q: got %q without %q", formats[format], key, text, got, value)
		}
		now, err := parameter.Value(formats[format], got, key)
		if err != nil || now != value && now+".0" != value && now != value+".0" && !sameNumber(now, value) {
			t.Errorf("%s, %q in %q: it now says %q, %v, want %q", formats[format], key, text, now, err, value)
		}
		if strings.Count(got, "\n") != strings.Count(text, "\n") {
			t.Errorf("%s, %q in %q: lines came or went: %q", formats[format], key, text, got)
		}
	})
}

// sameNumber compares what a parser makes of two numbers.
func sameNumber(a, b string) bool {
	x, errX := strconv.ParseFloat(strings.ReplaceAll(a, "_", ""), 64)
	y, errY := strconv.ParseFloat(strings.ReplaceAll(b, "_", ""), 64)
	return errX == nil && errY == nil && x == y
}
