package service

import (
	"os"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDefaultsAreInTheSetAndSurviveTheFile(t *testing.T) {
	s := Defaults()
	if out := s.Outside(); len(out) > 0 {
		t.Errorf("outside the set: %v", out)
	}
	if again := Parse("# a comment\n\n" + s.String()); again.String() != s.String() {
		t.Errorf("got %s, want %s", again, s)
	}
}

func TestWhatIsBeyondTheSetIsNamed(t *testing.T) {
	for key, value := range map[string]string{
		"maxmemory": "0", "maxmemory-policy": "noeviction", "hz": "500", "maxclients": "1",
		"hash-max-listpack-entries": "8193", "maxmemory-samples": "many", "timeout": "1",
	} {
		s := Defaults()
		s[key] = value
		if out := s.Outside(); !slices.Equal(out, []string{key + " " + value}) {
			t.Errorf("%s %s: got %v", key, value, out)
		}
	}
	if out := (Settings{}).Outside(); len(out) != len(Set()) {
		t.Errorf("an empty file: got %v, want all declared settings", out)
	}
}

func TestFilesAreWrittenAndTheTablesNameThem(t *testing.T) {
	r, err := New(t.TempDir(), "127.0.0.1:7", "127.0.0.1:8")
	if err != nil {
		t.Fatal(err)
	}
	if s, err := r.Settings(); err != nil || s.String() != Defaults().String() {
		t.Errorf("settings: got %v, %v", s, err)
	}
	main, err := os.ReadFile(r.Main())
	if err != nil || !strings.Contains(string(main), "include ") || !strings.Contains(string(main), "port 7\n") {
		t.Errorf("redis.conf: got %s, %v", main, err)
	}
	tables := r.Tables([]string{"reconfigure", "genetic"}, "")
	for _, want := range []string{`ladder = ["reconfigure", "genetic"]`, `url = "http://127.0.0.1:8/well"`, r.File(), `activate = "reload"`, "\nwatch = \"8s\"\n", "\npath = \"" + r.Dir + "\"\n"} {
		if !strings.Contains(tables, want) {
			t.Errorf("the tables lack %q:\n%s", want, tables)
		}
	}
	if _, err := New(t.TempDir(), "nowhere", ""); err == nil {
		t.Error("an address without a port was taken")
	}
}
