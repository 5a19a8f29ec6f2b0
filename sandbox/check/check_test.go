package check_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sandbox"
	"github.com/homeostat/homeostat/sandbox/check"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var candidate = fstest.MapFS{"a.json": {Data: []byte("{}")}, "etc/b.json": {Data: []byte("{")}, "c.txt": {Data: []byte("c")}}

func validJSON(c *check.Check) error {
	for _, p := range c.Changed("**.json") {
		text, err := c.Read(p)
		if err != nil {
			return err
		}
		if !json.Valid(text) {
			c.Fail(p, 1, "is no valid JSON")
		}
	}
	return nil
}

func TestVerdicts(t *testing.T) {
	for name, c := range map[string]struct {
		paths []string
		f     func(*check.Check) error
		want  int
	}{
		"pass":       {[]string{"a.json", "c.txt"}, validJSON, check.ExitPass},
		"fail":       {[]string{"a.json", "etc/b.json"}, validJSON, check.ExitFail},
		"gone":       {[]string{"gone.json"}, validJSON, check.ExitUndecided},
		"error":      {nil, func(*check.Check) error { return errors.New("no") }, check.ExitUndecided},
		"panic":      {nil, func(*check.Check) error { panic("bug") }, check.ExitUndecided},
		"bad glob":   {[]string{"x"}, func(c *check.Check) error { c.Changed("["); return nil }, check.ExitUndecided},
		"warns only": {nil, func(c *check.Check) error { c.Warn("x", 0, "look"); return nil }, check.ExitPass},
	} {
		var out strings.Builder
		if got := check.Run(c.paths, candidate, &out, c.f); got != c.want {
			t.Errorf("%s: got exit %d, want %d; output %q", name, got, c.want, out.String())
		}
	}
}

func TestFindingsAreWhatTheSandboxReads(t *testing.T) {
	var out strings.Builder
	check.Run([]string{"etc/b.json"}, candidate, &out, validJSON)
	got := sandbox.ParseFindings([]byte(out.String()))
	want := sandbox.Finding{Path: "etc/b.json", Line: 1, Level: "error", Message: "is no valid JSON"}
	if len(got) != 1 || got[0] != want {
		t.Fatalf("got %+v, want %+v", got, want)
	}
}

func TestChangedMatchesWholePathsAndNames(t *testing.T) {
	paths := []string{"etc/a.conf", "etc/sub/b.conf", "c.conf", "d.txt"}
	for glob, want := range map[string]string{
		"": "etc/a.conf etc/sub/b.conf c.conf d.txt", "**.conf": "etc/a.conf etc/sub/b.conf c.conf", "etc/*.conf": "etc/a.conf", "*.conf": "c.conf", "**/b*": "etc/sub/b.conf",
	} {
		var got []string
		check.Run(paths, candidate, &strings.Builder{}, func(c *check.Check) error { got = c.Changed(glob); return nil })
		if strings.Join(got, " ") != want {
			t.Errorf("glob %q: got %q, want %q", glob, got, want)
		}
	}
}

func TestReadTakesAbsoluteAndRelativePaths(t *testing.T) {
	check.Run(nil, candidate, &strings.Builder{}, func(c *check.Check) error {
		for _, p := range []string{"c.txt", "/c.txt", "./c.txt", "../c.txt"} {
			if text, err := c.Read(p); string(text) != "c" {
				t.Errorf("read %s: got %q, %v", p, text, err)
			}
		}
		if !c.Exists("etc") || !c.Exists("/") || c.Exists("none") {
			t.Error("Exists is wrong about etc, / or none")
		}
		return nil
	})
}
