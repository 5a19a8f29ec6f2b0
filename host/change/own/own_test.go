package own_test

import (
	"errors"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/own"
	"github.com/homeostat/homeostat/host/change/txn"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var parts = []own.Part{{Part: own.Config, File: "homeostat.toml"}, {Part: own.Plugins}, {Part: own.Binary, File: "homeostat-1.2"}}

// touching is a candidate that writes these paths.
func touching(paths ...string) candidate.Candidate {
	c := candidate.Candidate{Root: own.Name}
	for _, p := range paths {
		c.Edits = append(c.Edits, candidate.Edit{Path: p})
	}
	return c
}

func TestAChangeOfHomeostatBecomesOneOfTheFolderOfItsPart(t *testing.T) {
	for _, c := range []struct {
		paths []string
		root  string
		want  string
	}{
		{[]string{"config.toml"}, "self:config", "homeostat.toml"},
		{[]string{"bin/homeostat"}, "self:bin", "homeostat-1.2"},
		{[]string{"plugins/a", "plugins/sub/b"}, "self:plugins", "a sub/b"},
	} {
		before := touching(c.paths...)
		got, err := own.Map(before, parts)
		if err != nil {
			t.Fatalf("%v: %v", c.paths, err)
		}
		var paths []string
		for _, e := range got.Edits {
			paths = append(paths, e.Path)
		}
		if got.Root != c.root || strings.Join(paths, " ") != c.want {
			t.Errorf("%v: got %v in %s, want %s in %s", c.paths, paths, got.Root, c.want, c.root)
		}
		if before.Edits[0].Path != c.paths[0] {
			t.Errorf("%v: the candidate of the caller was written to", c.paths)
		}
	}
}

func TestAChangeThatIsNotOfOnePartIsRefused(t *testing.T) {
	diff := touching()
	diff.Diffs = []string{"--- a/x"}
	for name, c := range map[string]candidate.Candidate{
		"two parts": touching("config.toml", "plugins/a"), "no part": touching("README"), "the folder itself": touching("plugins"),
		"below a file": touching("config.toml/x"), "beside the program": touching("bin/other"), "a diff": diff,
	} {
		if got, err := own.Map(c, parts); err == nil {
			t.Errorf("%s: got %v, want a refusal", name, got)
		}
	}
	if _, err := own.Map(touching("config.toml", "plugins/a"), parts); !errors.Is(err, own.ErrParts) {
		t.Errorf("two parts: got %v, want %v", err, own.ErrParts)
	}
	if _, err := own.Map(touching("bin/homeostat"), parts[:2]); err == nil {
		t.Error("a part that is not there was found")
	}
}

func TestWhatHomeostatNeedsCannotBeTakenAway(t *testing.T) {
	for _, c := range []struct {
		part own.Part
		path string
		kind txn.Kind
		good bool
	}{
		{parts[0], "homeostat.toml", txn.Write, true},
		{parts[0], "homeostat.toml", txn.Mode, true},
		{parts[0], "homeostat.toml", txn.Delete, false},
		{parts[2], "homeostat-1.2", txn.Link, false},
		{parts[0], "passwd", txn.Write, false},
		{parts[1], "a", txn.Delete, true},
	} {
		err := own.Check(c.part, []candidate.Change{{Path: c.path}}, []txn.Op{{Kind: c.kind, Path: c.path}})
		if (err == nil) != c.good {
			t.Errorf("%s %s of %s: got %v, want good %v", c.kind, c.path, c.part.Part, err, c.good)
		}
	}
}

func TestAPartHoldsItsOwnFilesAlone(t *testing.T) {
	for _, c := range []struct {
		part own.Part
		file string
		want bool
	}{
		{parts[0], "/etc/homeostat.toml", true}, {parts[0], "/etc/passwd", false}, {parts[0], "/etc", false},
		{parts[1], "/etc/a", true}, {parts[1], "/etc/b/c", true}, {parts[1], "/etc", false}, {parts[1], "/var/a", false},
	} {
		if got := c.part.Holds("/etc", c.file); got != c.want {
			t.Errorf("%s of %+v: got %v, want %v", c.file, c.part, got, c.want)
		}
	}
}

func TestAllPartsAreOneRootForWhatMustNotHappenAtATime(t *testing.T) {
	for root, want := range map[string]string{"self": "self", "self:bin": "self", "self:config": "self", "site": "site", "selfish": "selfish"} {
		if got := own.Key(root); got != want {
			t.Errorf("%s: got %s, want %s", root, got, want)
		}
	}
}
