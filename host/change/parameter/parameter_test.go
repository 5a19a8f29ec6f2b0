package parameter_test

import (
	"errors"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/change/parameter"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const text = `# workers = 1
name = "shop" # the name
[server]
workers = 8   # not too many
listen="127.0.0.1:1"
mode = 'fast'
[server.pool]
workers = 3
; workers = 4
[[list]]
workers = 5
`

func TestOneValueIsReplacedAndNothingElse(t *testing.T) {
	for _, c := range []struct{ key, old, value, line string }{
		{"server.workers", "8", "16", "workers = 16   # not too many\n"},
		{"server.pool.workers", "3", "4", "workers = 4\n; workers"},
		{"name", "shop", "store", "name = \"store\" # the name\n"},
		{"server.mode", "fast", "slow", "mode = 'slow'\n"},
		{"server.listen", "127.0.0.1:1", "127.0.0.1:2", "listen=\"127.0.0.1:2\"\n"},
	} {
		old, err := parameter.Value(text, c.key)
		if err != nil || old != c.old {
			t.Errorf("%s: got %q, %v, want %q", c.key, old, err, c.old)
		}
		got, err := parameter.Set(text, c.key, c.value)
		if err != nil || !strings.Contains(got, c.line) {
			t.Errorf("%s: got %v, want a line %q in\n%s", c.key, err, c.line, got)
		}
		back, err := parameter.Set(got, c.key, c.old)
		if err != nil || back != text {
			t.Errorf("%s: setting it back gave %v\n%s", c.key, err, back)
		}
	}
}

func TestWhatCannotBeSetIsRefused(t *testing.T) {
	if _, err := parameter.Set(text, "server.nothing", "1"); !errors.Is(err, parameter.ErrNoKey) {
		t.Errorf("unknown key: got %v, want %v", err, parameter.ErrNoKey)
	}
	if _, err := parameter.Set("a = 1\na = 2\n", "a", "3"); err == nil {
		t.Error("a key given twice: got no error")
	}
	if _, err := parameter.Set(text, "name", "x\"\nworkers = 9"); err == nil {
		t.Error("a value with an end of line: got no error")
	}
	for _, name := range []string{"a.json", "a.YAML", "a.yml"} {
		if parameter.CheckFile(name) == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	if err := parameter.CheckFile("shop.toml"); err != nil {
		t.Error(err)
	}
}

func FuzzSet(f *testing.F) {
	f.Add(text, "server.workers", "9")
	f.Add("a=\"", "a", "b")
	f.Add("[", "a", "b")
	f.Fuzz(func(t *testing.T, text, key, value string) {
		got, err := parameter.Set(text, key, value)
		if err == nil && !strings.Contains(got, value) {
			t.Errorf("%q in %q: got %q without %q", key, text, got, value)
		}
	})
}
